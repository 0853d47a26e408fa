import { wireString, wireUint32 } from "../../base/wire.ts";

/**
 * The protocol between OpenSSH's clients and a multiplexing master (OpenSSH's PROTOCOL.mux and mux.c). A frame is its
 * length as uint32 and a body. In the control phase the body begins with a type as uint32. After the reply to `proxy`
 * the body is one byte of padding length, always 0, and a message of RFC 4254.
 */
export const muxType = {
  hello: 0x00000001,
  newSession: 0x10000002,
  aliveCheck: 0x10000004,
  terminate: 0x10000005,
  openForward: 0x10000006,
  closeForward: 0x10000007,
  newStdioForward: 0x10000008,
  stopListening: 0x10000009,
  proxy: 0x1000000f,
  ok: 0x80000001,
  permissionDenied: 0x80000002,
  failure: 0x80000003,
  alive: 0x80000005,
  remotePort: 0x80000007,
  proxyReply: 0x8000000f,
} as const;

/** The kinds of `openForward` and `closeForward`. */
export const muxForward = { local: 1, remote: 2, dynamic: 3 } as const;

/** Replaces the port if the host is the path of a unix socket (PORT_STREAMLOCAL in misc.h, as int). */
export const muxUnixPort = 0xfffffffe;

/** SSHMUX_VER in mux.c: 4 since OpenSSH 5.4. */
export const muxVersion = 4;

/** The largest frame (PACKET_MAX_SIZE in packet.c). */
export const largestMuxFrame = 256 * 1024;

/** A body below this length makes OpenSSH's proxy clients end the connection (ssh_packet_read_poll2_mux in packet.c). */
const shortestProxyBody = 5;

/** A frame of the control phase. */
export function encodeMux(type: number, ...parts: readonly Uint8Array[]): Buffer {
  return wireString(Buffer.concat([wireUint32(type), ...parts]));
}

/** Both sides send it first. @param pairs of a name and a value; OpenSSH ignores those that it does not know */
export function encodeMuxHello(pairs: Uint8Array = Buffer.alloc(0)): Buffer {
  return encodeMux(muxType.hello, wireUint32(muxVersion), pairs);
}

/** What precedes an RFC 4254 message in a frame of the proxy phase; the message itself need not be copied. */
export function proxyFrameHead(messageLength: number): Buffer {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(1 + messageLength);
  head[4] = 0;
  return head;
}

/** A frame of the proxy phase. Pads a message that is too short for OpenSSH's clients with zeros. */
export function encodeProxyFrame(message: Uint8Array): Buffer {
  const padding = Buffer.alloc(Math.max(0, shortestProxyBody - 1 - message.length));
  return Buffer.concat([proxyFrameHead(message.length + padding.length), message, padding]);
}

/** The RFC 4254 message in a frame's body, without copying. Undefined: the frame is malformed. */
export function decodeProxyBody(body: Buffer): Buffer | undefined {
  return body.length < 2 || body[0] !== 0 ? undefined : body.subarray(1);
}
