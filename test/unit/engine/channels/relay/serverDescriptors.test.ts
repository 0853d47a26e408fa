import { describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../../../../src/base/wire.ts";
import { bytes, peerSends } from "../../../../support/channelMessages.ts";
import { RelayedConnection, type RelayProgram } from "../../../../support/relayEnds.ts";

describe("the server's descriptors, of which programs take 768 together besides their sessions", () => {
  const target = Buffer.concat([wireString("h"), wireUint32(1), wireString("h"), wireUint32(1)]);

  function programs(): { connection: RelayedConnection; one: RelayProgram; other: RelayProgram } {
    const connection = new RelayedConnection();
    connection.server.connect(() => {});
    connection.server.accept = () => new Promise(() => {});
    return { connection, one: connection.program(), other: connection.program() };
  }

  const open = ({ client }: RelayProgram, number: number, type = "direct-tcpip"): void =>
    client.receive(
      Buffer.concat([peerSends.open(type, number), type === "session" ? Buffer.alloc(0) : target]),
    );

  const codes = (program: RelayProgram): number[] =>
    program.gotOf(92).map((refusal) => refusal.readUInt32BE(5));

  /** Our numbers of the opened channels, in order. */
  const opened = (connection: RelayedConnection): number[] =>
    connection.sentOf(90).map((each) => each.readUInt32BE(5 + each.readUInt32BE(1)));

  test("a further connection is refused with its reason, for every program, and a session is not", () => {
    const { connection, one, other } = programs();
    for (let number = 0; number < 768; number++) {
      open(number % 2 === 0 ? one : other, number);
    }
    expect([...codes(one), ...codes(other)]).toEqual([]);
    open(one, 1000);
    open(other, 1000);
    expect([codes(one), codes(other)]).toEqual([[4], [4]]);
    expect(one.gotOf(92)[0]?.toString("latin1")).toContain("programs have too many channels");
    open(other, 1001, "session");
    expect([codes(other), connection.sentOf(90).length]).toEqual([[4], 769]);
  });

  test("an open that the server refuses makes room, and so does a channel that both sides have closed", () => {
    const { connection, one } = programs();
    for (let number = 0; number < 768; number++) {
      open(one, number);
    }
    const [first = 0, second = 0] = opened(connection);
    connection.fromServer(peerSends.failure(first));
    connection.fromServer(peerSends.confirmation(second, 50));
    open(one, 1000);
    one.client.receive(peerSends.close(50));
    open(one, 1001);
    expect(codes(one)).toEqual([1, 4]);
    connection.fromServer(peerSends.close(second));
    open(one, 1002);
    expect(codes(one)).toEqual([1, 4]);
  });

  test("what a program leaves behind counts until the server has closed it", () => {
    const { connection, one, other } = programs();
    for (let number = 0; number < 768; number++) {
      open(one, number);
    }
    one.client.dispose();
    open(other, 0);
    const [first = 0] = opened(connection);
    connection.fromServer(peerSends.confirmation(first, 50));
    open(other, 1);
    connection.fromServer(peerSends.close(first));
    open(other, 2);
    expect(codes(other)).toEqual([4, 4]);
    connection.fromServer(peerSends.failure(opened(connection)[1] ?? 0));
    open(other, 3);
    expect(codes(other)).toEqual([4, 4]);
  });

  test("listeners count, and connections to them, whether the program has confirmed them or leaves without", () => {
    const { connection, one, other } = programs();
    one.end.accept = () => new Promise(() => {});
    const at = [wireString("localhost"), wireUint32(8080)];
    const listen = Buffer.concat([peerSends.globalRequest("tcpip-forward", true), ...at]);
    one.client.receive(Buffer.from(listen));
    connection.fromServer(bytes(81));
    const from = [...at, wireString("192.0.2.4"), wireUint32(5)];
    for (let number = 0; number < 767; number++) {
      connection.fromServer(Buffer.concat([peerSends.open("forwarded-tcpip", number, 100, 100), ...from]));
    }
    one.client.receive(peerSends.confirmation(0, 0));
    expect(connection.sentOf(92)).toEqual([]);
    open(other, 0);
    connection.fromServer(Buffer.concat([peerSends.open("forwarded-tcpip", 767, 100, 100), ...from]));
    other.client.receive(Buffer.from(listen));
    expect([codes(other), other.gotOf(82).length]).toEqual([[4], 1]);
    expect(connection.sentOf(92).map((refusal) => refusal.readUInt32BE(5))).toEqual([4]);
    // The one that it has confirmed stays until the server closes it.
    one.client.dispose();
    for (let number = 1; number <= 768; number++) {
      open(other, number);
    }
    expect(codes(other)).toEqual([4, 4]);
  });
});
