import { spawn } from "node:child_process";
import { once } from "node:events";
import { link, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { takeTurn } from "../../../src/share/loginTurn.ts";
import { listenAt } from "../../../src/share/socketFolder.ts";
import { until } from "../../lab/until.ts";

/** As after a crash of the window that has the turn: a socket at which nobody listens. */
async function leaveStale(path: string): Promise<void> {
  await mkdir(path);
  const server = createServer();
  await listenAt(`${path}.socket`, server);
  await link(`${path}.socket`, join(path, "abcdef"));
  server.close();
  await once(server, "close");
}

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

  test("of many, one at a time has the turn, and the others wait until it has passed", async () => {
    const first = await held();
    let holders = 1;
    const attempt = async (): Promise<void> => {
      const outcome = await takeTurn(folder, "turn", limits, never);
      expect(["held", "passed"]).toContain(outcome.kind);
      if (outcome.kind === "held") {
        // It asked when a turn had just ended.
        holders++;
        expect(holders).toBe(1);
        await readdir(folder);
        holders--;
        outcome.turn.dispose();
      }
    };
    const others = Array.from({ length: 7 }, attempt);
    await readdir(folder);
    holders--;
    first.dispose();
    await Promise.all(others);
    await until(async () => (await readdir(folder)).length === 0, "every window has left");
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
    const path = join(folder, "turn");
    await mkdir(path);
    const socket = JSON.stringify(join(path, "abcdef"));
    const script = `require("net").createServer().listen(${socket}, () => process.kill(process.pid, "SIGKILL"))`;
    const child = spawn(process.execPath, ["-e", script]);
    await once(child, "exit");
    expect(await readdir(path)).toEqual(["abcdef"]);
    const turn = await held();
    expect(await readdir(path)).toHaveLength(1);
    turn.dispose();
  });

  test("of windows that clear it at once, one at a time has the turn", async () => {
    const path = join(folder, "turn");
    let [having, most, count] = [0, 0, 0];
    const window = async (): Promise<void> => {
      for (let outcome = await takeTurn(folder, "turn", limits, never); ; ) {
        if (outcome.kind === "held") {
          most = Math.max(most, ++having);
          await new Promise((resolve) => setTimeout(resolve, 2));
          having--;
          count++;
          outcome.turn.dispose();
          return;
        }
        outcome = await takeTurn(folder, "turn", limits, never);
      }
    };
    for (let round = 0; round < 10; round++) {
      await leaveStale(path);
      await Promise.all(Array.from({ length: 6 }, window));
      await until(async () => (await readdir(folder)).length === 0, "every window has left");
    }
    expect([most, count]).toEqual([1, 60]);
  });

  test("a window that is stopped is waited for no longer than 3 s", async () => {
    const silent = createServer();
    await mkdir(join(folder, "turn"));
    await listenAt(join(folder, "turn", "abcdef"), silent);
    expect(await takeTurn(folder, "turn", limits, never)).toEqual({ kind: "given-up" });
    silent.close();
  });

  test("a window that was stopped itself goes on to wait for one that has said meanwhile that it is not", async () => {
    const late: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      setTimeout(callback) {
        late.push(callback);
        return { dispose: () => void late.splice(late.indexOf(callback), 1) };
      },
    };
    const sockets: Socket[] = [];
    const saying = createServer((socket) => void sockets.push(socket));
    await mkdir(join(folder, "turn"));
    await listenAt(join(folder, "turn", "abcdef"), saying);
    const waiting = takeTurn(folder, "turn", { patience: 60_000, clock }, never);
    await until(() => sockets.length === 2, "it waits");
    const silence = late.at(-1);
    // What has arrived while the process was busy is read only after the timers that are due.
    setTimeout(() => {
      sockets[1]?.write(".");
      silence?.();
    });
    await until(() => late.at(-1) !== silence, "it has read that and waits again");
    sockets[1]?.destroy();
    expect(await waiting).toEqual({ kind: "passed" });
    saying.close();
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
