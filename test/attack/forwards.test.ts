import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { wireString, wireUint32 } from "../../src/base/wire.ts";
import type { ForwardTarget } from "../../src/config/forwardSpec.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { ConnectionTable } from "../../src/forward/connectionTable.ts";
import { DescriptorBudget } from "../../src/forward/descriptorBudget.ts";
import { DialledSockets } from "../../src/forward/dialledSockets.ts";
import { remoteHandler } from "../../src/forward/remoteSide.ts";
import { never } from "../engine/contract/channels.ts";
import { until } from "../lab/until.ts";
import { peerSends } from "../support/channelMessages.ts";
import { attack, defer, engine, onePeer } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { type HostilePeer, listenHostile } from "./support/hostileServer.ts";
import { asAttacker } from "./support/longestBlock.ts";

const port = 8_080;

interface Forwarding {
  readonly connection: EngineConnection;
  readonly peer: HostilePeer;
  readonly table: ConnectionTable;
  readonly budget: DescriptorBudget;
}

/** A server that was asked to listen and can open channels for the forward. */
async function forwarding(target: ForwardTarget | undefined): Promise<Forwarding> {
  const listener = await listenHostile((peer) => peer.letIn());
  defer(() => listener.close());
  const connection = await engine.connect(hostileRequest(listener), never());
  defer(() => connection.destroy());
  const [peer] = listener.peers;
  if (peer === undefined) {
    throw new Error("nobody has connected");
  }
  const table = new ConnectionTable(systemClock, () => {});
  const budget = new DescriptorBudget(300);
  const sockets = new Set<Socket>();
  defer(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  const handler = remoteHandler({
    ...{ id: "f1", table, share: budget.share(), dialled: new DialledSockets() },
    ...{ target, permitted: undefined, idleLimit: 0 },
    onLoop: (error) => {
      throw error;
    },
    deadline: () => ({ signal: never(), dispose: () => {} }),
    track: (socket) => void sockets.add(socket),
  });
  const listening = connection.listen({ type: "tcp", host: "", port }, handler, never());
  await peer.nextOf(80);
  peer.send(Buffer.of(81));
  await listening;
  return { connection, peer, table, budget };
}

function forwardedOpen(sender: number, originator = "192.0.2.1"): Buffer {
  return Buffer.concat([
    peerSends.open("forwarded-tcpip", sender, 100_000, 32_768),
    wireString(""),
    wireUint32(port),
    wireString(originator),
    wireUint32(5),
  ]);
}

interface Answers {
  readonly confirmed: { readonly id: number; readonly window: number }[];
  readonly refused: number[];
}

/** Opens a number of channels, and waits for all replies. */
async function openAll(peer: HostilePeer, count: number, originator?: string): Promise<Answers> {
  const answers: Answers = { confirmed: [], refused: [] };
  peer.onMessage = (bytes) => {
    if (bytes[0] === 91) {
      answers.confirmed.push({ id: bytes.readUInt32BE(5), window: bytes.readUInt32BE(9) });
    } else if (bytes[0] === 92) {
      answers.refused.push(bytes.readUInt32BE(5));
    }
    return bytes[0] === 91 || bytes[0] === 92;
  };
  const opens = asAttacker(() =>
    Buffer.concat(Array.from({ length: count }, (_, index) => peer.seal(forwardedOpen(index, originator)))),
  );
  peer.raw(opens);
  await until(() => answers.confirmed.length + answers.refused.length === count, "the last answer");
  return answers;
}

/** A local program that accepts all connections and reads nothing. */
async function deafTarget(): Promise<ForwardTarget & { readonly type: "tcp" }> {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  defer(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  const address = server.address();
  return { type: "tcp", host: "127.0.0.1", port: typeof address === "object" ? (address?.port ?? 0) : 0 };
}

describe("a server with a remote forward", () => {
  attack(
    "that opens endless channels without a target gets a thousand, and the rest are refused",
    { size: 1_500 },
    async (size) => {
      const { connection, peer, table } = await forwarding(undefined);
      const { confirmed, refused } = await openAll(peer, size);
      expect([confirmed.length, new Set(refused)]).toEqual([1_024, new Set([4])]);
      expect(table.snapshot().openConnections).toBe(1_024);
      // Channels that it closes make room.
      for (const { id } of confirmed.slice(0, 100)) {
        peer.send(peerSends.close(id));
      }
      expect((await openAll(peer, 200)).confirmed).toHaveLength(100);
      expect(connection.ended).toBeUndefined();
    },
  );

  attack(
    "that fills the windows of all channels, while the target reads nothing, costs bounded memory",
    { size: 60 },
    async (size) => {
      const { connection, peer } = await forwarding(await deafTarget());
      const { confirmed } = await openAll(peer, size);
      expect(confirmed).toHaveLength(size);
      expect(confirmed.reduce((sum, { window }) => sum + window, 0)).toBeLessThan(40e6);
      for (const { id, window } of confirmed) {
        for (let sent = 0; sent + 32_000 <= window; sent += 32_000) {
          if (!peer.send(peerSends.data(id, Buffer.alloc(32_000)))) {
            await Promise.race([once(peer.stream, "drain"), peer.gone]);
          }
        }
      }
      expect(connection.ended).toBeUndefined();
    },
  );

  attack("whose clients have names of 30 KB costs no more than with short names", onePeer, async () => {
    const { peer, table } = await forwarding(await deafTarget());
    await openAll(peer, 200, "x".repeat(30_000));
    const { connections, openConnections } = table.snapshot();
    expect(openConnections).toBe(200);
    expect(Math.max(...connections.map(({ from }) => from?.length ?? 0))).toBeLessThan(300);
  });
});
