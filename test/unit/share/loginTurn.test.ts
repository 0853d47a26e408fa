import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { takeTurn } from "../../../src/share/loginTurn.ts";
import { listenIn } from "../../../src/share/socketFolder.ts";

describe("windows that take turns to log in", () => {
  let folder: string;
  const limits = { patience: 60_000, clock: systemClock };
  const never = new AbortController().signal;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const held = async (): Promise<{ dispose(): void }> => {
    const outcome = await takeTurn(folder, "turn", limits, never);
    if (outcome.kind !== "held") {
      throw new Error(`the turn is ${outcome.kind}`);
    }
    return outcome.turn;
  };

  test("one of many has the turn, and the others wait until it has passed", async () => {
    const outcomes = Array.from({ length: 8 }, () => takeTurn(folder, "turn", limits, never));
    const first = await Promise.race(outcomes);
    expect(first.kind).toBe("held");
    if (first.kind === "held") {
      first.turn.dispose();
    }
    const kinds = (await Promise.all(outcomes)).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(["held", ...Array(7).fill("passed")]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("a turn can be taken again when it is over", async () => {
    const first = await held();
    const second = takeTurn(folder, "turn", limits, never);
    first.dispose();
    if ((await second).kind === "passed") {
      (await held()).dispose();
    }
  });

  test("what a window that died has left is cleared, by one of those that find it", async () => {
    const path = JSON.stringify(join(folder, "turn"));
    const script = `require("net").createServer().listen(${path}, () => process.kill(process.pid, "SIGKILL"))`;
    const child = spawn(process.execPath, ["-e", script]);
    await once(child, "exit");
    expect(await readdir(folder)).toEqual(["turn"]);
    const turn = await held();
    turn.dispose();
  });

  test("a window that is stopped is waited for no longer than 3 s", async () => {
    const silent = createServer();
    await listenIn(folder, silent, "turn");
    expect(await takeTurn(folder, "turn", limits, never)).toEqual({ kind: "given-up" });
    silent.close();
  });

  test("a window stops waiting after its patience, and when it is cancelled", async () => {
    const turn = await held();
    expect(await takeTurn(folder, "turn", { ...limits, patience: 10 }, never)).toEqual({ kind: "given-up" });
    const abort = new AbortController();
    const waiting = takeTurn(folder, "turn", limits, abort.signal);
    const cause = new Error("no more");
    abort.abort(cause);
    await expect(waiting).rejects.toBe(cause);
    turn.dispose();
  });
});
