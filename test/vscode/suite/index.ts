/**
 * Runs in the extension host (`extensionTestsPath`): every `*.test.cjs` next to this file, with mocha. The results
 * are written to the file in `SSH_SESSIONS_TEST_RESULTS`, because the exit code of a window says only whether all
 * passed.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answerAccessQuestions } from "./accessQuestions.ts";
import { recordContributions } from "./recordedContributions.ts";
import { outputMark, type SuiteResults, type TestResult } from "./suiteResults.ts";

export async function run(): Promise<void> {
  recordContributions();
  answerAccessQuestions();
  // mocha is an ES module, and this file is not.
  const { default: Mocha } = await import("mocha");
  class SilentReporter extends Mocha.reporters.Base {
    override epilogue(): void {}
  }
  const grep = process.env["SSH_SESSIONS_TEST_GREP"];
  const mocha = new Mocha({
    ui: "bdd",
    timeout: 60_000,
    // mocha's own reporters write to a terminal, which an extension host doesn't have.
    reporter: SilentReporter,
    ...(grep ? { grep } : {}),
  });
  for (const file of readdirSync(__dirname).sort()) {
    if (file.endsWith(".test.cjs")) {
      mocha.addFile(join(__dirname, file));
    }
  }
  const results: TestResult[] = [];
  const failures = await new Promise<number>((resolve, reject) => {
    try {
      const runner = mocha.run(resolve);
      runner.on("pass", (test) => report(results, { title: test.fullTitle(), state: "passed" }));
      runner.on("pending", (test) => report(results, { title: test.fullTitle(), state: "skipped" }));
      runner.on("fail", (test, error: Error) =>
        report(results, { title: test.fullTitle(), state: "failed", error: error.stack ?? String(error) }),
      );
    } catch (error) {
      reject(error);
    }
  });
  const file = process.env["SSH_SESSIONS_TEST_RESULTS"];
  if (file !== undefined) {
    writeFileSync(file, JSON.stringify({ results } satisfies SuiteResults));
  }
  if (failures > 0) {
    throw new Error(`${failures} tests failed.`);
  }
}

function report(results: TestResult[], result: TestResult): void {
  results.push(result);
  const marks = { passed: "✓", failed: "✗", skipped: "-" };
  const details = result.error === undefined ? "" : `\n${result.error}`;
  console.log(`${outputMark}${marks[result.state]} ${result.title}${details}`);
}
