import { type CipherGCMTypes, createCipheriv, type KeyObject, randomFillSync } from "node:crypto";
import type { OutCipher } from "../ssh2Protocol.ts";
import { GcmNonce } from "./gcmNonce.ts";

/** Bytes. A larger packet gets a buffer of its own; OpenSSH's largest data packet has 32 KiB. */
const scratchBytes = 64 * 1024;

/** A packet is filled, encrypted and forgotten in one call, so all connections use the same memory for it. */
const scratch = Buffer.allocUnsafeSlow(scratchBytes);

/** Padding is random (RFC 4253 section 6). A call of the generator costs as much as the encryption of 16 KiB. */
const padding = Buffer.allocUnsafeSlow(4096);
let paddingUsed = padding.length;

/** Of the cipher, in bytes (RFC 5647). */
const blockLength = 16;
const headLength = 5;
const shortestPadding = 4;

/** @param name of OpenSSL */
export function isGcm(name: string): name is CipherGCMTypes {
  return name === "aes-128-gcm" || name === "aes-256-gcm";
}

export interface GcmCipherInit {
  readonly name: CipherGCMTypes;
  readonly key: KeyObject;
  /** Of the first packet. */
  readonly iv: Buffer;
  readonly sequence: number;
  readonly onWrite: (data: Uint8Array) => void;
}

/**
 * Packets that are encrypted with AES-GCM (RFC 5647): in place of ssh2's, which allocates and collects three times the
 * bytes that it sends. The encryption is Node's.
 */
export class GcmCipher implements OutCipher {
  outSeqno: number;
  readonly #init: GcmCipherInit;
  readonly #nonce: GcmNonce;
  #freed = false;

  constructor(init: GcmCipherInit) {
    this.#init = init;
    this.outSeqno = init.sequence;
    this.#nonce = new GcmNonce(init.iv);
  }

  /** The packet is valid until the next one is made. */
  allocPacket(payloadLength: number): Buffer {
    // The length field is not encrypted, so it does not count for the block length.
    let padded = blockLength - ((1 + payloadLength) % blockLength);
    if (padded < shortestPadding) {
      padded += blockLength;
    }
    const length = headLength + payloadLength + padded;
    const packet = length <= scratchBytes ? scratch.subarray(0, length) : Buffer.allocUnsafe(length);
    packet.writeUInt32BE(length - 4);
    packet[4] = padded;
    if (paddingUsed + padded > padding.length) {
      randomFillSync(padding);
      paddingUsed = 0;
    }
    padding.copy(packet, headLength + payloadLength, paddingUsed, paddingUsed + padded);
    paddingUsed += padded;
    return packet;
  }

  encrypt(packet: Uint8Array): void {
    if (this.#freed) {
      return;
    }
    const { name, key, onWrite } = this.#init;
    const cipher = createCipheriv(name, key, this.#nonce.bytes);
    const head = Buffer.from(packet.subarray(0, 4));
    cipher.setAAD(head);
    onWrite(head);
    onWrite(cipher.update(packet.subarray(4)));
    cipher.final();
    onWrite(cipher.getAuthTag());
    this.#nonce.count();
    this.outSeqno = (this.outSeqno + 1) >>> 0;
  }

  free(): void {
    this.#freed = true;
  }
}
