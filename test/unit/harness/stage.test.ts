import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { runStage } from "../../stage.ts";

describe("a stage of the test run", { timeout: 60_000 }, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-stage-"));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** Arguments for Node that leave this report and exit with this code. */
  function leave(file: string, report: unknown, code: number): string[] {
    const text = JSON.stringify(JSON.stringify(report));
    return [
      "-e",
      `require("node:fs").writeFileSync(${JSON.stringify(file)}, ${text}); process.exitCode = ${code}`,
    ];
  }

  it("counts as one test without a report", async () => {
    assert.deepEqual(await runStage({ name: "good", args: ["-e", ""], minutes: 1 }), {
      passed: 1,
      failed: 0,
      skipped: 0,
    });
    assert.deepEqual(await runStage({ name: "bad", args: ["-e", "process.exitCode = 3"], minutes: 1 }), {
      passed: 0,
      failed: 1,
      skipped: 0,
    });
  });

  it("counts passed, failed and skipped tests of vitest, and files that could not be loaded", async () => {
    const file = join(folder, "vitest.json");
    const report = {
      numPassedTests: 4,
      numFailedTests: 1,
      numPendingTests: 2,
      numTodoTests: 1,
      testResults: [
        { status: "passed", assertionResults: [{ status: "passed" }] },
        { status: "failed", assertionResults: [{ status: "failed" }] },
        { status: "failed", assertionResults: [] },
      ],
    };
    const stage = {
      name: "unit",
      args: leave(file, report, 1),
      minutes: 1,
      results: { kind: "vitest", file },
    } as const;
    assert.deepEqual(await runStage(stage), { passed: 4, failed: 2, skipped: 3 });
  });

  it("fails if its report names no failure but its exit code does, and without a report", async () => {
    const file = join(folder, "suite.json");
    const report = { results: [{ title: "a", state: "passed" }] };
    const results = { kind: "suite", file } as const;
    assert.deepEqual(await runStage({ name: "suite", args: leave(file, report, 7), minutes: 1, results }), {
      passed: 1,
      failed: 1,
      skipped: 0,
    });
    const missing = { kind: "suite", file: join(folder, "missing.json") } as const;
    assert.deepEqual(await runStage({ name: "suite", args: ["-e", ""], minutes: 1, results: missing }), {
      passed: 0,
      failed: 1,
      skipped: 0,
    });
  });

  it("ends when it hangs, and has failed", async () => {
    const hang = { name: "hang", args: ["-e", "setInterval(() => {}, 1000)"], minutes: 0.005 };
    assert.deepEqual(await runStage(hang), { passed: 0, failed: 1, skipped: 0 });
  });
});
