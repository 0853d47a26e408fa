import { describe, expect, test } from "vitest";
import { wireBoolean, wireString, wireUint32 } from "../../../../../src/base/wire.ts";
import type { Channel } from "../../../../../src/engine/channels/channel.ts";
import { bytes, peerSends } from "../../../../support/channelMessages.ts";
import { programWithChannel, RelayedConnection, type RelayProgram } from "../../../../support/relayEnds.ts";

const nothing = Buffer.alloc(0);
const never = (): AbortSignal => new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A program's session, and the server's end of it. */
async function session(
  connection: RelayedConnection,
  program: RelayProgram,
  window = 1000,
): Promise<{ channel: Channel; server: Channel }> {
  const before = connection.server.accepted.length;
  const channel = await program.end.table.open("session", window, nothing, never());
  const server = connection.server.accepted[before];
  if (server === undefined) {
    throw new Error("the server has no channel");
  }
  return { channel, server };
}

function received(channel: Channel): string[] {
  const text: string[] = [];
  channel.onDidReceive(({ data }) => text.push(Buffer.from(data).toString("latin1")));
  channel.resume();
  return text;
}

describe("the relay passes the channels of programs through", () => {
  test("data, EOF, exit status and close pass in both directions, and nothing is left", async () => {
    const connection = new RelayedConnection();
    const program = connection.program();
    const { channel, server } = await session(connection, program);
    const [there, here] = [received(server), received(channel)];
    const exits: unknown[] = [];
    channel.onDidClose(({ exit }) => exits.push(exit));
    channel.write(Buffer.from("ping"));
    channel.eof();
    server.write(Buffer.from("pong"));
    server.notify("exit-status", "", wireUint32(3));
    server.eof();
    server.close();
    expect([there, here, exits]).toEqual([["ping"], ["pong"], [{ code: 3 }]]);
    expect([program.client.channels, connection.relay.unacknowledged]).toEqual([[], 0]);
  });

  test("programs and this extension use the same numbers without getting each other's messages", async () => {
    const connection = new RelayedConnection();
    const own = await connection.table.open("session", 1000, nothing, never());
    const programs = [connection.program(), connection.program()];
    const sessions = await Promise.all(programs.map((program) => session(connection, program)));
    const texts = [received(own), ...sessions.map(({ channel }) => received(channel))];
    expect(sessions.map(({ channel }) => channel.localId)).toEqual([0, 0]);
    for (const [at, channel] of connection.server.accepted.entries()) {
      channel.write(Buffer.from(`for ${at}`));
    }
    expect(texts).toEqual([["for 0"], ["for 1"], ["for 2"]]);
  });

  test("the other end grants a window, not the relay", async () => {
    const connection = new RelayedConnection();
    const { channel, server } = await session(connection, connection.program(), 10);
    server.write(Buffer.alloc(25, "x"));
    expect(server.queuedBytes).toBe(15);
    const text = received(channel);
    await turn();
    expect(text.join("")).toHaveLength(25);
    expect(server.queuedBytes).toBe(0);
  });

  test("a refused channel is refused to the program, and its number is free", async () => {
    const connection = new RelayedConnection();
    connection.server.accept = () => 4;
    const program = connection.program();
    const open = program.end.table.open("session", 10, nothing, never());
    await expect(open).rejects.toMatchObject({ reason: "refused", code: 4 });
    expect([program.client.channels, connection.relay.sessions]).toEqual([[], 0]);
  });

  test("a program's command, traffic and reported name are recorded", async () => {
    const connection = new RelayedConnection();
    const program = connection.program();
    const { channel, server } = await session(connection, program);
    channel.notify("env", "", Buffer.concat([wireString("SSH_SESSIONS_CLIENT"), wireString("git 12")]));
    channel.notify("exec", "", wireString("make all"));
    channel.write(Buffer.alloc(7));
    server.write(Buffer.alloc(5));
    connection.fromServer(peerSends.extended(connection.sentOf(90)[0]?.readUInt32BE(12) ?? 0, 1, "err!"));
    expect(program.client.claim).toBe("git 12");
    expect(program.client.channels).toEqual([
      { type: "session", command: "make all", bytesIn: 9, bytesOut: 7 },
    ]);
    // The name is not passed on.
    expect(connection.sent.some((sent) => sent.includes("SSH_SESSIONS_CLIENT"))).toBe(false);
  });

  const named = (name: string, wantReply = false): Buffer =>
    peerSends.request(
      7,
      "env",
      wantReply,
      Buffer.concat([wireString("SSH_SESSIONS_CLIENT"), wireString(name)]),
    );

  test.each([
    ["n".repeat(200), "n".repeat(200)],
    ["n".repeat(201), ""],
  ])("a program's first reported name counts, if it is not too long", (reported, claim) => {
    const { connection, program } = programWithChannel();
    const before = connection.sent.length;
    program.client.receive(named(reported, true));
    program.client.receive(named("another"));
    expect([program.client.claim, program.got.slice(1), connection.sent.length]).toEqual([
      claim,
      [peerSends.success(5)],
      before,
    ]);
  });

  test.each([
    ["subsystem", wireString("sftp"), "sftp"],
    ["exec", wireString("c".repeat(1001)), "c".repeat(1000)],
    ["shell", nothing, undefined],
    ["signal", wireString("TERM"), undefined],
  ])(
    "the request %s is recorded as a program's command only if it is one, and cut",
    (name, rest, command) => {
      const { program } = programWithChannel();
      program.client.receive(peerSends.request(7, name, false, rest));
      expect(program.client.channels).toMatchObject([{ command }]);
    },
  );

  test("a request without a reply gets none, and delays no reply to a later one", () => {
    const { program } = programWithChannel();
    const x11 = Buffer.concat([wireBoolean(false), wireString("a"), wireString("b"), wireUint32(0)]);
    program.client.receive(peerSends.request(7, "shell", false));
    program.client.receive(peerSends.request(7, "x11-req", false, x11));
    expect(program.got.slice(1)).toEqual([]);
    program.client.receive(peerSends.request(7, "x11-req", true, x11));
    expect(program.got.slice(1)).toEqual([peerSends.requestFailed(5)]);
  });

  test("the server's keepalive request is answered for a stopped program", () => {
    const { connection, program, local } = programWithChannel();
    connection.fromServer(peerSends.request(local, "keepalive@openssh.com", true));
    expect(connection.sentOf(100)).toEqual([peerSends.requestFailed(7)]);
    expect(program.gotOf(98)).toEqual([]);
    connection.fromServer(peerSends.success(local));
    expect(program.gotOf(99)).toEqual([]);
    // Nothing of that was a message for this extension's own channels.
    expect([...connection.table.forgiven]).toEqual([]);
  });

  test("the server's keepalive request is not answered on a channel that the program has closed", () => {
    const { connection, program, local } = programWithChannel();
    program.client.receive(peerSends.close(7));
    connection.fromServer(peerSends.request(local, "keepalive@openssh.com", true));
    expect(connection.sentOf(100)).toEqual([]);
  });

  test("refusals are in the order of the requests, after replies that the server still owes", () => {
    const { connection, program, local } = programWithChannel();
    const x11 = Buffer.concat([wireBoolean(false), wireString("a"), wireString("b"), wireUint32(0)]);
    program.client.receive(peerSends.request(7, "shell", true));
    program.client.receive(peerSends.request(7, "x11-req", true, x11));
    program.client.receive(peerSends.request(7, "shell", true));
    expect(program.got.slice(1)).toEqual([]);
    connection.fromServer(peerSends.success(local));
    connection.fromServer(peerSends.success(local));
    expect(program.got.slice(1)).toEqual([
      peerSends.success(5),
      peerSends.requestFailed(5),
      peerSends.success(5),
    ]);
  });

  test("agent forwarding is requested only if it is allowed, and ends with its channel", () => {
    const { connection, program, local } = programWithChannel();
    program.client.receive(peerSends.request(7, "auth-agent-req@openssh.com", false));
    expect(connection.sentOf(98)).toEqual([]);
    connection.hasAgent = true;
    program.client.receive(peerSends.request(7, "auth-agent-req@openssh.com", false));
    expect([connection.sentOf(98).length, connection.agents]).toEqual([1, 1]);
    program.client.receive(peerSends.close(7));
    connection.fromServer(peerSends.close(local));
    expect(connection.agents).toBe(0);
  });

  test("a program's replies to requests are ignored: the relay has answered them", () => {
    const { connection, program } = programWithChannel();
    const before = connection.sent.length;
    for (const reply of [bytes(81), bytes(82), peerSends.success(7), peerSends.requestFailed(7)]) {
      program.client.receive(reply);
    }
    expect([program.ended, connection.sent.length]).toEqual([undefined, before]);
    program.client.receive(Buffer.concat([peerSends.success(7), Buffer.of(0)]));
    expect(program.ended?.reason).toBe("violation");
  });
});

