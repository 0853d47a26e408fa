import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { repositoryRoot } from "./setup/repository.ts";
import type { SuiteResults } from "./vscode/suite/suiteResults.ts";

export interface Stage {
  readonly name: string;
  /** For Node, relative to the repository. */
  readonly args: readonly string[];
  /** A hang ends after this time, with a message. Several times the duration on a slow machine. */
  readonly minutes: number;
  /** Where its tests are counted; otherwise the stage counts as one test. */
  readonly results?: { readonly kind: "vitest" | "suite"; readonly file: string };
}

export interface StageCount {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Runs a stage with its output on ours and counts its tests. A stage that fails as a whole counts as one more failed
 * test.
 */
export async function runStage(stage: Stage): Promise<StageCount> {
  const problem = await runToEnd(stage);
  if (problem !== undefined) {
    console.log(`${stage.name}: ${problem}`);
  }
  const counted = stage.results === undefined ? undefined : await readCount(stage.results);
  if (counted === undefined) {
    return problem === undefined && stage.results === undefined
      ? { passed: 1, failed: 0, skipped: 0 }
      : { passed: 0, failed: 1, skipped: 0 };
  }
  if (problem !== undefined && counted.failed === 0) {
    counted.failed = 1;
  }
  return counted;
}

/** Resolves to the failure, if there is one. */
async function runToEnd(stage: Stage): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const detached = process.platform !== "win32";
    const child = spawn(process.execPath, stage.args, {
      cwd: repositoryRoot,
      stdio: ["ignore", "inherit", "inherit"],
      // A separate group, so that its child processes end with it.
      detached,
    });
    const end = (): void => {
      if (child.pid !== undefined) {
        process.kill(detached ? -child.pid : child.pid, "SIGKILL");
      }
    };
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, stage.minutes * 60_000);
    const interrupt = (): void => {
      end();
      process.exit(130);
    };
    process.once("SIGINT", interrupt);
    process.once("SIGTERM", interrupt);
    child.once("error", (error) => settle(error.message));
    child.once("exit", (code, signal) => {
      if (timedOut) {
        settle(`ended after ${stage.minutes} minutes without a result`);
      } else {
        settle(code === 0 ? undefined : `ended with ${signal ?? code}`);
      }
    });
    const settle = (problem: string | undefined): void => {
      clearTimeout(timer);
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
      resolve(problem);
    };
  });
}

interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** One per file; a file that could not be loaded has failed without a failed test. */
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

async function readCount(results: NonNullable<Stage["results"]>): Promise<StageCount | undefined> {
  const text = await readFile(results.file, "utf8").catch(() => undefined);
  if (text === undefined) {
    return undefined;
  }
  if (results.kind === "suite") {
    const tests = (JSON.parse(text) as SuiteResults).results;
    const count = (state: string): number => tests.filter((test) => test.state === state).length;
    return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
  }
  const report = JSON.parse(text) as VitestResults;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
