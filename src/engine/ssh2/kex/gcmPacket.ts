import { type CipherGCMTypes, createDecipheriv, type KeyObject } from "node:crypto";
import type { GcmNonce } from "./gcmNonce.ts";

/** The field that is not encrypted, but authenticated, and the tag, in bytes (RFC 5647 section 7.2). */
export const lengthLength = 4;
export const tagLength = 16;

/**
 * Decrypts a packet, and counts it.
 * @param packet with its length field and its tag
 * @returns what is between them, in memory of its own
 * @throws OpenSSL's error if it was changed
 */
export function openPacket(name: CipherGCMTypes, key: KeyObject, nonce: GcmNonce, packet: Buffer): Buffer {
  const tag = packet.length - tagLength;
  const decipher = createDecipheriv(name, key, nonce.bytes, { authTagLength: tagLength });
  nonce.count();
  decipher.setAAD(packet.subarray(0, lengthLength));
  decipher.setAuthTag(packet.subarray(tag));
  const plain = decipher.update(packet.subarray(lengthLength, tag));
  decipher.final();
  return plain;
}
