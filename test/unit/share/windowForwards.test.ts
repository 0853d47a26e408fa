import { once } from "node:events";
import { chmod, link, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { FolderPlace } from "../../../src/share/meeting/folderPlace.ts";
import { listenIn } from "../../../src/share/socketFolder.ts";
import { WindowForwards } from "../../../src/share/windowForwards.ts";
import { hashOf } from "../../../src/share/windowKeys.ts";
import { ManualClock } from "../../support/manualClock.ts";

const key = "me@web1:22 -L localhost:8080:db:5432";
const name = `f${hashOf(key).slice(0, 12)}`;
let folder: string;
let clock: ManualClock;
/** Of the windows. */
let windowClock: Clock;
const cleanups: (() => void)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ssh-sessions-claims-"));
  clock = new ManualClock();
  windowClock = clock;
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) {
    cleanup();
  }
  await rm(folder, { recursive: true, force: true });
});

function windowNamed(windowName: string, isOn = true): WindowForwards {
  return new WindowForwards({
    ...{ clock: windowClock, logger: silentLogger },
    place: () => new FolderPlace({ clock: windowClock, logger: silentLogger, folder }),
    isOn: () => isOn,
    windowName: () => windowName,
  });
}

/** Another process at the place of the claim. */
async function impostor(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    cleanups.push(() => socket.destroy());
    serve(socket.on("error", () => {}));
  });
  await listenIn(folder, server, name);
  cleanups.push(() => server.close());
  return server;
}

test("the first window has the claim, others learn its name and its end, and nothing is left", async () => {
  const first = await windowNamed("one").claim(key);
  expect(first.other).toBeUndefined();
  const second = await windowNamed("two").claim(key);
  expect(second.other?.window).toEqual({ pid: process.pid, name: "one" });
  expect((await windowNamed("three").claim(`${key}1`)).other).toBeUndefined();
  const ended = vi.fn();
  second.other?.onDidEnd(ended);
  first.dispose();
  await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
  const next = await windowNamed("two").claim(key);
  expect(next.other).toBeUndefined();
  next.dispose();
  second.dispose();
  expect((await readdir(folder)).includes(name)).toBe(false);
  expect(clock.pendingTimers).toBe(0);
});

test("a socket that a crash left behind is replaced", async () => {
  windowClock = systemClock;
  const stale = await impostor(() => {});
  await link(join(folder, name), join(folder, "kept"));
  stale.close();
  await once(stale, "close");
  const claim = await windowNamed("one").claim(key);
  expect(claim.other).toBeUndefined();
  expect((await windowNamed("two").claim(key)).other?.window.name).toBe("one");
  claim.dispose();
});

test("of many windows that find what a crash left behind at once, one has the claim", async () => {
  windowClock = systemClock;
  for (let round = 0; round < 20; round++) {
    const stale = await impostor(() => {});
    await link(join(folder, name), join(folder, "kept"));
    stale.close();
    await once(stale, "close");
    await rm(join(folder, "kept"));
    const claims = await Promise.all(
      Array.from({ length: 4 }, (_, index) => windowNamed(`${index}`).claim(key)),
    );
    const found = claims.map(({ other }) => other?.window.name);
    expect(found.filter((owner) => owner === undefined)).toHaveLength(1);
    expect(new Set(found.filter((owner) => owner !== undefined))).toEqual(
      new Set([String(found.indexOf(undefined))]),
    );
    for (const claim of claims) {
      claim.dispose();
    }
  }
});

test.each([
  ["no JSON", "hello\n"],
  ["no pid", '{"name":"x"}\n'],
  ["a pid that is no number", '{"pid":"1","name":"x"}\n'],
  ["no name", '{"pid":1}\n'],
  ["null", "null\n"],
])("a process that says %s is no window, and each makes the forward as if it were alone", async (_, said) => {
  await impostor((socket) => socket.write(said));
  expect((await windowNamed("one").claim(key)).other).toBeUndefined();
  expect(clock.pendingTimers).toBe(0);
});

test("a process that says nothing, or ends, or never ends its line, is waited for three seconds at most", async () => {
  const sockets: Socket[] = [];
  await impostor((socket) => {
    sockets.push(socket);
    socket.write("x".repeat(100_000));
  });
  const claim = windowNamed("one").claim(key);
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
  await clock.advance(3_000);
  expect((await claim).other).toBeUndefined();
  await vi.waitFor(() => expect(sockets.every(({ destroyed }) => destroyed)).toBe(true));
});

test("nothing is shared if it is off, and in a folder that others can enter", async () => {
  const first = await windowNamed("one").claim(key);
  expect((await windowNamed("two", false).claim(key)).other).toBeUndefined();
  await chmod(folder, 0o755);
  expect((await windowNamed("three").claim(key)).other).toBeUndefined();
  first.dispose();
});
