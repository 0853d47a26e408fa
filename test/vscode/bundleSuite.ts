import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
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
    // Sources find their neighbours by import.meta.url, which CommonJS doesn't have.
    define: { "import.meta.url": "importMetaUrl" },
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "warning",
  });
  return join(outdir, "index.cjs");
}
