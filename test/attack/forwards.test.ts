import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { describe, expect } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { Deadline } from "../../src/base/deadline.ts";
import { wireString, wireUint32 } from "../../src/base/wire.ts";
import type { ForwardTarget } from "../../src/config/forwardSpec.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { ForwardError } from "../../src/engine/engineErrors.ts";
import { ConnectionTable } from "../../src/forward/connectionTable.ts";
import { DescriptorBudget } from "../../src/forward/descriptorBudget.ts";
import { DialledSockets } from "../../src/forward/dialledSockets.ts";
import { LocalClients } from "../../src/forward/localClients.ts";
import { remoteHandler } from "../../src/forward/remoteSide.ts";
import type { Master } from "../../src/master/master.ts";
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

function endWithTest(server: Server, sockets: Iterable<Socket>): void {
  defer(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
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
  endWithTest(server, sockets);
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

interface LocalForward extends Omit<Forwarding, "connection"> {
  readonly connection: EngineConnection;
  readonly listens: number;
  /** Stops the forward. */
  readonly run: AbortController;
}

/** A forward whose listener is here, and whose server answers only as the test does. */
async function localForward(): Promise<LocalForward> {
  const { connection, peer, table, budget } = await forwarding(undefined);
  const run = new AbortController();
  const master = {
    channels: {
      forward: (...[target, originator, signal]: Parameters<EngineConnection["openForward"]>) =>
        connection.openForward(target, originator, signal),
    },
  } as unknown as Master;
  const sockets = new Set<Socket>();
  const clients = new LocalClients({
    ...{ clock: systemClock, table, share: budget.share(), run: run.signal, idleLimit: 0 },
    target: { type: "tcp", host: "db", port: 5432 },
    master: { current: master, ready: async () => master },
    deadline: () =>
      new Deadline(systemClock, 500, () => new ForwardError("not-connected", "too late"), run.signal),
    onLoop: () => {},
  });
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on("error", () => {});
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void clients.serve(socket);
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 });
  await once(server, "listening");
  endWithTest(server, sockets);
  const address = server.address();
  return {
    connection,
    peer,
    table,
    budget,
    run,
    listens: typeof address === "object" ? (address?.port ?? 0) : 0,
  };
}

function client(port: number): { readonly socket: Socket; readonly closed: Promise<unknown> } {
  const socket = connect({ port, host: "127.0.0.1" });
  defer(() => socket.destroy());
  socket.on("error", () => {});
  socket.resume();
  return { socket, closed: new Promise((resolve) => socket.once("close", resolve)) };
}

/** The numbers of the channels that we open, as the server learns them. */
function openings(peer: HostilePeer, react: (id: number) => void): number[] {
  const ids: number[] = [];
  peer.onMessage = (bytes) => {
    if (bytes[0] === 90) {
      const id = bytes.readUInt32BE(5 + bytes.readUInt32BE(1));
      ids.push(id);
      react(id);
    }
    return true;
  };
  return ids;
}

describe("a server with a local forward", () => {
  attack(
    "that confirms no connection: clients that vanish leave nothing once the forward stops",
    { size: 50 },
    async (size) => {
      const { connection, peer, table, budget, run, listens } = await localForward();
      const ids = openings(peer, () => {});
      const clients = Array.from({ length: size }, () => client(listens));
      await until(() => ids.length === size, "the requests");
      for (const [index, { socket }] of clients.entries()) {
        index % 2 === 0 ? socket.resetAndDestroy() : socket.end();
      }
      run.abort();
      await until(() => budget.used === 0, "the end of the connections");
      expect(table.snapshot()).toMatchObject({ openConnections: 0, taken: size });
      // Late confirmations: the channels are closed, and the connection stays.
      const closed: number[] = [];
      peer.onMessage = (bytes) => {
        if (bytes[0] === 97) {
          closed.push(bytes.readUInt32BE(1));
        }
        return true;
      };
      for (const id of ids) {
        peer.send(peerSends.confirmation(id, id));
      }
      await until(() => closed.length === size, "the ends of the channels");
      expect(connection.ended).toBeUndefined();
    },
  );

  attack(
    "that confirms a connection twice ends its own connection, and the clients see an error",
    onePeer,
    async () => {
      const { connection, peer, table, listens } = await localForward();
      openings(peer, (id) => {
        peer.send(peerSends.confirmation(id, 0));
        peer.send(peerSends.confirmation(id, 1));
      });
      await client(listens).closed;
      await until(() => table.snapshot().openConnections === 0, "the end of the connection");
      expect(connection.ended).toMatchObject({ reason: "protocol", error: { reason: "not-opening" } });
    },
  );

  attack(
    "that confirms and closes each connection at once costs one channel at a time",
    { size: 100 },
    async (size) => {
      const { connection, peer, table, budget, listens } = await localForward();
      openings(peer, (id) => {
        peer.raw(
          Buffer.concat([peerSends.confirmation(id, id), peerSends.close(id)].map((one) => peer.seal(one))),
        );
      });
      await Promise.all(Array.from({ length: size }, () => client(listens).closed));
      await until(() => budget.used === 0, "the end of the connections");
      expect(table.snapshot()).toMatchObject({ openConnections: 0, taken: size, failed: 0 });
      expect(connection.ended).toBeUndefined();
    },
  );

  attack(
    "that accepts packets of one byte only does not keep others waiting while a client uploads",
    { size: 10_000 },
    async (size) => {
      const { peer, listens } = await localForward();
      let received = 0;
      openings(peer, (id) => peer.send(peerSends.confirmation(id, 0, 10_000_000, 1)));
      const { socket } = client(listens);
      const count = peer.onMessage;
      peer.onMessage = (bytes) => {
        if (bytes[0] === 94) {
          received += bytes.readUInt32BE(5);
          return true;
        }
        return count?.(bytes) ?? true;
      };
      socket.write(Buffer.alloc(size));
      await until(() => received === size, "the data");
    },
  );
});
