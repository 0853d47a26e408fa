import { describe, expect, test } from "vitest";
import { wireBoolean, wireString, wireUint32 } from "../../../../../src/base/wire.ts";
import type { Channel } from "../../../../../src/engine/channels/channel.ts";
import { bytes, peerSends } from "../../../../support/channelMessages.ts";
import { RelayedConnection, type RelayProgram } from "../../../../support/relayEnds.ts";

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

/** A connection on which a program has the open channel 0; no server replies. */
function lone(): { connection: RelayedConnection; program: RelayProgram; local: number } {
  const connection = new RelayedConnection();
  connection.server.accept = () => new Promise(() => {});
  const program = connection.program();
  program.client.receive(peerSends.open("session", 5, 1000, 100));
  const local = connection.sentOf(90)[0]?.readUInt32BE(12) ?? 0;
  connection.fromServer(peerSends.confirmation(local, 7, 50, 20));
  return { connection, program, local };
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

  test("the server's keepalive request is answered for a stopped program", () => {
    const { connection, program, local } = lone();
    connection.fromServer(peerSends.request(local, "keepalive@openssh.com", true));
    expect(connection.sentOf(100)).toEqual([peerSends.requestFailed(7)]);
    expect(program.gotOf(98)).toEqual([]);
    connection.fromServer(peerSends.success(local));
    expect(program.gotOf(99)).toEqual([]);
    // Nothing of that was a message for this extension's own channels.
    expect([...connection.table.forgiven]).toEqual([]);
  });

  test("the server's keepalive request is not answered on a channel that the program has closed", () => {
    const { connection, program, local } = lone();
    program.client.receive(peerSends.close(7));
    connection.fromServer(peerSends.request(local, "keepalive@openssh.com", true));
    expect(connection.sentOf(100)).toEqual([]);
  });

  test("refusals are in the order of the requests, after replies that the server still owes", () => {
    const { connection, program, local } = lone();
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
    const { connection, program, local } = lone();
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
    const { connection, program } = lone();
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
    const { connection } = lone();
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
    const { connection, program, local } = lone();
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
    const { connection, local } = lone();
    connection.fromServer(peerSends.close(local));
    connection.fromServer(sent ?? peerSends.data(local, "late"));
    expect(connection.violation?.name).toBe("ProtocolError");
  });

  test("a truncated request is passed on, and a notice that no channel concerns is left to the table", () => {
    const { connection, program, local } = lone();
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
    const { connection, program } = lone();
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
    const { connection, program, local } = lone();
    if (what.endsWith("close")) {
      connection.fromServer(peerSends.close(local));
    }
    const before = program.got.length;
    connection.fromServer(sent(local));
    expect(program.got).toHaveLength(before);
  });
});

