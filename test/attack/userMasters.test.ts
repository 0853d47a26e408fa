import { once } from "node:events";
import { chmod, mkdtemp, rename, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { systemClock } from "../../src/base/clock.ts";

import { wireString, wireUint32 } from "../../src/base/wire.ts";
import type { HostControlPath } from "../../src/config/configPorts.ts";
import { encodeMux, encodeMuxHello, encodeProxyFrame, muxType } from "../../src/engine/mux/muxMessages.ts";
import { findMaster } from "../../src/engine/openssh/findMaster.ts";
import { rideMaster } from "../../src/engine/openssh/rideMaster.ts";
import { UserMasters } from "../../src/share/userMasters.ts";
import { peerSends } from "../support/channelMessages.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { attack, defer, onePeer } from "./support/attackTest.ts";

/** Time limits are over in a twentieth of the time. */
const clock = {
  ...systemClock,
  setTimeout: (callback: () => void, delay: number) => systemClock.setTimeout(callback, delay / 20),
};

/** A program of this user at a ControlPath, which is no master of OpenSSH. */
async function pretendMaster(path: string, onClient: (socket: Socket) => void): Promise<void> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    defer(() => socket.destroy());
    onClient(socket);
  });
  server.listen(path);
  await once(server, "listening");
  await chmod(path, 0o600);
  defer(() => server.close());
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "masters-"));
  defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const hello = encodeMuxHello();
const alive = (rid: number, pid = 4321): Buffer => encodeMux(muxType.alive, wireUint32(rid), wireUint32(pid));
const proxied = (rid: number): Buffer => encodeMux(muxType.proxyReply, wireUint32(rid));
const flood = Buffer.alloc(256 * 1024, 0xff);

/** What the program sends when a client connects. */
const pretenders: readonly (readonly [name: string, sends: readonly Uint8Array[], ends?: "ends"])[] = [
  ["says nothing", []],
  ["closes at once", [], "ends"],
  ["sends garbage", [Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")]],
  ["sends a frame without end", [wireUint32(0xffffffff), flood]],
  ["speaks version 3", [encodeMux(muxType.hello, wireUint32(3))]],
  ["says hello and stops", [hello]],
  ["says hello again and again", Array.from({ length: 2_000 }, () => hello)],
  ["answers a request that was not made", [hello, alive(7)]],
  [
    "refuses to be asked",
    [hello, encodeMux(muxType.failure, wireUint32(0), wireString("\u001b]0;no\u0007"))],
  ],
  ["is alive and closes", [hello, alive(0)], "ends"],
  ["has no proxy mode", [hello, alive(0), encodeMux(muxType.failure, wireUint32(1), wireString("no"))]],
  ["answers another request with its proxy mode", [hello, proxied(0)]],
  ["sends garbage instead of messages", [hello, alive(0), proxied(1), flood]],
  ["never answers an open", [hello, alive(0), proxied(1)]],
  [
    "sends data for channels that do not exist",
    [hello, alive(0), proxied(1), encodeProxyFrame(peerSends.data(99, "x".repeat(1000)))],
  ],
  [
    "confirms twice what was opened once",
    [
      ...[hello, alive(0), proxied(1)],
      ...[encodeProxyFrame(peerSends.confirmation(0, 1)), encodeProxyFrame(peerSends.confirmation(0, 1))],
    ],
  ],
];

attack.each(pretenders)("a program at a ControlPath that %s", onePeer, async (name, sends, ends) => {
  const path = join(await newFolder(), "control");
  await pretendMaster(path, (socket) => {
    for (const bytes of sends) {
      socket.write(bytes);
    }
    if (ends === "ends") {
      socket.end();
    }
    socket.resume();
  });
  const found = await findMaster(path, clock, new AbortController().signal);
  // Only what it says: nobody acts on the number.
  expect(found?.pid ?? 4321).toBe(4321);
  const outcome = await rideMaster(
    path,
    { clock, logger: new RecordingLogger() },
    new AbortController().signal,
  );
  if (outcome.kind === "rides") {
    // It has confirmed a session before it broke the protocol.
    expect(name).toMatch(/confirms twice/);
    defer(() => outcome.connection.destroy());
  } else {
    expect(["silent", "unfit"]).toContain(outcome.kind);
  }
});

attack("a socket that is replaced between the check and its use", onePeer, async () => {
  const folder = await newFolder();
  const path = join(folder, "control");
  const other = join(folder, "other");
  await pretendMaster(other, (socket) => socket.destroy());
  await pretendMaster(path, (socket) => {
    void rename(other, path).then(() => socket.write(Buffer.concat([hello, alive(0), proxied(1)])));
  });
  const outcome = await rideMaster(
    path,
    { clock, logger: new RecordingLogger() },
    new AbortController().signal,
  );
  expect(outcome.kind).not.toBe("rides");
});

attack("sockets that accept and say nothing, for each of many hosts", { size: 40 }, async (size) => {
  const folder = await newFolder();
  let [now, most] = [0, 0];
  const listed: HostControlPath[] = [];
  for (let index = 0; index < size; index++) {
    const path = join(folder, `control${index}`);
    await pretendMaster(path, (socket) => {
      now++;
      most = Math.max(most, now);
      socket.resume().once("close", () => now--);
    });
    listed.push({ alias: `web${index}`, path, user: "me", hostName: `web${index}`, port: 22 });
  }
  const masters = new UserMasters({
    paths: {
      controlPaths: async () => listed,
      controlPath: async () => undefined,
      onDidChange: () => ({ dispose: () => {} }),
    },
    consent: { isOff: false, choiceFor: async () => true, ask: async () => true, remember: async () => {} },
    clock,
    logger: new RecordingLogger(),
  });
  defer(() => masters.dispose());
  await masters.look();
  expect(masters.masters()).toEqual([]);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(16);
});
