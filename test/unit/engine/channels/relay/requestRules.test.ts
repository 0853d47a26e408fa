import { describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../../../../src/base/wire.ts";
import { bytes, peerSends } from "../../../../support/channelMessages.ts";
import { programWithChannel } from "../../../../support/relayEnds.ts";

const nothing = Buffer.alloc(0);

describe("messages over which sshd would end the connection disconnect the program", () => {
  const pty = (modes: Buffer): Buffer =>
    Buffer.concat([wireString("xterm"), ...[80, 24, 0, 0].map(wireUint32), wireString(modes)]);

  test.each([
    ["without modes", nothing],
    ["with modes and their end", Buffer.concat([Buffer.of(3), wireUint32(127), Buffer.of(0, 9)])],
    ["with modes that no opcode ends", Buffer.concat([Buffer.of(3), wireUint32(127)])],
    ["with an opcode that ends the list", Buffer.of(160, 1)],
  ])("not a request for a terminal %s", (_, modes) => {
    const { connection, program, local } = programWithChannel();
    const before = connection.sent.length;
    const request = peerSends.request(7, "pty-req", true, pty(modes));
    program.client.receive(Buffer.from(request));
    expect([program.ended, connection.sent.slice(before)]).toEqual([undefined, [request]]);
    connection.fromServer(peerSends.success(local));
    expect(program.gotOf(99)).toEqual([peerSends.success(5)]);
  });

  test("not an open of a socket on the server, whose originator may hold a NUL", () => {
    const { connection, program } = programWithChannel();
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
    ["a window adjustment with a surplus byte", Buffer.concat([peerSends.adjust(7, 1), Buffer.of(0)])],
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
    const { connection, program } = programWithChannel();
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
    const { program } = programWithChannel();
    for (const each of [peerSends.eof(7), ...sent]) {
      program.client.receive(each);
    }
    expect(program.ended?.reason).toBe("violation");
  });

  test("data beyond the server's window, although each message fits it", () => {
    const { connection, program } = programWithChannel();
    for (const length of [20, 20, 10]) {
      program.client.receive(peerSends.data(7, Buffer.alloc(length)));
    }
    expect([program.ended, connection.sentOf(94).length]).toEqual([undefined, 3]);
    program.client.receive(peerSends.data(7, "x"));
    expect(program.ended?.reason).toBe("violation");
  });

  test("a window above 2^32 - 1, from which received data is subtracted", () => {
    const { connection, program, local } = programWithChannel();
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
    const { connection, program } = programWithChannel();
    program.client.receive(peerSends.close(7));
    const before = connection.sent.length;
    program.client.receive(sent);
    expect([program.ended, connection.sent.length]).toEqual([undefined, before]);
  });

  test("a channel type that programs may not use is refused without the server", () => {
    const { connection, program } = programWithChannel();
    const before = connection.sent.length;
    program.client.receive(peerSends.open("x11", 6));
    expect(program.gotOf(92).map((sent) => sent.readUInt32BE(5))).toEqual([3]);
    expect([program.ended, connection.sent.length]).toEqual([undefined, before]);
  });

  test("the numbers of channels and of unanswered requests are limited", () => {
    const many = programWithChannel();
    for (let number = 100; number < 100 + 1024; number++) {
      many.program.client.receive(peerSends.open("session", number));
    }
    expect(many.program.gotOf(92).map((sent) => sent.readUInt32BE(5))).toEqual([4]);
    expect(many.connection.sentOf(90)).toHaveLength(1024);
    const asking = programWithChannel();
    for (let count = 0; count < 1025; count++) {
      asking.program.client.receive(peerSends.request(7, "unknown", true));
    }
    expect(asking.program.ended?.reason).toBe("violation");
  });
});
