import { createHash } from "node:crypto";
import type { Pacer } from "../base/pacer.ts";
import { WireReader } from "../base/wire.ts";
import type { CertificateFields } from "./certificate.ts";
import { publicKeyType } from "./publicKeyBlob.ts";

/** The file can't be relied on: it is cut short, damaged, or has mandatory parts of an unknown kind. */
export class RevocationFileError extends Error {}

/** A key as revocation lists name it. */
export interface RevocableKey {
  /** Without the certificate. */
  readonly plainKey: Buffer;
  readonly certificate: CertificateFields | undefined;
}

const magic = Buffer.from("SSHKRL\n\0", "latin1");
const formatVersion = 1;

/** PROTOCOL.krl, section types. */
const section = { certificates: 1, explicitKey: 2, sha1: 3, sha256: 5, extension: 255 } as const;
const certificateSection = {
  serialList: 0x20,
  serialRange: 0x21,
  serialBitmap: 0x22,
  keyId: 0x23,
  extension: 0x39,
} as const;
/** sshbuf.h, SSHBUF_MAX_BIGNUM: bytes. */
const longestBitmap = 2048;

export function isRevocationList(data: Buffer): boolean {
  return data.subarray(0, magic.length).equals(magic);
}

/**
 * Whether a key revocation list (OpenSSH's PROTOCOL.krl) revokes one of the keys. The whole list is read before
 * deciding, as in OpenSSH (ssh_krl_from_blob): damage anywhere makes the list unusable.
 * @throws RevocationFileError
 */
export async function isRevokedByList(
  data: Buffer,
  keys: readonly RevocableKey[],
  pacer: Pacer,
): Promise<boolean> {
  const reader = new WireReader(data, magic.length);
  const version = reader.uint32();
  if (version !== formatVersion) {
    throw new RevocationFileError(`its format version is ${version ?? "missing"}, not ${formatVersion}`);
  }
  // List version, date, flags; then a reserved string and a comment.
  needed(reader.bytes(24));
  needed(reader.string());
  needed(reader.string());
  const check = new ListCheck(keys, pacer);
  while (reader.left > 0) {
    const type = needed(reader.byte());
    await check.section(type, new WireReader(needed(reader.string())));
  }
  return check.isRevoked;
}

class ListCheck {
  readonly #pacer: Pacer;
  readonly #plain: ReadonlySet<string>;
  readonly #sha1: ReadonlySet<string>;
  readonly #sha256: ReadonlySet<string>;
  readonly #certificates: readonly CertificateFields[];
  isRevoked = false;

  constructor(keys: readonly RevocableKey[], pacer: Pacer) {
    this.#pacer = pacer;
    const digests = (algorithm: string): ReadonlySet<string> =>
      new Set(keys.map(({ plainKey }) => createHash(algorithm).update(plainKey).digest().toString("latin1")));
    this.#plain = new Set(keys.map(({ plainKey }) => plainKey.toString("latin1")));
    this.#sha1 = digests("sha1");
    this.#sha256 = digests("sha256");
    this.#certificates = keys.flatMap(({ certificate }) => certificate ?? []);
  }

  async section(type: number, reader: WireReader): Promise<void> {
    switch (type) {
      case section.certificates:
        return await this.#certificateSection(reader);
      case section.explicitKey:
        return await this.#blobs(reader, this.#plain);
      case section.sha1:
        return await this.#blobs(reader, this.#sha1, 20);
      case section.sha256:
        return await this.#blobs(reader, this.#sha256, 32);
      case section.extension:
        return extension(reader);
      default:
        // This includes signed lists: OpenSSH dropped them, and no program writes them.
        throw new RevocationFileError(`it has a section of unknown type ${type}`);
    }
  }

