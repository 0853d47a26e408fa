import { type WireReader, wireBoolean, wireString, wireUint32 } from "../../base/wire.ts";
import type { Endpoint, PtySpec } from "../connectionEngine.ts";

/** Message numbers of RFC 4254 section 9. */
export const message = {
  /** RFC 4253 section 11.2 */
  ignore: 2,
  globalRequest: 80,
  requestSuccess: 81,
  requestFailure: 82,
  channelOpen: 90,
  channelOpenConfirmation: 91,
  channelOpenFailure: 92,
  channelWindowAdjust: 93,
  channelData: 94,
  channelExtendedData: 95,
  channelEof: 96,
  channelClose: 97,
  channelRequest: 98,
  channelSuccess: 99,
  channelFailure: 100,
} as const;

/** RFC 4254 section 5.1 */
export const openFailureCode = {
  administrativelyProhibited: 1,
  connectFailed: 2,
  unknownChannelType: 3,
  resourceShortage: 4,
} as const;

/** RFC 4254 section 5.2: the only type of extended data. */
export const extendedDataStderr = 1;

/** The largest window (RFC 4254 section 5.2). */
export const largestWindow = 2 ** 32 - 1;

/** The highest channel number that OpenSSH accepts: INT_MAX (channel_parse_id in channels.c). */
export const largestChannelId = 2 ** 31 - 1;

/** The largest `string` of SSH_MSG_CHANNEL_DATA that we accept (OpenSSH: CHAN_SES_PACKET_DEFAULT). */
export const maximumPacketSize = 32 * 1024;

export function encode(type: number, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(type), ...parts]);
}

export interface ChannelOpen {
  readonly type: string;
  readonly sender: number;
  readonly window: number;
  readonly packet: number;
}

/** RFC 4254 section 5.1. @param rest the fields that belong to the type */
export function encodeOpen({ type, sender, window, packet }: ChannelOpen, rest: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(17 + Buffer.byteLength(type) + rest.length);
  bytes[0] = message.channelOpen;
  let at = writeText(bytes, type, 1);
  for (const number of [sender, window, packet]) {
    at = bytes.writeUInt32BE(number, at);
  }
  bytes.set(rest, at);
  return bytes;
}

/** A `string` in UTF-8. @returns where it ends */
function writeText(bytes: Buffer, text: string, at: number): number {
  const length = bytes.write(text, at + 4);
  bytes.writeUInt32BE(length, at);
  return at + 4 + length;
}

/** Undefined when it is cut short. The fields of the type are not read. */
export function decodeOpen(body: WireReader): ChannelOpen | undefined {
  const type = body.text();
  const [sender, window, packet] = [body.uint32(), body.uint32(), body.uint32()];
  return type === undefined || sender === undefined || window === undefined || packet === undefined
    ? undefined
    : { type, sender, window, packet };
}

export function encodeOpenFailure(recipient: number, code: number, description: string): Buffer {
  const numbers = [recipient, code].map(wireUint32);
  return encode(message.channelOpenFailure, ...numbers, wireString(description), wireString(""));
}

/** SSH_MSG_CHANNEL_DATA (RFC 4254 section 5.2) before its data. @param size of the data, in bytes */
export function encodeDataHead(recipient: number, size: number): Buffer {
  const head = Buffer.alloc(9);
  head[0] = message.channelData;
  head.writeUInt32BE(recipient, 1);
  head.writeUInt32BE(size, 5);
  return head;
}

/** RFC 4254 section 5.4. @param rest the fields that belong to the request */
export function encodeRequest(recipient: number, name: string, wantReply: boolean, rest: Uint8Array): Buffer {
  const head = [wireUint32(recipient), wireString(name), wireBoolean(wantReply)];
  return encode(message.channelRequest, ...head, rest);
}

/** RFC 4254 section 7.2. @param originator the origin of the connection; shown in servers' logs */
export function encodeDirectTcpip(target: Endpoint, originator: Endpoint): Buffer {
  const bytes = Buffer.allocUnsafe(16 + Buffer.byteLength(target.host) + Buffer.byteLength(originator.host));
  let at = 0;
  for (const { host, port } of [target, originator]) {
    at = bytes.writeUInt32BE(clamped(port), writeText(bytes, host, at));
  }
  return bytes;
}

/** OpenSSH's PROTOCOL, section 2.4: the path and two reserved fields. */
export function encodeDirectStreamlocal(path: string): Buffer {
  return Buffer.concat([wireString(path), wireString(""), wireUint32(0)]);
}

// RFC 4254 section 8 and RFC 8160: the character that xterm.js sends for Backspace, and UTF-8 mode: without it, the
// kernel's line editing erases only half of an umlaut.
const verase = 3;
const iutf8 = 42;
const inputSpeed = 128;
const outputSpeed = 129;
const terminalModes = Buffer.concat([
  Buffer.of(verase),
  wireUint32(127),
  Buffer.of(iutf8),
  wireUint32(1),
  Buffer.of(inputSpeed),
  wireUint32(38_400),
  Buffer.of(outputSpeed),
  wireUint32(38_400),
  Buffer.of(0),
]);

/** RFC 4254 section 6.2. Size in pixels unknown. */
export function encodePty(pty: PtySpec): Buffer {
  return Buffer.concat([wireString(pty.term), encodeDimensions(pty), wireString(terminalModes)]);
}

/** The kernel's `struct winsize` has 16 bits: it would keep only the low bits of a larger number. */
const largestDimension = 0xffff;

export function encodeDimensions(size: { readonly columns: number; readonly rows: number }): Buffer {
  const cells = [size.columns, size.rows].map((cell) => clampedUint32(Math.min(cell, largestDimension)));
  return Buffer.concat([...cells, wireUint32(0), wireUint32(0)]);
}

/** The nearest uint32: numbers from settings or an extension may be anything. */
export function clampedUint32(value: number): Buffer {
  return wireUint32(clamped(value));
}

function clamped(value: number): number {
  return Math.min(Math.max(0, Math.trunc(value) || 0), 2 ** 32 - 1);
}

export interface ChannelRequestHead {
  readonly name: string;
  readonly wantReply: boolean;
}

/** The fields after the recipient. Undefined when it is cut short. */
export function decodeRequest(body: WireReader): ChannelRequestHead | undefined {
  const name = body.text();
  const wantReply = body.boolean();
  return name === undefined || wantReply === undefined ? undefined : { name, wantReply };
}

/** RFC 4254 section 6.10. Missing fields are undefined, because OpenSSH does not read this request at all. */
export function decodeExitSignal(body: WireReader): {
  readonly signal: string | undefined;
  readonly coreDumped: boolean | undefined;
  readonly text: string | undefined;
} {
  return { signal: body.text(), coreDumped: body.boolean(), text: body.text() };
}
