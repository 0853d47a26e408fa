import { describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../../../../src/base/wire.ts";
import { bytes, peerSends } from "../../../../support/channelMessages.ts";
import { RelayedConnection, type RelayProgram } from "../../../../support/relayEnds.ts";

const kibibyte = 1024;
/** What a program has of the server's window at a time. */
const loan = 512 * kibibyte;
const packet = 32 * kibibyte;

/** A program with an open channel: its number 5, the server's 7. The server replies to nothing. */
function uploading(window: number): {
  connection: RelayedConnection;
  program: RelayProgram;
  local: number;
  send(bytes: number): void;
  /** Bytes that the program was told that it may send, in the order of the messages. */
  granted(): number[];
} {
  const connection = new RelayedConnection();
  connection.server.accept = () => new Promise(() => {});
  const program = connection.program();
  program.client.receive(peerSends.open("session", 5));
  const local = connection.sentOf(90)[0]?.readUInt32BE(12) ?? 0;
  connection.fromServer(peerSends.confirmation(local, 7, window, packet));
  return {
    ...{ connection, program, local },
    send: (size) => {
      for (let left = size; left > 0; left -= packet) {
        program.client.receive(peerSends.data(7, Buffer.alloc(Math.min(left, packet))));
      }
    },
    granted: () => [
      ...program.gotOf(91).map((message) => message.readUInt32BE(9)),
      ...program.gotOf(93).map((message) => message.readUInt32BE(5)),
    ],
  };
}

describe("a program has a part of the server's window at a time", () => {
  test("a small window as it is, and what the server adds to it at once", () => {
    const { connection, local, send, granted } = uploading(1000);
    send(10);
    connection.fromServer(peerSends.adjust(local, 1));
    connection.fromServer(peerSends.adjust(local, 20));
    send(1011);
    expect(granted()).toEqual([1000, 1, 20]);
  });

  test("a large window in parts, each when the program has used as much, without waiting for the server", () => {
    const { program, send, granted } = uploading(2 * loan);
    expect(granted()).toEqual([loan]);
    send(loan / 2 - packet);
    expect(granted()).toEqual([loan]);
    send(packet);
    expect(granted()).toEqual([loan, loan / 2]);
    send(loan / 2);
    expect(granted()).toEqual([loan, loan / 2, loan / 2]);
    send(loan);
    expect([granted().reduce((sum, each) => sum + each, 0), program.ended]).toEqual([2 * loan, undefined]);
  });

  test("all of the window in the end, but never more than the server has left", () => {
    const { connection, program, local, send, granted } = uploading(0);
    connection.fromServer(peerSends.adjust(local, loan + 7));
    expect(granted()).toEqual([0, loan]);
    send(loan);
    expect(granted()).toEqual([0, loan, 7]);
    send(7);
    expect(program.ended).toBeUndefined();
    send(1);
    expect(program.ended?.reason).toBe("violation");
  });

  test("of a channel that the server opens, too", () => {
    const connection = new RelayedConnection();
    connection.server.connect(() => {});
    const program = connection.program();
    program.end.accept = () => new Promise(() => {});
    const at = [wireString("localhost"), wireUint32(8080)];
    program.client.receive(Buffer.concat([peerSends.globalRequest("tcpip-forward", true), ...at]));
    connection.fromServer(bytes(81));
    const from = [...at, wireString("192.0.2.4"), wireUint32(5)];
    connection.fromServer(Buffer.concat([peerSends.open("forwarded-tcpip", 3, 2 * loan, packet), ...from]));
    const [open] = program.gotOf(90);
    expect(open).toEqual(Buffer.concat([peerSends.open("forwarded-tcpip", 3, loan, packet), ...from]));
    program.client.receive(peerSends.confirmation(3, 22));
    for (let sent = 0; sent < 2 * loan; sent += packet) {
      program.client.receive(peerSends.data(3, Buffer.alloc(packet)));
    }
    expect(program.gotOf(93)).toHaveLength(2);
    expect([connection.sentOf(94).length, program.ended]).toEqual([(2 * loan) / packet, undefined]);
  });
});