describe("the relay reports", () => {
  test("whether the wire accepts data, and when it does again, until the connection ends", () => {
    const { connection } = programWithChannel();
    let drains = 0;
    let changes = 0;
    connection.relay.onDidDrain(() => drains++);
    connection.relay.onDidChange(() => changes++);
    expect(connection.relay.congested).toBe(false);
    connection.congested = true;
    expect(connection.relay.congested).toBe(true);
    connection.relay.resumeSending();
    connection.program();
    expect([drains, changes]).toEqual([1, 1]);
    connection.relay.end();
    connection.relay.resumeSending();
    connection.program();
    expect([drains, changes]).toEqual([1, 1]);
  });

  test("whether a client may keep the memory of the server's messages", () => {
    const { connection } = programWithChannel();
    expect(connection.relay.ownsMessages).toBe(false);
    connection.ownsMessages = true;
    expect(connection.relay.ownsMessages).toBe(true);
  });

  test("each change of what a program has: channels, a command, its name, its end", () => {
    const connection = new RelayedConnection();
    connection.server.accept = () => new Promise(() => {});
    const program = connection.program();
    let changes = 0;
    connection.relay.onDidChange(() => changes++);
    const step = (work: () => void): number => {
      const before = changes;
      work();
      return changes - before;
    };
    const { client } = program;
    expect(step(() => client.receive(peerSends.open("session", 5)))).toBe(1);
    const local = connection.sentOf(90)[0]?.readUInt32BE(12) ?? 0;
    expect(local).toBeGreaterThan(0x40000000);
    connection.fromServer(peerSends.confirmation(local, 7));
    const name = Buffer.concat([wireString("SSH_SESSIONS_CLIENT"), wireString("git")]);
    expect(step(() => client.receive(peerSends.request(7, "env", false, name)))).toBe(1);
    expect(step(() => client.receive(peerSends.request(7, "exec", false, wireString("id"))))).toBe(1);
    client.receive(peerSends.close(7));
    expect(step(() => connection.fromServer(peerSends.close(local)))).toBe(1);
    expect(step(() => client.dispose())).toBe(1);
  });

  test("the programs' sessions, and their data that the server has not acknowledged", () => {
    const { connection, program, local } = programWithChannel();
    const other = connection.program();
    const address = [wireString("db"), wireUint32(1), wireString("x"), wireUint32(2)];
    other.client.receive(Buffer.concat([peerSends.open("direct-tcpip", 5), ...address]));
    other.client.receive(Buffer.concat([peerSends.open("direct-tcpip", 6), ...address]));
    expect(connection.relay.sessions).toBe(1);
    expect([program.client.sessions, other.client.sessions]).toEqual([1, 0]);
    program.client.receive(peerSends.data(7, Buffer.alloc(20)));
    program.client.receive(peerSends.extended(7, 1, Buffer.alloc(20)));
    program.client.receive(peerSends.data(7, Buffer.alloc(10)));
    expect([program.ended, connection.relay.unacknowledged]).toEqual([undefined, 50]);
    connection.fromServer(peerSends.adjust(local, 45));
    expect(connection.relay.unacknowledged).toBe(5);
  });
});

