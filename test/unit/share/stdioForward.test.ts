import { describe, expect, test } from "vitest";
import { WireReader, wireBoolean, wireString, wireUint32 } from "../../../src/base/wire.ts";
import {
  decodeOpen,
  encode,
  encodeDataHead,
  encodeOpen,
  encodeOpenFailure,
  encodeRequest,
  message,
} from "../../../src/engine/channels/messages.ts";
import { claimVariable } from "../../../src/engine/channels/relay/relayTypes.ts";
import { parseStdioTarget, StdioForward } from "../../../src/share/stdioForward.ts";

const client = 7;
const server = 42;

/** A stream whose messages to both sides are collected. */
function stdio() {
  const toClient: Buffer[] = [];
  const toServer: Buffer[] = [];
  const ends: string[] = [];
  const forward = new StdioForward({
    toClient: (bytes) => toClient.push(Buffer.from(bytes)),
    toServer: (bytes) => toServer.push(Buffer.from(bytes)),
    over: () => ends.push("over"),
  });
  return { forward, toClient, toServer, ends };
}

const session = (): Buffer =>
  encodeOpen({ type: "session", sender: client, window: 65_536, packet: 32_768 }, Buffer.of());
const subsystem = (target: string): Buffer => encodeRequest(0, "subsystem", true, wireString(target));
const confirmation = (): Buffer =>
  encode(
    message.channelOpenConfirmation,
    ...[client, server, 2_000_000, 32_768].map((value) => wireUint32(value)),
  );
const types = (messages: readonly Buffer[]): readonly (number | undefined)[] =>
  messages.map(([type]) => type);

describe("a stream of `ssh -W` for a client in proxy mode", () => {
  test("the server gets a direct-tcpip channel with the client's number and window, the client the server's window", () => {
    const { forward, toClient, toServer } = stdio();
    forward.fromClient(session());
    // Without a window it sends no data before the server has answered.
    expect(toClient[0]?.subarray(1)).toEqual(Buffer.concat([client, 0, 0, 16_384].map(wireUint32)));
    forward.fromClient(
      encodeRequest(0, "env", false, Buffer.concat([claimVariable, "git 5"].map(wireString))),
    );
    forward.fromClient(subsystem("[::1]:22"));
    expect(forward.claim).toBe("git 5");
    const body = new WireReader(toServer[0] ?? Buffer.of(), 1);
    expect(decodeOpen(body)).toEqual({
      ...{ type: "direct-tcpip", sender: client, window: 65_536, packet: 32_768 },
    });
    expect([body.text(), body.uint32(), body.text(), body.uint32()]).toEqual([
      "::1",
      22,
      "127.0.0.1",
      65_535,
    ]);
    forward.fromServer(confirmation());
    expect(toClient.slice(1)).toEqual([
      encode(message.channelSuccess, wireUint32(client)),
      encode(message.channelWindowAdjust, wireUint32(client), wireUint32(2_000_000)),
    ]);
    const data = Buffer.concat([encodeDataHead(0, 3), Buffer.from("abc")]);
    forward.fromClient(data);
    expect(toServer[1]).toEqual(Buffer.concat([encodeDataHead(server, 3), Buffer.from("abc")]));
  });

  test("the end of the input waits for the server's answer; the server's close comes with exit status 0", () => {
    const { forward, toClient, toServer, ends } = stdio();
    forward.fromClient(session());
    forward.fromClient(subsystem("db:5432"));
    forward.fromClient(encode(message.channelEof, wireUint32(0)));
    expect(toServer).toHaveLength(1);
    forward.fromServer(confirmation());
    expect(toServer[1]).toEqual(encode(message.channelEof, wireUint32(server)));
    const close = encode(message.channelClose, wireUint32(client));
    forward.fromServer(close);
    expect(toClient.slice(-2)).toEqual([encodeRequest(client, "exit-status", false, wireUint32(0)), close]);
    expect(ends).toEqual([]);
  });

  test("a refusal's text is made plain and fits into the client's window", () => {
    const { forward, toClient } = stdio();
    forward.fromClient(
      encodeOpen({ type: "session", sender: client, window: 60, packet: 32_768 }, Buffer.of()),
    );
    forward.fromClient(subsystem("db:5432"));
    forward.fromServer(encodeOpenFailure(client, 2, `\u001b]0;title\u0007${"x".repeat(1000)}`));
    const stderr = toClient.find(([type]) => type === message.channelExtendedData);
    const body = new WireReader(stderr ?? Buffer.of(), 9);
    const text = body.text() ?? "";
    expect(text).toHaveLength(60);
    expect(text).toMatch(/^channel 0: open failed: connect failed: \\u\{1b\}\]0;title/);
    expect(types(toClient).slice(-2)).toEqual([message.channelEof, message.channelClose]);
    const status = toClient.find(([type]) => type === message.channelRequest);
    expect(status).toEqual(encodeRequest(client, "exit-status", false, wireUint32(255)));
  });

  test.each([
    ["data before the channel", [encodeDataHead(0, 0)]],
    ["data before the server's answer", [session(), subsystem("a:1"), encodeDataHead(0, 0)]],
    ["another channel", [session(), subsystem("a:1"), encode(message.channelEof, wireUint32(3))]],
    [
      "a close before the server's answer",
      [session(), subsystem("a:1"), encode(message.channelClose, wireUint32(0))],
    ],
    ["an open that is cut short", [Buffer.of(message.channelOpen, 0, 0)]],
    ["a message of its type alone", [session(), Buffer.of(message.channelData)]],
    ["a message that no client sends", [Buffer.of(1)]],
  ])("%s ends the client, and sends nothing more to the server", (_, messages) => {
    const { forward, toServer, ends } = stdio();
    for (const each of messages) {
      forward.fromClient(Buffer.from(each));
    }
    expect(ends).toEqual(["over"]);
    expect(types(toServer)).toEqual(messages.length === 3 ? [message.channelOpen] : []);
  });

  test("a second session, other requests and global requests are refused, and the stream goes on", () => {
    const { forward, toClient, toServer, ends } = stdio();
    forward.fromClient(session());
    forward.fromClient(subsystem("a:1"));
    forward.fromServer(confirmation());
    toClient.length = 0;
    forward.fromClient(session());
    forward.fromClient(subsystem("b:2"));
    forward.fromClient(encodeRequest(0, "exec", true, wireString("id")));
    forward.fromClient(encodeRequest(0, "env", false, Buffer.of()));
    forward.fromClient(encode(message.globalRequest, wireString("tcpip-forward"), wireBoolean(true)));
    expect(types(toClient)).toEqual([
      ...[message.channelOpenFailure, message.channelFailure, message.channelFailure],
      message.requestFailure,
    ]);
    expect([toServer.length, ends]).toEqual([1, []]);
  });
});

test.each([
  ["db:5432", { host: "db", port: 5432 }],
  ["[::1]:22", { host: "::1", port: 22 }],
  ["[fe80::1%eth0]:65535", { host: "fe80::1%eth0", port: 65_535 }],
])("the target %j", (text, expected) => {
  expect(parseStdioTarget(text)).toEqual(expected);
});

test.each(["", ":22", "db:", "db", "db:0", "db:65536", "::1:22", "[]:22", "[[a]]:1", "a:b:1", "db:22 "])(
  "%j is no target",
  (text) => {
    expect(parseStdioTarget(text)).toBeUndefined();
  },
);
