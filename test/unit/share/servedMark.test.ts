import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isServedCondition, markServed, nowFile } from "../../../src/share/servedMark.ts";
import { until } from "../../lab/until.ts";
import { ManualClock } from "../../support/manualClock.ts";

const run = promisify(execFile);

/** Those that are a /bin/sh somewhere, and are installed here. */
const shells = await Promise.all(
  [["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"], ["zsh", "--emulate", "sh"]].map(
    async (shell) => {
      const [program = "", ...args] = shell;
      return await run(program, [...args, "-c", "exit 0"]).then(
        () => [shell],
        () => [],
      );
    },
  ),
);

let root: string;
let socket: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ssh-sessions-"));
  socket = join(root, "socket");
  await writeFile(socket, "");
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe.each(shells.flat())("in %s %s", (program = "", ...args) => {
  const isServed = async (now = nowFile(socket)): Promise<string> => {
    const script = `if ${isServedCondition("$1", "$2")}; then echo served; else echo gone; fi; echo goes on`;
    const { stdout, stderr } = await run(program, [...args.filter(Boolean), "-c", script, "sh", now, socket]);
    return stdout + stderr;
  };

  test("a socket is served from its mark on, and not when the mark is old", async () => {
    const mark = await markServed([socket]);
    expect(await isServed()).toBe("served\ngoes on\n");
    mark.dispose();
    const past = new Date(Date.now() - 2_000);
    await utimes(socket, past, past);
    expect(await isServed()).toBe("gone\ngoes on\n");
    // Somebody else's look says nothing about the socket.
    await utimes(nowFile(socket), 1, 1);
    expect(await isServed()).toBe("gone\ngoes on\n");
  });

  test("where nothing can be written, it is served", async () => {
    await utimes(socket, 1, 1);
    expect(await isServed(join(root, "missing", "now"))).toBe("served\ngoes on\n");
  });
});

test("the mark moves on with the time until it ends, and a socket that has gone ends nothing", async () => {
  const clock = new ManualClock(Date.now());
  const mark = await markServed([join(root, "gone"), socket], clock);
  const ahead = async (): Promise<number> => (await stat(socket)).mtimeMs - clock.now();
  for (let beat = 0; beat < 5; beat++) {
    await until(() => clock.pendingTimers === 1, "the next time is set");
    expect(await ahead()).toBeGreaterThan(4_000);
    await clock.advance(2_000);
  }
  mark.dispose();
  const last = await stat(socket);
  await clock.advance(60_000);
  expect([clock.pendingTimers, (await stat(socket)).mtimeMs]).toEqual([0, last.mtimeMs]);
});