describe("invalid messages of the server for a program's channel", () => {
  test.each([
    ["a message that ends within its channel's number", Buffer.of(94, 0, 0)],
    ["a truncated open", peerSends.open("forwarded-tcpip", 3).subarray(0, -1)],
    ["data for a closed channel", undefined],
  ])("%s is left to the channel table, which ends the connection", (_, sent) => {
    const { connection, local } = programWithChannel();
    connection.fromServer(peerSends.close(local));
    connection.fromServer(sent ?? peerSends.data(local, "late"));
    expect(connection.violation?.name).toBe("ProtocolError");
  });

  test("a truncated request is passed on, and a notice that no channel concerns is left to the table", () => {
    const { connection, program, local } = programWithChannel();
    connection.fromServer(bytes(98, wireUint32(local), wireString("exit-status")));
    expect(program.gotOf(98)).toHaveLength(1);
    connection.fromServer(peerSends.globalRequest("hostkeys-00@openssh.com"));
    expect([program.got.length, connection.violation]).toEqual([2, undefined]);
  });

  test.each<[what: string, sent: (local: number) => Buffer]>([
    ["a truncated confirmation", (local) => peerSends.confirmation(local, 9).subarray(0, -1)],
    [
      "a confirmation with a surplus byte",
      (local) => Buffer.concat([peerSends.confirmation(local, 9), Buffer.of(0)]),
    ],
    ["a confirmation of nothing", (local) => bytes(91, wireUint32(local))],
  ])("%s is left to the channel table, and the program gets nothing", (_, sent) => {
    const { connection, program } = programWithChannel();
    program.client.receive(peerSends.open("session", 6));
    const opening = connection.sentOf(90)[1]?.readUInt32BE(12) ?? 0;
    const before = program.got.length;
    connection.fromServer(sent(opening));
    expect([program.got.length, connection.violation?.name]).toEqual([before, "ProtocolError"]);
  });

  test.each<[what: string, sent: (local: number) => Buffer]>([
    ["a truncated window adjustment", (local) => bytes(93, wireUint32(local))],
    [
      "a window adjustment with a surplus byte",
      (local) => Buffer.concat([peerSends.adjust(local, 1), Buffer.of(0)]),
    ],
    ["data after the close", (local) => peerSends.data(local, "late")],
  ])("%s is not passed on", (what, sent) => {
    const { connection, program, local } = programWithChannel();
    if (what.endsWith("close")) {
      connection.fromServer(peerSends.close(local));
    }
    const before = program.got.length;
    connection.fromServer(sent(local));
    expect(program.got).toHaveLength(before);
  });
});