  async #blobs(reader: WireReader, wanted: ReadonlySet<string>, length?: number): Promise<void> {
    while (reader.left > 0) {
      const blob = needed(reader.string());
      if (length !== undefined && blob.length !== length) {
        throw new RevocationFileError("a fingerprint has the wrong length");
      }
      this.isRevoked ||= wanted.has(blob.toString("latin1"));
      await this.#pace();
    }
  }

  async #certificateSection(reader: WireReader): Promise<void> {
    const authority = needed(reader.string());
    needed(reader.string());
    if (authority.length > 0 && publicKeyType(authority) === undefined) {
      throw new RevocationFileError("the key of a certificate authority is damaged");
    }
    // Without a key, the section covers the certificates of all authorities.
    const concerned = this.#certificates.filter(
      ({ signatureKey }) => authority.length === 0 || signatureKey.equals(authority),
    );
    while (reader.left > 0) {
      const type = needed(reader.byte());
      await this.#certificateSubsection(type, new WireReader(needed(reader.string())), concerned);
    }
  }

  async #certificateSubsection(
    type: number,
    reader: WireReader,
    concerned: readonly CertificateFields[],
  ): Promise<void> {
    // Certificates made without a serial have serial 0, which no subsection may contain.
    const serials = concerned.map(({ serial }) => serial);
    switch (type) {
      case certificateSection.serialList:
        while (reader.left > 0) {
          const serial = needed(reader.uint64());
          needSerial(serial);
          this.isRevoked ||= serials.includes(serial);
          await this.#pace();
        }
        return;
      case certificateSection.serialRange: {
        const [first, last] = [needed(reader.uint64()), needed(reader.uint64())];
        needEnd(reader);
        needSerial(first);
        if (first > last) {
          throw new RevocationFileError("a range of serial numbers ends before it begins");
        }
        this.isRevoked ||= serials.some((serial) => first <= serial && serial <= last);
        return;
      }
      case certificateSection.serialBitmap: {
        const offset = needed(reader.uint64());
        const bitmap = needed(reader.mpint());
        needEnd(reader);
        if (bitmap.length > longestBitmap || offset + BigInt(bitmap.length) * 8n > 1n << 64n) {
          throw new RevocationFileError("a bitmap of serial numbers is too long");
        }
        if (offset === 0n && hasBit(bitmap, 0n)) {
          needSerial(0n);
        }
        this.isRevoked ||= serials.some((serial) => hasBit(bitmap, serial - offset));
        return;
      }
      case certificateSection.keyId:
        while (reader.left > 0) {
          const keyId = needed(reader.string());
          this.isRevoked ||= concerned.some((certificate) => certificate.keyId.equals(keyId));
          await this.#pace();
        }
        return;
      case certificateSection.extension:
        return extension(reader);
      default:
        throw new RevocationFileError(`it has a certificate section of unknown type ${type}`);
    }
  }

  async #pace(): Promise<void> {
    if (this.#pacer.isDue()) {
      await this.#pacer.pause();
    }
  }
}

/** @param bitmap most significant byte first */
function hasBit(bitmap: Buffer, bit: bigint): boolean {
  if (bit < 0n || bit >= BigInt(bitmap.length) * 8n) {
    return false;
  }
  const index = Number(bit);
  const byte = bitmap[bitmap.length - 1 - (index >> 3)] ?? 0;
  return ((byte >> (index & 7)) & 1) === 1;
}

/** No extension is known; one that is not mandatory is skipped. */
function extension(reader: WireReader): void {
  const name = needed(reader.string());
  const isCritical = needed(reader.boolean());
  needed(reader.string());
  needEnd(reader);
  if (isCritical) {
    throw new RevocationFileError(`it needs the unknown extension ${name.toString("latin1").slice(0, 100)}`);
  }
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new RevocationFileError("it is cut short or damaged");
  }
  return value;
}

/** Certificates made without a serial have serial 0, so no list can name it. */
function needSerial(serial: bigint): void {
  if (serial === 0n) {
    throw new RevocationFileError("it revokes the serial number 0");
  }
}

function needEnd(reader: WireReader): void {
  if (reader.left > 0) {
    throw new RevocationFileError("it is damaged");
  }
}