describe("a connection that the server offers to a program", () => {
  /** The program listens, and the server has opened its channel 3 for it. */
  function offered() {
    const connection = new RelayedConnection();
    connection.server.connect(() => {});
    const program = connection.program();
    const at = [wireString("localhost"), wireUint32(8080)];
    program.end.accept = () => new Promise(() => {});
    program.client.receive(Buffer.concat([peerSends.globalRequest("tcpip-forward", true), ...at]));
    connection.fromServer(bytes(81));
    const from = [...at, wireString("192.0.2.4"), wireUint32(5)];
    connection.fromServer(Buffer.concat([peerSends.open("forwarded-tcpip", 3, 100, 100), ...from]));
    expect(program.gotOf(90)).toHaveLength(1);
    const open = (sender: number): void =>
      connection.fromServer(Buffer.concat([peerSends.open("forwarded-tcpip", sender, 100, 100), ...from]));
    return { connection, program, open };
  }

  test("is refused if its number is in use, or if too many wait for the program", () => {
    const used = offered();
    used.program.client.receive(peerSends.confirmation(3, 22));
    used.open(3);
    expect(used.connection.sentOf(92).map((each) => [each.readUInt32BE(1), each.readUInt32BE(5)])).toEqual([
      [3, 4],
    ]);
    expect(used.program.gotOf(90)).toHaveLength(1);
    const flooded = offered();
    for (let sender = 10; sender < 10 + 1024; sender++) {
      flooded.open(sender);
    }
    expect([flooded.program.gotOf(90).length, flooded.connection.sentOf(92).length]).toEqual([1024, 1]);
  });

  test("may be refused, once, and the program's text is not passed on", () => {
    const { connection, program } = offered();
    program.client.receive(peerSends.failure(3, 1, "secret"));
    const [refusal, ...others] = connection.sentOf(92);
    expect([refusal?.readUInt32BE(1), refusal?.readUInt32BE(5), others]).toEqual([3, 2, []]);
    expect([refusal?.includes("secret"), program.client.channels, program.ended]).toEqual([
      ...[false, [], undefined],
    ]);
    program.client.receive(peerSends.confirmation(3, 22));
    expect(program.ended?.reason).toBe("violation");
  });

  test("is confirmed once, and carries data from then on", () => {
    const { connection, program } = offered();
    program.client.receive(peerSends.confirmation(3, 22));
    program.client.receive(peerSends.data(3, "hello"));
    expect(connection.sentOf(94)).toEqual([peerSends.data(3, "hello")]);
    program.client.receive(peerSends.confirmation(3, 23));
    expect(program.ended?.reason).toBe("violation");
  });

  test.each<[what: string, sent: Buffer]>([
    ["a truncated confirmation", peerSends.confirmation(3, 22).subarray(0, -1)],
    ["a confirmation without a window", bytes(91, wireUint32(3), wireUint32(22))],
    ["a confirmation without a number", bytes(91, wireUint32(3))],
    ["a confirmation with a surplus byte", Buffer.concat([peerSends.confirmation(3, 22), Buffer.of(0)])],
  ])("%s disconnects the program, and the connection is refused", (_, sent) => {
    const { connection, program } = offered();
    program.client.receive(sent);
    expect(program.ended?.reason).toBe("violation");
    expect(connection.sentOf(91)).toEqual([]);
    expect(connection.sentOf(92).map((each) => each.readUInt32BE(1))).toEqual([3]);
  });

  test("is not confirmed with the number of another channel of the program", () => {
    const { connection, program } = offered();
    program.client.receive(peerSends.open("session", 22));
    program.client.receive(peerSends.confirmation(3, 22));
    expect([program.ended?.reason, connection.sentOf(91)]).toEqual(["violation", []]);
  });
});

describe("a server without room for a program's session", () => {
  function refusing(movesTo: boolean) {
    const connection = new RelayedConnection();
    connection.server.connect(() => {});
    const opens: (Buffer | undefined)[] = [];
    const got: Buffer[] = [];
    const client = connection.relay.attach({
      send: (sent) => got.push(Buffer.from(sent)),
      ended: () => {},
      sessionRefused: (open) => {
        opens.push(open === undefined ? undefined : Buffer.from(open));
        return movesTo;
      },
    });
    return { connection, client, opens, got, last: () => connection.sentOf(90).at(-1) };
  }
  const address = [wireString("db"), wireUint32(1), wireString("x"), wireUint32(2)];

  test.each([true, false])("offers the open to another connection, which takes it: %s", (moves) => {
    const { connection, client, opens, got, last } = refusing(moves);
    const open = peerSends.open("session", 5);
    client.receive(Buffer.from(open));
    connection.fromServer(peerSends.failure(last()?.readUInt32BE(12) ?? 0));
    expect(opens).toEqual([open]);
    expect(got.map((each) => [each[0], each.readUInt32BE(1)])).toEqual(moves ? [] : [[92, 5]]);
    expect(client.channels).toEqual([]);
    // A client that has moved has no effect on this connection any more.
    client.receive(Buffer.from(open));
    expect(connection.sentOf(90)).toHaveLength(moves ? 1 : 2);
  });

  test("refuses it if the program uses this connection for something else, too, or it is no session", () => {
    const { connection, client, opens, got, last } = refusing(true);
    client.receive(Buffer.concat([peerSends.open("direct-tcpip", 4), ...address]));
    const first = last()?.readUInt32BE(1 + 4 + "direct-tcpip".length) ?? 0;
    client.receive(peerSends.open("session", 5));
    connection.fromServer(peerSends.failure(last()?.readUInt32BE(12) ?? 0));
    expect(opens).toEqual([undefined]);
    connection.fromServer(peerSends.failure(first));
    expect(opens).toHaveLength(1);
    expect(got.map((each) => [each[0], each.readUInt32BE(1)])).toEqual([
      [92, 5],
      [92, 4],
    ]);
  });
});

