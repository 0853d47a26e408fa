import { expect } from "vitest";
import { never } from "../engine/contract/channels.ts";
import { attack, defer, engine, onePeer } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { bool, msg, str } from "./support/hostilePackets.ts";
import { hostilePair, listenHostile } from "./support/hostileServer.ts";

attack("the test server accepts our client and rekeys, over TCP", onePeer, async () => {
  const listener = await listenHostile((peer) => peer.letIn());
  defer(() => listener.close());
  const connection = await engine.connect(hostileRequest(listener), never());
  defer(() => connection.destroy());
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

attack("the test server accepts our client, over a stream in memory", onePeer, async () => {
  const { peer, transport } = hostilePair();
  const [connection] = await Promise.all([
    engine.connect(hostileRequest({ transport }), never()),
    peer.letIn(),
  ]);
  defer(() => connection.destroy());
  peer.send(msg(80, str("anything@example.org"), bool(true)));
  expect((await peer.nextOf(82))?.length).toBe(1);
});
