import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { repositoryRoot } from "../setup/repository.ts";

/** Bundles the extension host's tests, one CommonJS file each, and returns the path for `extensionTestsPath`. */
export async function bundleSuite(): Promise<string> {
  const source = join(repositoryRoot, "test", "vscode", "suite");
  const outdir = join(repositoryRoot, "dist-test");
  const tests = (await readdir(source)).filter((file) => file.endsWith(".test.ts"));
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints: ["index.ts", ...tests].map((file) => join(source, file)),
    outdir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "linked",
    plugins: [keepSourceUrls],
    logLevel: "warning",
  });
  return join(outdir, "index.cjs");
}

/**
 * Sources find the files beside them by `import.meta.url`, which CommonJS lacks, and the bundle is in another folder.
 */
const keepSourceUrls: Plugin = {
  name: "keep-source-urls",
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]test[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: text.replaceAll("import.meta.url", url), loader: "ts" };
    });
  },
};