describe("a program that disconnects", () => {
  test("has its channels closed, and no others", async () => {
    const connection = new RelayedConnection();
    const [one, two] = [connection.program(), connection.program()];
    const first = await session(connection, one);
    const second = await session(connection, two);
    one.client.dispose();
    one.client.dispose();
    expect([first.server.isOpen, second.server.isOpen]).toEqual([false, true]);
    expect([one.client.channels.length, two.client.channels.length]).toEqual([0, 1]);
    const text = received(second.channel);
    second.server.write(Buffer.from("on"));
    expect(text).toEqual(["on"]);
    expect([connection.server.violation, connection.violation]).toEqual([undefined, undefined]);
  });

  test("has a channel that it has closed closed only once", () => {
    const { connection, program } = programWithChannel();
    program.client.receive(peerSends.close(7));
    program.client.dispose();
    expect(connection.sentOf(97)).toEqual([peerSends.close(7)]);
  });

  test("has an opening channel closed when it opens, and forgotten when it is refused", () => {
    const connection = new RelayedConnection();
    connection.server.accept = () => new Promise(() => {});
    const program = connection.program();
    for (const number of [1, 2]) {
      program.client.receive(peerSends.open("session", number));
    }
    const [first, second] = connection.sentOf(90).map((open) => open.readUInt32BE(12));
    program.client.dispose();
    expect([program.client.channels, connection.sentOf(97)]).toEqual([[], []]);
    connection.fromServer(peerSends.confirmation(first ?? 0, 70));
    connection.fromServer(peerSends.failure(second ?? 0));
    expect(connection.sentOf(97)).toEqual([peerSends.close(70)]);
    connection.fromServer(peerSends.data(first ?? 0, "late"));
    connection.fromServer(peerSends.close(first ?? 0));
    expect([program.got, connection.violation]).toEqual([[], undefined]);
  });

  test("has its listeners cancelled, also if the server replies late, and their connections refused", () => {
    const connection = new RelayedConnection();
    connection.server.connect(() => {});
    const program = connection.program();
    const forward = (port: number): Buffer =>
      Buffer.concat([peerSends.globalRequest("tcpip-forward", true), wireString(""), wireUint32(port)]);
    program.client.receive(forward(1));
    program.client.receive(forward(2));
    connection.fromServer(bytes(81));
    const from = Buffer.concat([wireString(""), wireUint32(1), wireString("x"), wireUint32(5)]);
    connection.fromServer(Buffer.concat([peerSends.open("forwarded-tcpip", 9), from]));
    program.client.dispose();
    expect(connection.sentOf(92).map((sent) => sent.readUInt32BE(1))).toEqual([9]);
    const other = connection.program();
    connection.fromServer(Buffer.concat([peerSends.open("forwarded-tcpip", 10), from]));
    expect([connection.sentOf(92).map((sent) => sent.readUInt32BE(1)), other.got]).toEqual([[9, 10], []]);
    connection.fromServer(bytes(81));
    const names = connection.sentOf(80).map((sent) => sent.subarray(5, 5 + sent.readUInt32BE(1)).toString());
    expect(names.filter((name) => name === "cancel-tcpip-forward")).toHaveLength(2);
  });

  test("at the end of the connection gets its reason", async () => {
    const connection = new RelayedConnection();
    const program = connection.program();
    await session(connection, program);
    connection.hasAgent = true;
    connection.server.connect(() => {});
    program.client.receive(peerSends.request(0, "auth-agent-req@openssh.com", false));
    expect(connection.agents).toBe(1);
    connection.relay.end();
    expect([program.ended?.reason, connection.agents]).toEqual(["connection-ended", 0]);
    const before = connection.sent.length;
    program.client.receive(peerSends.open("session", 9));
    expect(connection.sent).toHaveLength(before);
    expect(connection.program().ended?.reason).toBe("connection-ended");
  });
});
