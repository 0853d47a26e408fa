/**
 * Runs the extension host's tests: `node test/vscode/run.ts [--results FILE] [--grep TEXT]`. By default in the VS
 * Code server with a browser; in a desktop VS Code if `VSCODE_EXECUTABLE` names one.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildExtension } from "../setup/buildExtension.ts";
import { bundleSuite } from "./bundleSuite.ts";
import { openDesktop } from "./harness/desktop.ts";
import { launchWorkbench } from "./harness/workbench.ts";
import { outputMark, type SuiteResults } from "./suite/suiteResults.ts";

const { values } = parseArgs({ options: { results: { type: "string" }, grep: { type: "string" } } });

await buildExtension();
const testsPath = await bundleSuite();
const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-suite-"));
try {
  const resultsFile = join(folder, "results.json");
  const env: Record<string, string> = { SSH_SESSIONS_TEST_RESULTS: resultsFile };
  if (values.grep !== undefined) {
    env["SSH_SESSIONS_TEST_GREP"] = values.grep;
  }
  // The file in which the attacks record how long each blocked the event loop.
  const blocks = process.env["SSH_SESSIONS_HOST_BLOCKS"];
  if (blocks !== undefined) {
    env["SSH_SESSIONS_HOST_BLOCKS"] = blocks;
  }
  const { exitCode, output } = process.env["VSCODE_EXECUTABLE"]
    ? await runInDesktop(testsPath, env)
    : await runInServer(testsPath, env);
  const text = await readFile(resultsFile, "utf8").catch(() => undefined);
  if (text === undefined) {
    throw new Error(`The extension host's tests left no results (exit code ${exitCode}).\n${output}`);
  }
  const { results } = JSON.parse(text) as SuiteResults;
  if (values.results !== undefined) {
    await mkdir(dirname(resolve(values.results)), { recursive: true });
    await writeFile(values.results, text);
  }
  const failed = results.filter((result) => result.state === "failed");
  console.log(`${results.length} tests in the extension host, ${failed.length} failed`);
  process.exitCode = failed.length > 0 || results.length === 0 || exitCode !== 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function runInServer(
  suite: string,
  env: Readonly<Record<string, string>>,
): Promise<{ exitCode: number; output: string }> {
  const workbench = await launchWorkbench({
    testsPath: suite,
    env,
    onTestOutput: (text) => {
      if (text.startsWith(outputMark)) {
        console.log(text.slice(outputMark.length));
      }
    },
  });
  try {
    const exitCode = await workbench.testsExit;
    return { exitCode, output: `${workbench.consoleText()}\n${workbench.server.output()}` };
  } finally {
    await workbench.close();
  }
}

async function runInDesktop(
  suite: string,
  env: Readonly<Record<string, string>>,
): Promise<{ exitCode: number; output: string }> {
  const desktop = await openDesktop({ testsPath: suite, env });
  try {
    return { exitCode: await desktop.closed, output: "" };
  } finally {
    await desktop.close();
  }
}
