import { describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../../../../src/base/wire.ts";
import { bytes, peerSends } from "../../../../support/channelMessages.ts";
import { RelayedConnection, type RelayProgram } from "../../../../support/relayEnds.ts";

const nothing = Buffer.alloc(0);

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

  test("a program without a session says who it is by a listener, of which the server does not learn", () => {
    const { connection, programs } = quiet();
    const [program] = programs;
    const at = (path: string, wants = true): Buffer =>
      Buffer.concat([peerSends.globalRequest("streamlocal-forward@openssh.com", wants), wireString(path)]);
    program?.client.receive(forward("tcpip-forward", 1));
    program?.client.receive(at("/ssh-sessions-program/ssh/4711"));
    expect([program?.client.claim, program?.got, connection.sentOf(80).length]).toEqual(["ssh 4711", [], 1]);
    connection.fromServer(bytes(82));
    expect(program?.got).toEqual([bytes(82), bytes(81)]);
    // It is the first that counts, and another path is a listener.
    program?.client.receive(at("/ssh-sessions-program/git/1", false));
    program?.client.receive(at("/run/ssh-sessions-program/ssh/1"));
    expect([program?.client.claim, connection.sentOf(80).length]).toEqual(["ssh 4711", 2]);
    program?.client.dispose();
    programs[1]?.client.receive(at(`/ssh-sessions-program/${"x".repeat(300)}/1`));
    expect([programs[1]?.client.claim, connection.sentOf(80).length]).toEqual(["", 2]);
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

  test.each([true, false])(
    "a program with 1024 unanswered requests may send no more, wanting replies: %s",
    (wants) => {
      const { connection, programs } = quiet();
      const [program, other] = programs;
      const keepalive = peerSends.globalRequest("keepalive@openssh.com", wants);
      for (let count = 0; count < 1024; count++) {
        program?.client.receive(keepalive);
      }
      expect([program?.ended?.reason, connection.sentOf(80).length]).toEqual([undefined, 1024]);
      connection.fromServer(bytes(82));
      program?.client.receive(keepalive);
      expect(program?.ended).toBeUndefined();
      program?.client.receive(keepalive);
      expect([program?.ended?.reason, connection.sentOf(80).length]).toEqual(["violation", 1025]);
      other?.client.receive(keepalive);
      expect(connection.sentOf(80)).toHaveLength(1026);
    },
  );

  test("the server is not asked for more than 256 listeners of all programs at a time", () => {
    const { connection, programs } = quiet();
    const [program, other] = programs;
    for (let port = 1; port <= 256; port++) {
      (port % 2 === 0 ? program : other)?.client.receive(forward("tcpip-forward", port));
    }
    // As many as may wait: the others are refused here.
    program?.client.receive(forward("tcpip-forward", 257));
    expect(connection.sentOf(80)).toHaveLength(256);
    for (let port = 1; port < 256; port++) {
      connection.fromServer(bytes(81));
    }
    // A refused one makes room for one more.
    connection.fromServer(bytes(82));
    expect(program?.got.map((reply) => reply[0])).toEqual([...Array(127).fill(81), 82, 82]);
    program?.client.receive(forward("tcpip-forward", 258));
    program?.client.receive(forward("tcpip-forward", 259));
    expect(connection.sentOf(80)).toHaveLength(257);
    connection.fromServer(bytes(81));
    // So does one that is cancelled.
    program?.client.receive(forward("cancel-tcpip-forward", 2));
    connection.fromServer(bytes(81));
    program?.client.receive(forward("tcpip-forward", 260));
    expect(connection.sentOf(80)).toHaveLength(259);
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

  test.each<[what: string, name: string, address: Buffer[], reply: Buffer, bound?: Buffer[] | undefined]>([
    ["a port", "tcpip-forward", [wireString("localhost"), wireUint32(8080)], wireUint32(9090), undefined],
    [
      "the port that the server chose",
      "tcpip-forward",
      [wireString("localhost"), wireUint32(0)],
      wireUint32(9090),
      [wireString("localhost"), wireUint32(9090)],
    ],
    [
      "port 0, if the server does not report its choice",
      "tcpip-forward",
      [wireString("localhost"), wireUint32(0)],
      nothing,
      undefined,
    ],
    ["a socket", "streamlocal-forward@openssh.com", [wireString("")], wireUint32(9090), undefined],
  ])("a program that leaves cancels %s", (_, name, address, reply, bound = address) => {
    const { connection, programs } = quiet();
    programs[0]?.client.receive(Buffer.concat([peerSends.globalRequest(name, true), ...address]));
    connection.fromServer(bytes(81, reply));
    programs[0]?.client.dispose();
    expect(connection.sentOf(80)[1]).toEqual(
      Buffer.concat([peerSends.globalRequest(`cancel-${name}`, true), ...bound]),
    );
  });

  test("a request that wants no reply delays no reply to a later one, and takes none", () => {
    const { connection, programs } = quiet();
    const [program] = programs;
    const fields = [wireString("localhost"), wireUint32(8080)];
    program?.client.receive(Buffer.concat([peerSends.globalRequest("tcpip-forward"), ...fields]));
    program?.client.receive(peerSends.globalRequest("keepalive@openssh.com", true));
    connection.fromServer(bytes(81));
    expect(program?.got).toEqual([]);
    connection.fromServer(bytes(82));
    expect(program?.got).toEqual([bytes(82)]);
    program?.client.receive(peerSends.globalRequest("no-more-sessions@openssh.com", true));
    expect(program?.got).toEqual([bytes(82), bytes(82)]);
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
