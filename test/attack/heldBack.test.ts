import { expect } from "vitest";
import { never } from "../engine/contract/channels.ts";
import { heldMemory } from "../support/heldMemory.ts";
import { attack, defer, engine } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { bool, msg, str } from "./support/hostilePackets.ts";
import { type HostilePeer, hostilePair } from "./support/hostileServer.ts";
import { longestBlock } from "./support/longestBlock.ts";

/** The queue during a key exchange is limited in pieces and in bytes, in both directions. */

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function heldBytes(before: ReturnType<typeof heldMemory>): number {
  const after = heldMemory();
  return after.heap + after.external - before.heap - before.external;
}

attack(
  "a quarter of a megabyte in single bytes while the user is asked about the host key",
  { size: 450 },
  async (size) => {
    const { peer, transport } = hostilePair();
    defer(() => peer.destroy());
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const verifier = {
      preferredAlgorithms: async () => [],
      verify: () => {
        begin();
        return answered;
      },
    };
    const login = engine.connect(hostileRequest({ transport }, { verifier }), never());
    login.catch(() => {});
    const served = peer.startLogin();
    await begun;

    // 248 kB: above 256 KiB the socket would wait. Above 1,000 messages before the login the connection would end.
    const ignored = Array.from({ length: size }, () => peer.seal(msg(2, str(Buffer.alloc(236)))));
    const wire = Buffer.concat(ignored);
    const before = heldMemory();
    for (let at = 0; at < wire.length; at++) {
      peer.raw(Buffer.copyBytesFrom(wire, at, 1));
      if (at % 500 === 0) {
        await turn();
      }
    }
    await turn();
    expect(heldBytes(before)).toBeLessThan(8_000_000);

    const { block } = await longestBlock(async () => {
      answer();
      await served;
    });
    expect(block).toBeLessThan(50);
  },
);

/**
 * Logs in, starts a key exchange from our side that the server leaves pending; then requests the given number of
 * replies.
 */
async function askInExchange(message: Buffer, count: number) {
  const { peer, transport } = hostilePair();
  defer(() => peer.destroy());
  const login = engine.connect(hostileRequest({ transport }), never());
  await peer.letIn();
  const connection = await login;
  defer(() => connection.destroy());
  peer.exchangesByItself = false;
  const begun = peer.nextOf(20);
  connection.rekey();
  const init = await begun;
  if (init === undefined) {
    throw new Error("no key exchange has begun");
  }
  await ask(peer, message, count);
  return { peer, connection, init };
}

async function ask(peer: HostilePeer, message: Buffer, count: number): Promise<void> {
  for (let sent = 0; sent < count && !peer.ended; sent += 100) {
    peer.raw(Buffer.concat(Array.from({ length: 100 }, () => peer.seal(message))));
    await turn();
    await turn();
  }
}

const asking = {
  "global requests": msg(80, str("anything@example.org"), bool(true)),
  "messages of an unknown number": msg(200),
};

attack.each(Object.entries(asking))(
  "%s during our key exchange end the connection",
  { size: 30_000 },
  async (_name, message, size) => {
    const before = heldMemory();
    const { connection } = await askInExchange(message, size);
    expect(connection.ended).toMatchObject({ reason: "protocol" });
    expect(heldBytes(before)).toBeLessThan(8_000_000);
  },
);

attack.each(Object.entries(asking))(
  "%s below the limit are answered after it, without blocking",
  { size: 900 },
  async (_name, message, size) => {
    const { peer, connection, init } = await askInExchange(message, size);
    const { block } = await longestBlock(() => peer.takeUp(init));
    const answers = (): number => (peer.counts.get(82) ?? 0) + (peer.counts.get(3) ?? 0);
    while (answers() < size && connection.ended === undefined) {
      await turn();
    }
    expect(answers()).toBe(size);
    // Includes the time of the server, which reads all the replies in this process.
    expect(block).toBeLessThan(250);
  },
);
