import { FileError } from "../base/fileErrors.ts";
import { type LocalFiles, localFiles } from "../base/localFiles.ts";
import { Pacer } from "../base/pacer.ts";
import { WireReader } from "../base/wire.ts";
import { certificateFields, isCertificate } from "./certificate.ts";
import {
  isRevocationList,
  isRevokedByList,
  type RevocableKey,
  RevocationFileError,
} from "./keyRevocationList.ts";
import { claimedKeyType, decodeBase64, publicKeyType } from "./publicKeyBlob.ts";

/** In bytes. */
const longestFile = 64 * 1024 * 1024;
/** In characters; the longest key has less than 3,000. */
const longestLine = 64 * 1024;

export type Revocation =
  | { readonly status: "clear" }
  | { readonly status: "revoked"; readonly file: string; readonly line?: number }
  /** The file is missing or can't be relied on: OpenSSH then refuses every key. */
  | { readonly status: "unknown"; readonly file: string; readonly why: string; readonly cause: unknown };

/**
 * Looks a key up in the files of RevokedHostKeys: key revocation lists, or lists with one key per line
 * (sshkey_check_revoked in authfile.c). For a certificate, its key and its authority's key are looked up.
 */
export async function checkRevoked(
  files: readonly string[],
  key: Buffer,
  reader: LocalFiles = localFiles,
): Promise<Revocation> {
  for (const file of files) {
    try {
      const { bytes = new Uint8Array(0) } = await reader.read(file, longestFile);
      const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const found = await searchRevoked(data, key);
      if (found !== undefined) {
        return { status: "revoked", file, ...(found.line !== undefined && { line: found.line }) };
      }
    } catch (cause) {
      if (!FileError.is(cause) && !(cause instanceof RevocationFileError)) {
        throw cause;
      }
      return { status: "unknown", file, why: FileError.is(cause) ? cause.what : cause.message, cause };
    }
  }
  return { status: "clear" };
}

/** Where a file revokes `key`; undefined: it doesn't. @throws RevocationFileError */
export async function searchRevoked(
  data: Buffer,
  key: Buffer,
): Promise<{ readonly line?: number } | undefined> {
  const pacer = new Pacer();
  const certificate = isCertificate(key) ? certificateFields(key) : undefined;
  const shown: RevocableKey = { plainKey: certificate?.plainKey ?? key, certificate };
  const keys: readonly RevocableKey[] =
    certificate === undefined
      ? [shown]
      : [shown, { plainKey: certificate.signatureKey, certificate: undefined }];
  if (isRevocationList(data)) {
    return (await isRevokedByList(data, keys, pacer)) ? {} : undefined;
  }
  let start = 0;
  for (let line = 1; start < data.length; line++) {
    const newline = data.indexOf(0x0a, start);
    const end = newline < 0 ? data.length : newline;
    if (end - start > longestLine) {
      throw new RevocationFileError(`line ${line} is too long for a key`);
    }
    const listed = readLine(data.toString("latin1", start, end), line);
    if (listed !== undefined && keys.some(({ plainKey }) => plainKey.equals(listed))) {
      return { line };
    }
    if (pacer.isDue()) {
      await pacer.pause();
    }
    start = end + 1;
  }
  return undefined;
}

/** The plain key on a line; undefined for a key that no server can send. */
function readLine(raw: string, line: number): Buffer | undefined {
  const text = (raw.split("\0", 1)[0] ?? "").replace(/^[ \t]+/, "");
  if (text === "" || text === "\r" || text.startsWith("#")) {
    return undefined;
  }
  const [, type, base64] = /^([^ \t]+)[ \t]+([^ \t]+)/.exec(text) ?? [];
  const blob = decodeBase64(base64 ?? "");
  if (type === undefined || blob === undefined || claimedKeyType(blob) !== type) {
    throw new RevocationFileError(`line ${line} is not a key`);
  }
  if (isCertificate(blob)) {
    const fields = certificateFields(blob);
    if (fields === undefined) {
      throw new RevocationFileError(`line ${line} is not a complete certificate`);
    }
    return fields.plainKey;
  }
  if (publicKeyType(blob) !== undefined) {
    return blob;
  }
  // A valid key that is too short to be used, or of a type that OpenSSH dropped, is never sent to us.
  if (fieldCount(blob) !== unusable.get(type)) {
    throw new RevocationFileError(`line ${line} is not a complete key of a known type`);
  }
  return undefined;
}

/** The number of strings in a complete key, including its type. */
const unusable: ReadonlyMap<string, number> = new Map([
  ["ssh-rsa", 3],
  ["ssh-dss", 5],
]);

/** 0: the last string is cut short. */
function fieldCount(blob: Buffer): number {
  const reader = new WireReader(blob);
  let count = 0;
  while (reader.left > 0) {
    if (reader.string() === undefined) {
      return 0;
    }
    count++;
  }
  return count;
}
