/**
 * Bundles the extension into `dist/`: one CommonJS file for the extension host, one for the worker
 * thread that decrypts private keys, and one for each large package that is loaded only when it is
 * needed. `--watch` rebuilds on change, `--dev` adds source maps and skips minification.
 */
import { type BuildOptions, context, type Plugin } from "esbuild";

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

const options: BuildOptions = {
  entryPoints: {
    extension: "src/extension.ts",
    decryptWorker: "src/auth/keys/decryptWorker.ts",
    ...Object.fromEntries(loadedLate.map((name) => [name, name])),
  },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  // ssh2 tries its optional native addons and falls back to pure JavaScript when they are absent.
  external: ["vscode", "*.node", "cpu-features"],
  // A module finds its neighbours from here in source and in the bundle (CommonJS has no import.meta).
  plugins: [late],
  // `import()` of such a file becomes `require`: both are the same module then.
  supported: { "dynamic-import": false },
  define: { "import.meta.filename": "__filename" },
  minify: !dev,
  // Errors put the name of their class into the log.
  keepNames: true,
  sourcemap: dev ? "linked" : false,
  legalComments: "none",
  logLevel: "info",
};

const build = await context(options);
if (process.argv.includes("--watch")) {
  await build.watch();
} else {
  await build.rebuild();
  await build.dispose();
}
