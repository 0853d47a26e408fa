/**
 * Bundles the extension into `dist/`: CommonJS files for the extension host (its entry, its main code, and what is loaded
 * late), one for each worker thread (decrypting private keys, reading files, key exchange in finite fields), one for the
 * keeper's process, and one for each large package that is loaded only when it is needed. `--watch` rebuilds on change, `--dev` adds source maps and skips minification.
 * Beside them: THIRD-PARTY-NOTICES.txt, the licences of what was bundled.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { type BuildOptions, context, type Metafile, type Plugin } from "esbuild";
import { split } from "./esbuild.late.ts";

const dev = process.argv.includes("--dev") || process.argv.includes("--watch");

/** Packages in files of their own: reading them would take longer than the rest of the activation. */
const loadedLate: Readonly<Record<string, string>> = {
  ssh2: "ssh2",
  "iconv-lite": "iconv-lite",
  mlKem: "@noble/post-quantum/ml-kem.js",
};

/** The internal modules of ssh2 that the engine uses: they have to be the very ones that ssh2 itself uses. */
const innerModules = ["constants", "crypto", "handlers", "kex", "utils", "zlib"].map(
  (name) => `ssh2/lib/protocol/${name}.js`,
);

const late: Plugin = {
  name: "late",
  setup({ onResolve, onLoad }) {
    // The entry is read at every start of a window; all the rest only when something is used.
    onResolve({ filter: /\/compositionRoot\.ts$/ }, ({ kind }) =>
      kind === "entry-point" ? undefined : { path: "./main.cjs", external: true },
    );
    const files = new Map(Object.entries(loadedLate).map(([file, name]) => [name, file]));
    onResolve(
      { filter: /^(ssh2|iconv-lite|@noble\/post-quantum\/ml-kem\.js)$/ },
      ({ path, kind, namespace }) => {
        if (kind === "entry-point") {
          return path === "ssh2" ? { path, namespace: "whole-ssh2" } : undefined;
        }
        const file = files.get(path);
        return file === undefined || namespace === "whole-ssh2"
          ? undefined
          : { path: `./${file}.cjs`, external: true };
      },
    );
    onResolve({ filter: /^ssh2\/lib\// }, ({ path, namespace }) =>
      namespace === "whole-ssh2" ? undefined : { path, namespace: "inside-ssh2" },
    );
    onLoad({ filter: /.*/, namespace: "whole-ssh2" }, () => ({
      contents: `module.exports = Object.assign({}, require("ssh2"), { innerModules: {
        ${innerModules.map((path) => `${JSON.stringify(path)}: require(${JSON.stringify(path)})`).join(",\n")}
      } });`,
      resolveDir: import.meta.dirname,
    }));
    onLoad({ filter: /.*/, namespace: "inside-ssh2" }, ({ path }) => ({
      contents: `module.exports = require("ssh2").innerModules[${JSON.stringify(path)}];`,
      resolveDir: import.meta.dirname,
    }));
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

/**
 * VS Code's API as one module of the bundle. Otherwise esbuild copies all of its names anew for each file that imports it
 * (`__toESM`), which takes a tenth of the activation.
 */
const editor: Plugin = {
  name: "editor",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === "editor" ? { path: "vscode", external: true } : { path: "vscode", namespace: "editor" },
    );
    onLoad({ filter: /.*/, namespace: "editor" }, () => ({ contents: 'export * from "vscode";' }));
  },
};

/** What was built last, by the name of the build. */
const built = new Map<string, Metafile>();

/** Writes the licences once all builds are through. */
function notices(name: string): Plugin {
  return {
    name: "notices",
    setup({ onEnd }) {
      onEnd(async ({ metafile }) => {
        if (metafile !== undefined) {
          built.set(name, metafile);
        }
        if (built.size === parts.length) {
          await writeFile("dist/THIRD-PARTY-NOTICES.txt", await thirdPartyNotices([...built.values()]));
        }
      });
    },
  };
}

/**
 * The extension page drops every picture that does not come over https, and opens no relative link. The README of
 * the package therefore has none of either; its pictures are on the repository's page and in the walkthrough.
 */
const readme: Plugin = {
  name: "readme",
  setup({ onEnd }) {
    onEnd(async () => {
      await writeFile("dist/README.md", extensionPage(await readFile("README.md", "utf8")));
    });
  },
};

function extensionPage(text: string): string {
  return text
    .replace(/^!\[[^\]]*\]\((?!https:)[^)]*\)\n\n?/gm, "")
    .replace(/(?<!!)\[([^\]]+)\]\((?!https:|mailto:|#)[^)]*\)/g, "$1");
}

const common: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  // A module finds its neighbours from here in source and in the bundle (CommonJS has no import.meta).
  plugins: [absent, late, editor],
  // `import()` of such a file becomes `require`: both are the same module then.
  supported: { "dynamic-import": false },
  define: { "import.meta.filename": "__filename" },
  minify: !dev,
  sourcemap: dev ? "linked" : false,
  legalComments: "none",
  metafile: true,
  logLevel: "info",
};

