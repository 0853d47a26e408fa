import { describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../../../../src/base/wire.ts";
import { bytes, peerSends } from "../../../../support/channelMessages.ts";
import { RelayedConnection } from "../../../../support/relayEnds.ts";

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
    for (let sender = 10; sender < 10 + 768; sender++) {
      flooded.open(sender);
    }
    // With the listener.
    expect([flooded.program.gotOf(90).length, flooded.connection.sentOf(92).length]).toEqual([767, 2]);
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

  test("has the window of the confirmation, which the program enlarges", () => {
    const { connection, program } = offered();
    program.client.receive(peerSends.confirmation(3, 22, 1000));
    program.client.receive(peerSends.adjust(3, 2 ** 32 - 1 - 1000));
    expect([program.ended, connection.sentOf(93)]).toEqual([
      undefined,
      [peerSends.adjust(3, 2 ** 32 - 1 - 1000)],
    ]);
    program.client.receive(peerSends.adjust(3, 1));
    expect(program.ended?.reason).toBe("violation");
  });

  test("may have the number of a channel that both sides have closed", () => {
    const { connection, program, open } = offered();
    program.client.receive(peerSends.confirmation(3, 22));
    const local = connection.sentOf(91)[0]?.readUInt32BE(5) ?? 0;
    connection.fromServer(peerSends.close(local));
    program.client.receive(peerSends.close(3));
    expect(program.client.channels).toEqual([]);
    open(3);
    expect([program.gotOf(90).length, connection.sentOf(92)]).toEqual([2, []]);
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

  test("refuses it if the program has sent a global request, whose effect would stay here", () => {
    const { connection, client, opens, got, last } = refusing(true);
    client.receive(peerSends.globalRequest("keepalive@openssh.com", true));
    connection.fromServer(bytes(81));
    client.receive(peerSends.open("session", 5));
    connection.fromServer(peerSends.failure(last()?.readUInt32BE(12) ?? 0));
    expect(opens).toEqual([undefined]);
    expect(got.map((each) => each[0])).toEqual([81, 92]);
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
