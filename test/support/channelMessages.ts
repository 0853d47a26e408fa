import { wireBoolean, wireString, wireUint32 } from "../../src/base/wire.ts";

// RFC 4254 messages of a peer. `recipient` is the receiver's number.

export const peerSends = {
  open: (type: string, sender: number, window = 1000, packet = 100) =>
    bytes(90, wireString(type), wireUint32(sender), wireUint32(window), wireUint32(packet)),
  confirmation: (recipient: number, sender: number, window = 1000, packet = 100) =>
    bytes(91, ...[recipient, sender, window, packet].map(wireUint32)),
  failure: (recipient: number, code = 1, text = "no") =>
    bytes(92, wireUint32(recipient), wireUint32(code), wireString(text), wireString("")),
  adjust: (recipient: number, by: number) => bytes(93, wireUint32(recipient), wireUint32(by)),
  data: (recipient: number, data: Uint8Array | string) => bytes(94, wireUint32(recipient), wireString(data)),
  extended: (recipient: number, type: number, data: Uint8Array | string) =>
    bytes(95, wireUint32(recipient), wireUint32(type), wireString(data)),
  eof: (recipient: number) => bytes(96, wireUint32(recipient)),
  close: (recipient: number) => bytes(97, wireUint32(recipient)),
  request: (recipient: number, name: string, wantReply = false, rest: Uint8Array = Buffer.alloc(0)) =>
    bytes(98, wireUint32(recipient), wireString(name), wireBoolean(wantReply), rest),
  success: (recipient: number) => bytes(99, wireUint32(recipient)),
  requestFailed: (recipient: number) => bytes(100, wireUint32(recipient)),
  globalRequest: (name: string, wantReply = false) => bytes(80, wireString(name), wireBoolean(wantReply)),
};

export function bytes(number: number, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(number), ...parts]);
}
