import { describe, expect, test } from "vitest";
import { runProgram } from "../../../src/base/runProgram.ts";

const never = new AbortController().signal;
const node = (script: string, bounds: Partial<Parameters<typeof runProgram>[2]> = {}) =>
  runProgram(process.execPath, ["-e", script], {
    signal: never,
    longestOutput: 1000,
    longestErrors: 10,
    ...bounds,
  });

describe("a program that runs to its end", () => {
  test("returns its exit code, its output and the start of its error output", async () => {
    const run = await node(
      "process.stdout.write('out'); console.error('a long complaint'); process.exitCode = 3",
    );
    expect({ ...run, stdout: run.stdout.toString() }).toEqual({
      exitCode: 3,
      stdout: "out",
      stderr: "a long com",
    });
  });

  test("has no exit code if a signal ended it", async () => {
    expect((await node("process.kill(process.pid, 'SIGKILL')")).exitCode).toBeUndefined();
  });

  test("loses output beyond the limit, and still runs to its end", async () => {
    const { exitCode, stdout } = await node("process.stdout.write('x'.repeat(200_000))");
    expect([exitCode, stdout.length]).toEqual([0, 1000]);
  });

  test("is ended if its output exceeds a limit that is an error", async () => {
    const endless = "setInterval(() => process.stdout.write('x'.repeat(1000)), 1)";
    const tooMuch = () => new Error("too much");
    await expect(node(endless, { tooMuch })).rejects.toThrow("too much");
    const exact = await node("process.stdout.write('x'.repeat(1000))", { tooMuch });
    expect(exact.stdout.length).toBe(1000);
  });

  test("is not started if the signal has aborted, and ended when it aborts", async () => {
    await expect(node("", { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
    const controller = new AbortController();
    const run = node("setInterval(() => {}, 1000)", { signal: controller.signal });
    controller.abort(new Error("during"));
    await expect(run).rejects.toThrow("during");
  });

  test("rejects with the system's error if it can't be started", async () => {
    const bounds = { signal: never, longestOutput: 1, longestErrors: 1 };
    await expect(runProgram("/no/such/program", [], bounds)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
