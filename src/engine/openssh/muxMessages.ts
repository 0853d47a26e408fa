import { type WireReader, wireString, wireUint32 } from "../../base/wire.ts";
import type { ForwardAddress } from "../connectionEngine.ts";

/** Message numbers of OpenSSH's PROTOCOL.mux. */
export const mux = {
  hello: 0x00000001,
  aliveCheck: 0x10000004,
  terminate: 0x10000005,
  openForward: 0x10000006,
  closeForward: 0x10000007,
  proxy: 0x1000000f,
  ok: 0x80000001,
  permissionDenied: 0x80000002,
  failure: 0x80000003,
  alive: 0x80000005,
  remotePort: 0x80000007,
  proxyStarted: 0x8000000f,
} as const;

/** The version has been this since OpenSSH 5.4. */
export const muxVersion = 4;

/** For a forward's port: the host is the path of a unix socket (PORT_STREAMLOCAL in OpenSSH's misc.h, as a uint32). */
const unixSocketPort = 0xfffffffe;

/** MUX_FWD_REMOTE in mux.c. */
const remoteKind = 2;

/** A request of the control phase, without its length. */
export function encodeMuxRequest(type: number, id: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([wireUint32(type), wireUint32(id), body]);
}

/** The body of OPEN_FWD and CLOSE_FWD: the server listens at `at`, and the master connects to the unix socket `target`. */
export function encodeRemoteForward(at: ForwardAddress, target: string): Buffer {
  const listen =
    at.type === "tcp"
      ? [wireString(at.host), wireUint32(at.port)]
      : [wireString(at.path), wireUint32(unixSocketPort)];
  return Buffer.concat([wireUint32(remoteKind), ...listen, wireString(target), wireUint32(unixSocketPort)]);
}

/** A frame of the control phase: its length in front. */
export function framed(message: Uint8Array): Buffer {
  return Buffer.concat([wireUint32(message.length), message]);
}

/** What a reply says besides its type and request id. */
export interface MuxReply {
  readonly type: number;
  readonly id: number;
  readonly body: WireReader;
}
