/**
 * The split of the extension's code into `main.cjs`, which the first use of the extension reads, `commands.cjs` with the
 * commands, `ssh2Engine.cjs`, which loads ssh2, and `late.cjs` with all else that the first use does not run. Compiling
 * all of it would double the time of the first use. A module is in one file only, so that the class of an error exists once.
 */
import { join, relative } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { isLate } from "./esbuild.lateModules.ts";

const files = ["main", "commands", "ssh2Engine", "late"] as const;
type File = (typeof files)[number];

/**
 * @param entry of the main code.
 * @param options of all files.
 */
export async function split(entry: string, options: BuildOptions): Promise<readonly BuildOptions[]> {
  const names = await exportsOfSources();
  /** What `main.cjs` would contain if `isLate` decided alone. */
  const inMain = new Set<string>();
  const fileOf = (module: string): File => {
    if (module === entry || (inMain.has(module) && !isLate(module))) {
      return "main";
    }
    if (module.startsWith("src/engine/ssh2/")) {
      return "ssh2Engine";
    }
    return module.startsWith("src/vscode/commands/") && !isLate(module) ? "commands" : "late";
  };
  /** The modules of each file that other files use. */
  const used: Readonly<Record<File, Set<string>>> = {
    main: new Set(),
    commands: new Set(),
    ssh2Engine: new Set(),
    late: new Set(),
  };
  const buildOf = (file: File): BuildOptions => ({
    ...options,
    stdin: {
      contents: [
        ...(file === "main" ? [`export * from "./${entry}";`] : []),
        ...[...used[file]].map((module, at) => `import * as m${at} from "./${module}";`),
        `export const modules = { ${[...used[file]].map((module, at) => `"${module}": m${at}`).join(", ")} };`,
      ].join("\n"),
      resolveDir: import.meta.dirname,
    },
    outfile: `dist/${file}.cjs`,
    plugins: [
      standIns(names, (module) => {
        const other = fileOf(module);
        if (other === file) {
          return undefined;
        }
        used[other].add(module);
        return other;
      }),
      ...(options.plugins ?? []),
    ],
  });
  const first = await build({
    ...options,
    entryPoints: [entry],
    write: false,
    metafile: true,
    logLevel: "warning",
    plugins: [
      standIns(names, (module, isDynamic) => (isDynamic || isLate(module) ? "late" : undefined)),
      ...(options.plugins ?? []),
    ],
  });
  for (const file of Object.keys(first.metafile.inputs)) {
    inMain.add(file);
  }
  // What a file takes from another is known when it has been built, and may add modules to the other.
  for (let before = -1, now = 0; before !== now; ) {
    before = now;
    await Promise.all(
      files.map(async (file) => await build({ ...buildOf(file), write: false, logLevel: "warning" })),
    );
    now = files.reduce((sum, file) => sum + used[file].size, 0);
  }
  return files.map(buildOf);
}

/**
 * Modules that stand for those of another file.
 * @param names that each module exports.
 * @param where the file of a module; undefined: it is in the one that is built.
 */
function standIns(
  names: ReadonlyMap<string, readonly string[]>,
  where: (module: string, isDynamic: boolean) => File | undefined,
): Plugin {
  return {
    name: "stand-ins",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\..*\.ts$/ }, ({ path, kind, resolveDir }) => {
        const found = join(resolveDir, path);
        const module = nameOf(found);
        const isDynamic = kind === "dynamic-import";
        const file = where(module, isDynamic);
        if (file === undefined) {
          return { path: found };
        }
        const namespace = isDynamic || file === "main" ? "other-file" : "other-file-late";
        return { path: module, namespace, pluginData: file };
      });
      onResolve({ filter: /^\.\/\w+\.cjs$/, namespace: "other-file" }, external);
      onResolve({ filter: /^\.\/\w+\.cjs$/, namespace: "other-file-late" }, external);
      onLoad({ filter: /.*/, namespace: "other-file" }, ({ path, pluginData }) => ({
        contents: `module.exports = ${moduleIn(path, pluginData)};`,
      }));
      onLoad({ filter: /.*/, namespace: "other-file-late" }, ({ path, pluginData }) => ({
        contents: loadedOnUse(moduleIn(path, pluginData), names.get(path) ?? []),
      }));
    },
  };
}

function external({ path }: { readonly path: string }): { readonly path: string; readonly external: true } {
  return { path, external: true };
}

/** JavaScript for a module in another file, which it loads. */
function moduleIn(module: string, file: File): string {
  return `require("./${file}.cjs").modules["${module}"]`;
}

/** A module with the exports of another one, which is loaded when one of them is used. */
function loadedOnUse(other: string, names: readonly string[]): string {
  const getters = names.map((name) => `get ${name}() { return all().${name}; }`);
  return [
    "let found;",
    `const all = () => (found ??= ${other});`,
    // It has no default export.
    `module.exports = { __esModule: true, ${getters.join(", ")} };`,
  ].join("\n");
}

/** The names that each source file exports. */
async function exportsOfSources(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { metafile } = await build({
    entryPoints: ["src/**/*.ts"],
    format: "esm",
    outdir: "dist",
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  return new Map(
    Object.values(metafile.outputs).map(({ entryPoint = "", exports }) => [entryPoint, exports]),
  );
}

function nameOf(file: string): string {
  return relative(import.meta.dirname, file).replaceAll("\\", "/");
}