const mainEntry = "src/compositionRoot.ts";

const options: BuildOptions = {
  ...common,
  entryPoints: {
    extension: "src/extension.ts",
    decryptWorker: "src/auth/keys/decryptWorker.ts",
    fileWorker: "src/base/fileWorker.ts",
    dhWorker: "src/engine/ssh2/kex/dhWorker.ts",
    keeperProcess: "src/keeper/keeperProcess.ts",
    ...loadedLate,
    // What is debugged is one file.
    ...(dev && { main: mainEntry }),
  },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
};

/** Script and style sheet of the page of details: they run in a webview, and are read only when a page opens. */
const pageOptions: BuildOptions = {
  entryPoints: [
    { in: "src/webview/detailsView.ts", out: "detailsView" },
    { in: "src/webview/detailsView.css", out: "detailsView" },
  ],
  outdir: "dist",
  bundle: true,
  platform: "browser",
  format: "iife",
  target: "chrome120",
  minify: !dev,
  sourcemap: dev ? "inline" : false,
  legalComments: "none",
  metafile: true,
  logLevel: "info",
};

/** Packages whose archive leaves out the licence of their repository. */
const keptLicences: Readonly<Record<string, string>> = {
  "@vscode/l10n": "docs/licences/vscode-l10n.txt",
  "@xterm/addon-serialize": "docs/licences/xterm.txt",
  "@xterm/addon-unicode11": "docs/licences/xterm.txt",
  "@xterm/headless": "docs/licences/xterm.txt",
};

/** Name, version and licence of every package of which a file is in the bundle. Fails for one without a licence. */
async function thirdPartyNotices(builds: readonly Metafile[]): Promise<string> {
  const files = builds.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set(
    files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? []),
  );
  const sections = await Promise.all(
    [...folders].sort().map(async (folder) => {
      const { name, version, license, licenses } = JSON.parse(
        await readFile(`${folder}/package.json`, "utf8"),
      );
      const own = (await readdir(folder)).find((each) => /^(?:un)?licen[cs]e\b/i.test(each));
      const file = own === undefined ? keptLicences[name] : `${folder}/${own}`;
      if (file === undefined) {
        throw new Error(`${folder} has no licence file`);
      }
      const text = (await readFile(file, "utf8")).replaceAll("\r\n", "\n").trim();
      return `${"=".repeat(80)}\n${name} ${version} (${license ?? licenses?.[0]?.type ?? "see below"})\n${"=".repeat(80)}\n\n${text}\n`;
    }),
  );
  return `SSH Sessions contains the following packages.\n\n${sections.join("\n")}`;
}

const parts = [options, ...(dev ? [] : await split(mainEntry, common)), pageOptions];
const builds = await Promise.all(
  parts.map((part, at) =>
    context({
      ...part,
      plugins: [...(part.plugins ?? []), notices(`${at}`), ...(part === options ? [readme] : [])],
    }),
  ),
);
await Promise.all(
  builds.map(async (build) => {
    if (process.argv.includes("--watch")) {
      await build.watch();
    } else {
      await build.rebuild();
      await build.dispose();
    }
  }),
);
