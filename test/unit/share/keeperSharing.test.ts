import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keeperProtocol, keeperSocketName } from "../../../src/engine/keeper/keeperMessages.ts";
import { KeeperSocket } from "../../../src/engine/keeper/keeperSocket.ts";
import { KeeperSharing } from "../../../src/share/keeper/keeperSharing.ts";
import { listenIn } from "../../../src/share/socketFolder.ts";
import { until } from "../../lab/until.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

let folder: string;
let server: Server;
let sockets: KeeperSocket[];
/** The calls that the keeper has got. It answers none, as one that is stopped after its first note. */
let asked: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ssh-sessions-keeper-"));
  sockets = [];
  asked = [];
  server = createServer((raw) => {
    const socket = new KeeperSocket(raw);
    sockets.push(socket);
    for (const name of ["list", "end", "stop"]) {
      socket.handle(name, () => {
        asked.push(name);
        return new Promise(() => {});
      });
    }
    socket.note("hello", { protocol: keeperProtocol, build: "test", pid: 1 });
  });
  await listenIn(folder, server, keeperSocketName);
});

afterEach(async () => {
  for (const socket of sockets) {
    socket.destroy();
  }
  server.close();
  await rm(folder, { recursive: true, force: true });
});

test.each<["list" | "end" | "stop", (keeper: KeeperSharing) => Promise<unknown>]>([
  ["list", async (keeper) => await keeper.find()],
  ["end", async (keeper) => await keeper.end("shell-1")],
  ["stop", async (keeper) => await keeper.stop()],
])("nobody waits longer than 5 s for a keeper that is stopped before it answers `%s`", async (name, ask) => {
  const clock = new ManualClock();
  const keeper = new KeeperSharing({
    ...{ clock, folder, logger: new RecordingLogger(), build: "test", workspace: "" },
    isOn: () => true,
    staysAfterLogout: () => false,
    windowName: () => "one",
    checkHost: () => {},
    resolveHop: () => Promise.reject(new Error("no jump host")),
    others: { join: async () => undefined },
  });
  let isOver = false;
  const asking = ask(keeper).finally(() => {
    isOver = true;
  });
  await until(() => asked.length > 0, "it is asked");
  expect(asked).toEqual([name]);
  await clock.advance(4_999);
  expect(isOver).toBe(false);
  // A keeper that is to stop has as long to end.
  await clock.advance(name === "stop" ? 5_001 : 1);
  await asking;
  expect(clock.pendingTimers).toBe(0);
});
