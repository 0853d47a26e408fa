import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { wireBoolean, wireString, wireUint32 } from "../../src/base/wire.ts";
import type { RelayedClient } from "../../src/engine/channels/relay/relayTypes.ts";
import { encodeMux, encodeMuxHello, encodeProxyFrame, muxType } from "../../src/engine/mux/muxMessages.ts";
import type { Master } from "../../src/master/master.ts";
import { MuxConversation } from "../../src/share/muxConversation.ts";
import { until } from "../lab/until.ts";
import { bytes, peerSends } from "../support/channelMessages.ts";
import { RelayedConnection } from "../support/relayEnds.ts";
import { attack, defer, onePeer } from "./support/attackTest.ts";
import { asAttacker } from "./support/longestBlock.ts";

interface Served {
  /** The program's end of the socket. */
  readonly program: Socket;
  readonly refusals: string[];
  readonly clients: RelayedClient[];
  readonly connection: RelayedConnection;
  /** The number of change events for the rows of programs. */
  changes: number;
}

/** A program at our socket, where a connection in memory has its relay. */
async function served(): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "programs-"));
  defer(() => rm(folder, { recursive: true, force: true }));
  const connection = new RelayedConnection();
  const found: Omit<Served, "program"> = { refusals: [], clients: [], connection, changes: 0 };
  connection.relay.onDidChange(() => found.changes++);
  const server = createServer((socket) => {
    const conversation = new MuxConversation({
      socket,
      clock: systemClock,
      // Only its id is read.
      attach: () => ({ master: { id: "m1" } as Master, relay: connection.relay, dispose() {} }),
      elsewhere: async () => undefined,
      attached: (client) => void found.clients.push(client),
      closed: () => {},
      full: () => {},
      refused: (text) => void found.refusals.push(text),
    });
    defer(() => conversation.dispose());
  });
  server.listen(join(folder, "s"));
  await once(server, "listening");
  defer(() => server.close());
  const program = connect(join(folder, "s"));
  program.on("error", () => {});
  defer(() => program.destroy());
  await once(program, "connect");
  program.write(encodeMuxHello());
  return Object.assign(found, { program });
}

async function attached(): Promise<Served & { readonly client: RelayedClient }> {
  const each = await served();
  each.program.resume();
  each.program.write(encodeMux(muxType.proxy, wireUint32(0)));
  await until(() => each.clients.length === 1, "the program is attached");
  const [client] = each.clients;
  if (client === undefined) {
    throw new Error("no client");
  }
  return Object.assign(each, { client });
}

/** Writes as fast as the other end reads. */
async function pour(socket: Socket, count: number, message: Uint8Array): Promise<void> {
  const block = asAttacker(() => Buffer.concat(new Array<Uint8Array>(500).fill(message)));
  for (let sent = 0; sent < count && !socket.destroyed; sent += 500) {
    if (!socket.write(block)) {
      await new Promise<void>((resolve) => socket.once("drain", resolve).once("close", () => resolve()));
    }
    await turn();
  }
}

describe("a program at the socket of a connection", () => {
  attack.each<readonly [string, Buffer]>([
    ["whether we are there", encodeMux(muxType.aliveCheck, wireUint32(1))],
    ["for what no program gets", encodeMux(muxType.terminate, wireUint32(1))],
    [
      "for sessions with descriptors",
      Buffer.concat([encodeMux(muxType.newSession, wireUint32(1)), Buffer.alloc(3)]),
    ],
  ])(
    "that asks %s without end, and reads no answers, is disconnected",
    { size: 200_000 },
    async (_, message, size) => {
      const { program, refusals } = await served();
      program.pause();
      await pour(program, size, message);
      program.resume();
      await until(() => program.destroyed, "the end of the program");
      expect(refusals).toEqual(["It does not read what it requested"]);
    },
  );

  attack("that names endless commands on many channels keeps little of them here", onePeer, async () => {
    const { program, client, connection } = await attached();
    connection.server.accept = () => Promise.resolve((channel) => connection.server.accepted.push(channel));
    const target = Buffer.concat([wireString("h"), wireUint32(1), wireString("h"), wireUint32(1)]);
    for (let sender = 0; sender < 200; sender++) {
      program.write(encodeProxyFrame(Buffer.concat([peerSends.open("direct-tcpip", sender), target])));
    }
    await until(() => client.channels.length === 200, "all channels are open");
    await until(() => connection.server.accepted.length === 200, "all channels are open");
    const exec = Buffer.concat([wireString("exec"), wireBoolean(false), wireString("x".repeat(200_000))]);
    for (const { localId } of connection.server.accepted) {
      if (!program.write(encodeProxyFrame(bytes(98, wireUint32(localId), exec)))) {
        await once(program, "drain");
      }
    }
    await until(() => client.channels.every(({ command }) => command !== undefined), "all commands");
    expect(Math.max(...client.channels.map(({ command }) => command?.length ?? 0))).toBeLessThan(5_000);
    connection.sent.length = 0;
    connection.server.sent.length = 0;
  });
});