describe("global requests of programs", () => {
  const forward = (name: string, port: number): Buffer =>
    Buffer.concat([peerSends.globalRequest(name, true), wireString("localhost"), wireUint32(port)]);

  function quiet(): { connection: RelayedConnection; programs: RelayProgram[] } {
    const connection = new RelayedConnection();
    connection.server.connect(() => {});
    return { connection, programs: [connection.program(), connection.program()] };
  }

  test("replies go to their senders, between our own, in order", () => {
    const { connection, programs } = quiet();
    const own: unknown[] = [];
    programs[0]?.client.receive(forward("tcpip-forward", 1));
    connection.requests.send("keepalive@openssh.com", nothing, (reply) => own.push(reply?.accepted));
    programs[1]?.client.receive(forward("tcpip-forward", 0));
    connection.fromServer(bytes(81));
    connection.fromServer(bytes(82));
    connection.fromServer(bytes(81, wireUint32(4711)));
    expect(programs.map(({ got }) => got)).toEqual([[bytes(81)], [bytes(81, wireUint32(4711))]]);
    expect(own).toEqual([false]);
  });

  test("requests that programs may not send are refused locally, after replies that the server still owes", () => {
    const { connection, programs } = quiet();
    const [program] = programs;
    program?.client.receive(forward("tcpip-forward", 1));
    program?.client.receive(peerSends.globalRequest("no-more-sessions@openssh.com", true));
    program?.client.receive(peerSends.globalRequest("no-more-sessions@openssh.com", false));
    expect(program?.got).toEqual([]);
    connection.fromServer(bytes(81));
    expect(program?.got).toEqual([bytes(81), bytes(82)]);
    expect(connection.sent).toHaveLength(1);
  });

  test("a program's keepalive request goes to the server", () => {
    const { connection, programs } = quiet();
    programs[0]?.client.receive(peerSends.globalRequest("keepalive@openssh.com", true));
    expect(programs[0]?.got).toEqual([]);
    connection.fromServer(bytes(82));
    expect(programs[0]?.got).toEqual([bytes(82)]);
    programs[0]?.client.receive(peerSends.globalRequest("keepalive@openssh.com", true));
    connection.fromServer(bytes(81));
    expect(programs[0]?.got).toEqual([bytes(82), bytes(81)]);
    // It is no listener, which would be cancelled.
    programs[0]?.client.dispose();
    expect(connection.sentOf(80)).toHaveLength(2);
  });

  test("a request that the end of the connection leaves unanswered gets no reply", () => {
    const { connection, programs } = quiet();
    programs[0]?.client.receive(forward("tcpip-forward", 8080));
    connection.requests.end();
    expect(programs[0]?.got).toEqual([]);
  });

  test("a program can't cancel another program's listener", () => {
    const { connection, programs } = quiet();
    programs[0]?.client.receive(forward("tcpip-forward", 8080));
    connection.fromServer(bytes(81));
    programs[1]?.client.receive(forward("cancel-tcpip-forward", 8080));
    expect(programs[1]?.got).toEqual([bytes(82)]);
    expect(connection.sentOf(80)).toHaveLength(1);
    programs[0]?.client.receive(forward("cancel-tcpip-forward", 8080));
    expect(connection.sentOf(80)).toHaveLength(2);
  });

  test("a program that leaves cancels its own listeners, and none that was refused", () => {
    const { connection, programs } = quiet();
    for (const [at, port, reply] of [
      [0, 1, 81],
      [1, 2, 82],
      [1, 3, 81],
    ] as const) {
      programs[at]?.client.receive(forward("tcpip-forward", port));
      connection.fromServer(bytes(reply));
    }
    programs[1]?.client.dispose();
    const cancelled = connection.sentOf(80).slice(3);
    expect(cancelled.map((sent) => sent.readUInt32BE(sent.length - 4))).toEqual([3]);
    expect(cancelled[0]?.includes("cancel-tcpip-forward")).toBe(true);
  });

  test("a request that wants no reply gets none", () => {
    const { connection, programs } = quiet();
    const fields = [wireString("localhost"), wireUint32(8080)];
    programs[0]?.client.receive(Buffer.concat([peerSends.globalRequest("tcpip-forward"), ...fields]));
    connection.fromServer(bytes(81));
    expect(programs[0]?.got).toEqual([]);
  });

  test("a program's socket on the server is cancelled by the request for sockets", () => {
    const { connection, programs } = quiet();
    const name = "streamlocal-forward@openssh.com";
    const request = (asked: string): Buffer =>
      Buffer.concat([peerSends.globalRequest(asked, true), wireString("/run/a")]);
    programs[0]?.client.receive(request(name));
    connection.fromServer(bytes(81));
    const tcp = [wireString("/run/a"), wireUint32(1), wireString("x"), wireUint32(2)];
    connection.fromServer(Buffer.concat([peerSends.open("forwarded-tcpip", 3), ...tcp]));
    expect(programs[0]?.gotOf(90)).toEqual([]);
    programs[0]?.client.receive(request(`cancel-${name}`));
    connection.fromServer(bytes(81));
    programs[0]?.client.receive(request(name));
    connection.fromServer(bytes(81));
    programs[0]?.client.dispose();
    expect(connection.sentOf(80).map((sent) => sent.toString("latin1", 5, 5 + sent.readUInt32BE(1)))).toEqual(
      [...[name, `cancel-${name}`, name, `cancel-${name}`]],
    );
  });

  test("an incoming connection goes to the program with the listener, which can reply", () => {
    const { connection, programs } = quiet();
    for (const [at, port] of [8080, 0].entries()) {
      programs[at]?.client.receive(forward("tcpip-forward", port));
      connection.fromServer(bytes(81, ...(port === 0 ? [wireUint32(9090)] : [])));
    }
    const address = (port: number): Buffer =>
      Buffer.concat([wireString("localhost"), wireUint32(port), wireString("1.2.3.4"), wireUint32(5)]);
    const open = (port: number, sender: number): Buffer =>
      Buffer.concat([peerSends.open("forwarded-tcpip", sender, 100, 100), address(port)]);
    connection.fromServer(open(9090, 3));
    expect(programs.map((program) => program.gotOf(90).length)).toEqual([0, 1]);
    programs[1]?.client.receive(peerSends.confirmation(3, 22));
    const local = connection.sentOf(91)[0]?.readUInt32BE(5) ?? 0;
    expect(connection.sentOf(91)[0]?.readUInt32BE(1)).toBe(3);
    connection.fromServer(peerSends.data(local, "in"));
    expect(programs[1]?.gotOf(94)).toEqual([peerSends.data(22, "in")]);
    // Without a listener it is left to our own forwards, which refuse it.
    connection.fromServer(open(1234, 4));
    expect(connection.sentOf(92)).toHaveLength(1);
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

describe("messages over which sshd would end the connection disconnect the program", () => {
  const pty = (modes: Buffer): Buffer =>
    Buffer.concat([wireString("xterm"), ...[80, 24, 0, 0].map(wireUint32), wireString(modes)]);

  test.each([
    ["without modes", nothing],
    ["with modes and their end", Buffer.concat([Buffer.of(3), wireUint32(127), Buffer.of(0, 9)])],
    ["with modes that no opcode ends", Buffer.concat([Buffer.of(3), wireUint32(127)])],
    ["with an opcode that ends the list", Buffer.of(160, 1)],
  ])("not a request for a terminal %s", (_, modes) => {
    const { connection, program, local } = lone();
    const before = connection.sent.length;
    const request = peerSends.request(7, "pty-req", true, pty(modes));
    program.client.receive(Buffer.from(request));
    expect([program.ended, connection.sent.slice(before)]).toEqual([undefined, [request]]);
    connection.fromServer(peerSends.success(local));
    expect(program.gotOf(99)).toEqual([peerSends.success(5)]);
  });

  test("not an open of a socket on the server, whose originator may hold a NUL", () => {
    const { connection, program } = lone();
    const fields = [wireString("/run/a"), wireString("\0"), wireUint32(0)];
    const open = Buffer.concat([peerSends.open("direct-streamlocal@openssh.com", 6), ...fields]);
    program.client.receive(open.subarray(0, -5));
    expect(program.ended?.reason).toBe("violation");
    const other = connection.program();
    other.client.receive(Buffer.from(open));
    expect([other.ended, connection.sentOf(90).length]).toEqual([undefined, 2]);
  });

  test.each<[what: string, sent: Buffer]>([
    ["a transport message", Buffer.of(20)],
    ["nothing", Buffer.alloc(0)],
    ["data for another number", peerSends.data(8, "x")],
    ["data beyond the server's window", peerSends.data(7, Buffer.alloc(51))],
    ["data beyond the server's packets", peerSends.data(7, Buffer.alloc(21))],
    ["truncated data", peerSends.data(7, "abc").subarray(0, -1)],
    ["data with a surplus byte", Buffer.concat([peerSends.data(7, "abc"), Buffer.of(0)])],
    ["truncated extended data", bytes(95, wireUint32(7), wireUint32(1))],
    ["a window above 2^32 - 1", peerSends.adjust(7, 2 ** 32 - 1)],
    ["a truncated window adjustment", bytes(93, wireUint32(7))],
    ["EOF with a surplus byte", Buffer.concat([peerSends.eof(7), Buffer.of(0)])],
    ["close with a surplus byte", Buffer.concat([peerSends.close(7), Buffer.of(0)])],
    ["a request without a name", peerSends.request(7, "")],
    ["a request with a NUL in its name", peerSends.request(7, "she\0ll")],
    ["a truncated request", bytes(98, wireUint32(7), wireString("shell"))],
    ["a command with a NUL", peerSends.request(7, "exec", true, wireString("a\0b"))],
    [
      "a command with a surplus byte",
      peerSends.request(7, "exec", true, Buffer.concat([wireString("a"), Buffer.of(0)])),
    ],
    ["a shell with a surplus byte", peerSends.request(7, "shell", true, Buffer.of(0))],
    ["truncated terminal modes", peerSends.request(7, "pty-req", true, pty(Buffer.of(3, 0)))],
    ["no terminal modes", peerSends.request(7, "pty-req", true, pty(nothing).subarray(0, -4))],
    ["a truncated size", peerSends.request(7, "window-change", false, wireUint32(1))],
    ["an open without its fields", peerSends.open("direct-tcpip", 6)],
    ["an open with a surplus byte", Buffer.concat([peerSends.open("session", 6), Buffer.of(0)])],
    ["an open with a number that is in use", peerSends.open("session", 5)],
    ["a truncated open", peerSends.open("session", 6).subarray(0, -1)],
    ["a confirmation without an open", peerSends.confirmation(7, 9)],
    ["a refusal without an open", peerSends.failure(7)],
    ["a truncated global request", bytes(80, wireString("tcpip-forward"))],
    ["a truncated address", Buffer.concat([peerSends.globalRequest("tcpip-forward"), wireString("")])],
    ["an unknown message", bytes(101, wireUint32(7))],
  ])("%s", (_, sent) => {
    const { connection, program } = lone();
    const before = connection.sent.length;
    program.client.receive(sent);
    expect(program.ended?.reason).toBe("violation");
    // Its channel is closed in order, and the server gets nothing else.
    expect(connection.sent.slice(before)).toEqual([peerSends.close(7)]);
    const { ended } = program;
    program.client.receive(peerSends.data(7, "x"));
    expect(connection.sent).toHaveLength(before + 1);
    expect(program.ended).toBe(ended);
  });

  test.each<[what: string, sent: Buffer[]]>([
    ["data", [peerSends.data(7, "x")]],
    ["extended data", [peerSends.extended(7, 1, "x")]],
    ["a second EOF", [peerSends.eof(7)]],
  ])("%s after EOF", (_, sent) => {
    const { program } = lone();
    for (const each of [peerSends.eof(7), ...sent]) {
      program.client.receive(each);
    }
    expect(program.ended?.reason).toBe("violation");
  });

  test("data beyond the server's window, although each message fits it", () => {
    const { connection, program } = lone();
    for (const length of [20, 20, 10]) {
      program.client.receive(peerSends.data(7, Buffer.alloc(length)));
    }
    expect([program.ended, connection.sentOf(94).length]).toEqual([undefined, 3]);
    program.client.receive(peerSends.data(7, "x"));
    expect(program.ended?.reason).toBe("violation");
  });

  test("a window above 2^32 - 1, from which received data is subtracted", () => {
    const { connection, program, local } = lone();
    connection.fromServer(peerSends.data(local, Buffer.alloc(400)));
    program.client.receive(peerSends.adjust(7, 2 ** 32 - 1 - 600));
    expect([program.ended, connection.sentOf(93).length]).toEqual([undefined, 1]);
    program.client.receive(peerSends.adjust(7, 1));
    expect(program.ended?.reason).toBe("violation");
  });

  test.each<[what: string, sent: Buffer]>([
    ["data", peerSends.data(7, "x")],
    ["a second close", peerSends.close(7)],
    ["a window", peerSends.adjust(7, 1)],
    ["a request", peerSends.request(7, "shell", true)],
  ])("%s after its own close is not passed on, and has no effect", (_, sent) => {
    const { connection, program } = lone();
    program.client.receive(peerSends.close(7));
    const before = connection.sent.length;
    program.client.receive(sent);
    expect([program.ended, connection.sent.length]).toEqual([undefined, before]);
  });

  test("a channel type that programs may not use is refused without the server", () => {
    const { connection, program } = lone();
    const before = connection.sent.length;
    program.client.receive(peerSends.open("x11", 6));
    expect(program.gotOf(92).map((sent) => sent.readUInt32BE(5))).toEqual([3]);
    expect([program.ended, connection.sent.length]).toEqual([undefined, before]);
  });

  test("the numbers of channels and of unanswered requests are limited", () => {
    const many = lone();
    for (let number = 100; number < 100 + 1024; number++) {
      many.program.client.receive(peerSends.open("session", number));
    }
    expect(many.program.gotOf(92).map((sent) => sent.readUInt32BE(5))).toEqual([4]);
    expect(many.connection.sentOf(90)).toHaveLength(1024);
    const asking = lone();
    for (let count = 0; count < 1025; count++) {
      asking.program.client.receive(peerSends.request(7, "unknown", true));
    }
    expect(asking.program.ended?.reason).toBe("violation");
  });
});
