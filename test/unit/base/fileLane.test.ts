import { describe, expect, test } from "vitest";
import { FileError } from "../../../src/base/fileErrors.ts";
import type { FileAnswers, FileJob } from "../../../src/base/fileJobs.ts";
import { FileLane, type FileSeat, fileTimeLimitMilliseconds } from "../../../src/base/fileLane.ts";
import { ManualClock } from "../../support/manualClock.ts";

class HeldSeat implements FileSeat {
  readonly jobs: { readonly path: string; readonly finish: () => void; readonly step: () => void }[] = [];
  releases = 0;

  run(job: FileJob, onStep: () => void): Promise<FileAnswers[FileJob["kind"]]> {
    return new Promise((resolve) => {
      this.jobs.push({ path: job.path, finish: () => resolve(undefined), step: onStep });
    });
  }

  release(): void {
    this.releases++;
  }

  get paths(): readonly string[] {
    return this.jobs.map(({ path }) => path);
  }
}

function setUp(count: number) {
  const clock = new ManualClock();
  const seats = Array.from({ length: count }, () => new HeldSeat());
  const lane = new FileLane(clock, seats);
  const outcomes = new Map<string, string>();
  return {
    seats,
    outcomes,
    async ask(...paths: string[]): Promise<void> {
      for (const path of paths) {
        lane.run({ kind: "stat", path }).then(
          () => outcomes.set(path, "done"),
          (error: unknown) => outcomes.set(path, FileError.is(error) ? error.reason : String(error)),
        );
      }
      await settled();
    },
    async pass(milliseconds: number): Promise<void> {
      await clock.advance(milliseconds);
      await settled();
    },
  };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function finish(seat: HeldSeat | undefined, index: number): Promise<void> {
  seat?.jobs[index]?.finish();
  await settled();
}

describe("the lane of file jobs", () => {
  test("runs one job at a time, in order", async () => {
    const { seats, outcomes, ask } = setUp(2);
    await ask("/a/1", "/b/2", "/c/3");
    expect(seats.map(({ paths }) => paths)).toEqual([["/a/1"], []]);
    await finish(seats[0], 0);
    await finish(seats[0], 1);
    expect(seats.map(({ paths }) => paths)).toEqual([["/a/1", "/b/2", "/c/3"], []]);
    expect([...outcomes]).toEqual([
      ["/a/1", "done"],
      ["/b/2", "done"],
    ]);
  });

  test("a hanging job is given up after the time limit, and the others continue in the next seat", async () => {
    const { seats, outcomes, ask, pass } = setUp(2);
    await ask("/mnt/x/1", "/home/2");
    await pass(fileTimeLimitMilliseconds - 1);
    expect(outcomes.size).toBe(0);
    await pass(1);
    expect(outcomes.get("/mnt/x/1")).toBe("unresponsive");
    expect(seats.map(({ paths }) => paths)).toEqual([["/mnt/x/1"], ["/home/2"]]);
    await finish(seats[1], 0);
    expect(outcomes.get("/home/2")).toBe("done");
  });

  test("while it hangs, jobs for its folder are refused at once", async () => {
    const { seats, outcomes, ask, pass } = setUp(2);
    await ask("/mnt/x/1");
    await pass(fileTimeLimitMilliseconds);
    await ask("/mnt/x/1", "/mnt/x/deep/2", "/mnt/x", "/mnt/xy");
    expect([...outcomes]).toEqual([
      ["/mnt/x/1", "unresponsive"],
      ["/mnt/x/deep/2", "unresponsive"],
      ["/mnt/x", "unresponsive"],
    ]);
    expect(seats[1]?.paths).toEqual(["/mnt/xy"]);
  });

  test("when all seats hang, every job is refused until one replies", async () => {
    const { seats, outcomes, ask, pass } = setUp(2);
    await ask("/mnt/x/1", "/mnt/y/1", "/mnt/z/1");
    await pass(fileTimeLimitMilliseconds);
    await pass(fileTimeLimitMilliseconds);
    expect([...outcomes.values()]).toEqual(["unresponsive", "unresponsive", "unresponsive"]);
    await finish(seats[0], 0);
    await ask("/home/4");
    expect(seats[0]?.paths).toEqual(["/mnt/x/1", "/home/4"]);
    await finish(seats[0], 1);
    expect(outcomes.get("/home/4")).toBe("done");
  });

  test("a slow job that makes progress does not time out", async () => {
    const { seats, outcomes, ask, pass } = setUp(1);
    await ask("/mnt/x/1");
    for (let i = 0; i < 5; i++) {
      await pass(fileTimeLimitMilliseconds * 0.8);
      seats[0]?.jobs[0]?.step();
    }
    expect(outcomes.size).toBe(0);
    await finish(seats[0], 0);
    expect(outcomes.get("/mnt/x/1")).toBe("done");
  });

  test("a late reply changes nothing for its caller and frees the seat", async () => {
    const { seats, outcomes, ask, pass } = setUp(1);
    await ask("/mnt/x/1");
    await pass(fileTimeLimitMilliseconds);
    await finish(seats[0], 0);
    expect(outcomes.get("/mnt/x/1")).toBe("unresponsive");
    await ask("/mnt/x/1");
    await finish(seats[0], 1);
    expect(outcomes.get("/mnt/x/1")).toBe("done");
  });

  test("idle seats are released", async () => {
    const { seats, ask } = setUp(2);
    await ask("/a");
    const before = seats.map(({ releases }) => releases);
    await finish(seats[0], 0);
    expect(seats.map(({ releases }, index) => releases - (before[index] ?? 0))).toEqual([1, 1]);
  });
});
