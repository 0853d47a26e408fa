/** Encodes the messages of RFC 4254 that we send. */
import type { PtySpec } from "../connectionEngine.ts";

export const message = {
  /** RFC 4253 section 11.2 */
  ignore: 2,
  globalRequest: 80,
  requestFailure: 82,
  channelOpen: 90,
  channelOpenConfirmation: 91,
  channelOpenFailure: 92,
  channelWindowAdjust: 93,
  channelEof: 96,
  channelClose: 97,
  channelRequest: 98,
  channelFailure: 100,
} as const;

/** RFC 4254 section 5.1 */
export const openFailureCode = { administrativelyProhibited: 1, connectFailed: 2 } as const;

export function uint32(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

/** RFC 4251 section 5: length and UTF-8 (or raw) bytes. */
export function sshString(value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function encode(type: number, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(type), ...parts]);
}

export function encodeOpen(type: string, sender: number, window: number, packet: number, rest: Uint8Array) {
  return encode(message.channelOpen, sshString(type), uint32(sender), uint32(window), uint32(packet), rest);
}

export function encodeRequest(recipient: number, name: string, wantReply: boolean, rest: Uint8Array): Buffer {
  const reply = Buffer.of(wantReply ? 1 : 0);
  return encode(message.channelRequest, uint32(recipient), sshString(name), reply, rest);
}

/** RFC 4254 section 7.2. The originator is not known here: a jump host's log shows the loopback address. */
export function encodeDirectTcpip(host: string, port: number): Buffer {
  return Buffer.concat([sshString(host), uint32(port), sshString("127.0.0.1"), uint32(0)]);
}

// RFC 4254 section 8 and RFC 8160. What xterm.js sends for Backspace, and that a line is UTF-8: without
// the second, erasing an umlaut in the kernel's line editing leaves half of it behind.
const verase = 3;
const iutf8 = 42;
const inputSpeed = 128;
const outputSpeed = 129;
const terminalModes = Buffer.concat([
  Buffer.of(verase),
  uint32(127),
  Buffer.of(iutf8),
  uint32(1),
  Buffer.of(inputSpeed),
  uint32(38_400),
  Buffer.of(outputSpeed),
  uint32(38_400),
  Buffer.of(0),
]);

/** RFC 4254 section 6.2. Size in pixels unknown. */
export function encodePty(pty: PtySpec): Buffer {
  return Buffer.concat([sshString(pty.term), encodeDimensions(pty), sshString(terminalModes)]);
}

export function encodeDimensions(size: { readonly columns: number; readonly rows: number }): Buffer {
  return Buffer.concat([uint32(size.columns), uint32(size.rows), uint32(0), uint32(0)]);
}
