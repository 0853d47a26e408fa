import { afterEach, expect, test } from "vitest";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { never } from "../engine/contract/channels.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { bool, msg, str } from "./support/hostilePackets.ts";
import { type HostileListener, hostilePair, listenHostile } from "./support/hostileServer.ts";

const listeners: HostileListener[] = [];
const connections: EngineConnection[] = [];

afterEach(() => {
  for (const connection of connections.splice(0)) {
    connection.destroy();
  }
  for (const listener of listeners.splice(0)) {
    listener.close();
  }
});

test("the hand-made server lets our client in and exchanges keys again, over TCP", async () => {
  const listener = await listenHostile((peer) => peer.letIn());
  listeners.push(listener);
  const connection = await new Ssh2Engine().connect(hostileRequest(listener), never());
  connections.push(connection);
  const [peer] = listener.peers;
  for (let count = 0; count < 3; count++) {
    await peer?.exchange();
    const pinged = connection.ping(never());
    await peer?.nextOf(80);
    peer?.send(msg(82));
    await pinged;
  }
  expect(peer?.exchanges).toBe(4);
});

test("the hand-made server lets our client in, over a stream in memory", async () => {
  const { peer, transport } = hostilePair();
  const [connection] = await Promise.all([
    new Ssh2Engine().connect(hostileRequest({ transport }), never()),
    peer.letIn(),
  ]);
  connections.push(connection);
  peer.send(msg(80, str("anything@example.org"), bool(true)));
  expect((await peer.nextOf(82))?.length).toBe(1);
});
