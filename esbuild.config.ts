/**
 * Bundles the extension into `dist/`: one CommonJS file for the extension host, one for each
 * worker thread (decrypting private keys, reading files while a mount hangs), and one for each large package that is loaded only when it is
 * needed. `--watch` rebuilds on change, `--dev` adds source maps and skips minification.
 * Beside them: THIRD-PARTY-NOTICES.txt, the licences of what was bundled.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { type BuildOptions, context, type Metafile, type Plugin } from "esbuild";

const dev = process.argv.includes("--dev") || process.argv.includes("--watch");

/** Packages in files of their own: reading them would take longer than the rest of the activation. */
const loadedLate = ["ssh2", "iconv-lite"];

const late: Plugin = {
  name: "late",
  setup({ onResolve }) {
    onResolve({ filter: /^(ssh2|iconv-lite)$/ }, ({ path, kind }) =>
      kind === "entry-point" ? undefined : { path: `./${path}.cjs`, external: true },
    );
  },
};

/**
 * ssh2 tries its native addons and falls back to JavaScript when they are absent. They are never
 * shipped, and a `require` of them in the bundle would run code that somebody planted in the
 * `node_modules` of any folder above the extension: in their place stands a module that throws.
 */
const absent: Plugin = {
  name: "absent",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^cpu-features$|\.node$/ }, ({ path }) => ({ path, namespace: "absent" }));
    onLoad({ filter: /.*/, namespace: "absent" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of this extension`)});`,
    }));
  },
};

const notices: Plugin = {
  name: "notices",
  setup({ onEnd }) {
    onEnd(async ({ metafile }) => {
      if (metafile !== undefined) {
        await writeFile("dist/THIRD-PARTY-NOTICES.txt", await thirdPartyNotices(metafile));
      }
    });
  },
};

const options: BuildOptions = {
  entryPoints: {
    extension: "src/extension.ts",
    decryptWorker: "src/auth/keys/decryptWorker.ts",
    fileWorker: "src/base/fileWorker.ts",
    ...Object.fromEntries(loadedLate.map((name) => [name, name])),
  },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  // A module finds its neighbours from here in source and in the bundle (CommonJS has no import.meta).
  plugins: [absent, late, notices],
  // `import()` of such a file becomes `require`: both are the same module then.
  supported: { "dynamic-import": false },
  define: { "import.meta.filename": "__filename" },
  minify: !dev,
  // Errors put the name of their class into the log.
  keepNames: true,
  sourcemap: dev ? "linked" : false,
  legalComments: "none",
  metafile: true,
  logLevel: "info",
};

/** Name, version and licence of every package of which a file is in the bundle. Fails for one without a licence. */
async function thirdPartyNotices({ inputs }: Metafile): Promise<string> {
  const folders = new Set(
    Object.keys(inputs).flatMap(
      (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? [],
    ),
  );
  const sections = await Promise.all(
    [...folders].sort().map(async (folder) => {
      const { name, version, license, licenses } = JSON.parse(
        await readFile(`${folder}/package.json`, "utf8"),
      );
      const file = (await readdir(folder)).find((each) => /^(?:un)?licen[cs]e\b/i.test(each));
      if (file === undefined) {
        throw new Error(`${folder} has no licence file`);
      }
      const text = (await readFile(`${folder}/${file}`, "utf8")).replaceAll("\r\n", "\n").trim();
      return `${"=".repeat(80)}\n${name} ${version} (${license ?? licenses?.[0]?.type ?? "see below"})\n${"=".repeat(80)}\n\n${text}\n`;
    }),
  );
  return `SSH Sessions contains the following packages.\n\n${sections.join("\n")}`;
}

const build = await context(options);
if (process.argv.includes("--watch")) {
  await build.watch();
} else {
  await build.rebuild();
  await build.dispose();
}
