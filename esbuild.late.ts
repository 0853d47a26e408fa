/**
 * The split of the extension's code into `main.cjs`, which the first use of the extension reads, and `late.cjs` with all
 * that `import()` names: engines, for example, which the first connection needs.
 */
import { join, relative } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";

const lateFile = "./late.cjs";

/** Both files have what they share only once, in main.cjs: the class of an error, for example. */
export interface Split {
  readonly main: BuildOptions;
  readonly late: BuildOptions;
}

/**
 * @param entry of the main code.
 * @param options of both files.
 */
export async function split(entry: string, options: BuildOptions): Promise<Split> {
  const { plugins = [] } = options;
  const root = join(import.meta.dirname, entry);
  const lateModules = new Set<string>();
  /** In main.cjs, what `import()` names is in the other file. */
  const cut: Plugin = {
    name: "cut",
    setup({ onResolve }) {
      onResolve({ filter: /\.ts$/ }, ({ path, kind, resolveDir }) => {
        if (kind !== "dynamic-import") {
          return path === root ? { path } : undefined;
        }
        lateModules.add(join(resolveDir, path));
        return { path: lateFile, external: true };
      });
    },
  };
  const { metafile } = await build({
    ...options,
    entryPoints: [entry],
    write: false,
    metafile: true,
    logLevel: "warning",
    plugins: [cut, ...plugins],
  });
  const inMain = new Set(Object.keys(metafile.inputs).map((file) => join(import.meta.dirname, file)));
  const shared = new Set<string>();
  const fromMain: Plugin = {
    name: "from-main",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/main\.cjs$/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path);
        return inMain.has(file) ? { path: nameOf(file), namespace: "from-main" } : undefined;
      });
      onLoad({ filter: /.*/, namespace: "from-main" }, ({ path }) => {
        shared.add(path);
        return {
          contents: `module.exports = require("./main.cjs").shared[${JSON.stringify(path)}];`,
          resolveDir: import.meta.dirname,
        };
      });
    },
  };
  const late: BuildOptions = {
    ...options,
    stdin: {
      contents: [...lateModules].map((file) => `export * from ${JSON.stringify(file)};`).join("\n"),
      resolveDir: import.meta.dirname,
    },
    outfile: "dist/late.cjs",
    plugins: [fromMain, ...plugins],
    // Two of them export the same name, and neither would be found.
    logOverride: { "ambiguous-reexport": "error" },
  };
  // What late.cjs takes from main.cjs is known when it has been built.
  await build({ ...late, write: false, logLevel: "warning" });
  const main: BuildOptions = {
    ...options,
    stdin: {
      contents: [
        `export * from ${JSON.stringify(root)};`,
        ...[...shared].map((file, at) => `import * as m${at} from ${JSON.stringify(`./${file}`)};`),
        `export const shared = { ${[...shared].map((file, at) => `${JSON.stringify(file)}: m${at}`).join(", ")} };`,
      ].join("\n"),
      resolveDir: import.meta.dirname,
    },
    outfile: "dist/main.cjs",
    plugins: [cut, ...plugins],
  };
  return { main, late };
}

function nameOf(file: string): string {
  return relative(import.meta.dirname, file).replaceAll("\\", "/");
}
