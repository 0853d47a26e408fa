import { repositoryRoot } from "./repository.ts";
import { runProgram } from "./runProgram.ts";

/** Builds `dist/` as it is shipped: the tests load what users get. */
export async function buildExtension(): Promise<void> {
  await runProgram(process.execPath, ["esbuild.config.ts"], { cwd: repositoryRoot });
}
