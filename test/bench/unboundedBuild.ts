import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { repositoryRoot } from "../setup/repository.ts";

/** A build of the extension whose terminals add no marks to the output and never pause it. For comparison. */
export interface UnboundedBuild {
  readonly extensionPath: string;
  remove(): Promise<void>;
}

export async function buildUnbounded(): Promise<UnboundedBuild> {
  const extensionPath = await mkdtemp(join(tmpdir(), "ssh-sessions-unbounded-"));
  const remove = async (): Promise<void> => await rm(extensionPath, { recursive: true, force: true });
  try {
    await mkdir(join(extensionPath, "dist"));
    for (const name of ["package.json", "media"]) {
      await cp(join(repositoryRoot, name), join(extensionPath, name), { recursive: true });
    }
    await build({
      absWorkingDir: repositoryRoot,
      entryPoints: { extension: "src/extension.ts", decryptWorker: "src/auth/keys/decryptWorker.ts" },
      outdir: join(extensionPath, "dist"),
      outExtension: { ".js": ".cjs" },
      bundle: true,
      platform: "node",
      format: "cjs",
      external: ["vscode", "*.node", "cpu-features"],
      define: { "import.meta.filename": "__filename" },
      logLevel: "warning",
      plugins: [
        {
          name: "unbounded",
          setup: (context) => {
            context.onLoad({ filter: /[\\/]terminal[\\/]flowController\.ts$/ }, async ({ path }) => ({
              contents: `${await readFile(path, "utf8")}
Object.assign(defaultFlowLimits, { step: Infinity, hardCap: Infinity });`,
              loader: "ts",
            }));
          },
        },
      ],
    });
    return { extensionPath, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
