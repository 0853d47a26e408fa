import { WireReader, wireString } from "../base/wire.ts";
import { publicKeyType } from "./publicKeyBlob.ts";
import { verifyKeySignature } from "./publicKeySignature.ts";

/** The fields of a certificate (OpenSSH's PROTOCOL.certkeys). */
export interface CertificateFields {
  /** The certified key, as a plain key. */
  readonly plainKey: Buffer;
  readonly plainType: string;
  readonly serial: bigint;
  readonly kind: "user" | "host";
  readonly keyId: Buffer;
  /** The names that it is valid for, in latin1. May be empty. */
  readonly principals: readonly string[];
  /** Seconds since 1970: valid from the first time on, and no longer at the second. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  /** Names of the critical options, in latin1. */
  readonly criticalOptions: readonly string[];
  readonly signatureKey: Buffer;
  /** The bytes that the authority has signed. */
  readonly signedData: Buffer;
  readonly signature: Buffer;
}

/** The number of strings in the key itself, by type. */
const keyFields: ReadonlyMap<string, number> = new Map([
  ["ssh-ed25519", 1],
  ["ssh-rsa", 2],
  ["ecdsa-sha2-nistp256", 2],
  ["ecdsa-sha2-nistp384", 2],
  ["ecdsa-sha2-nistp521", 2],
  ["sk-ssh-ed25519@openssh.com", 2],
  ["sk-ecdsa-sha2-nistp256@openssh.com", 3],
]);

/** The suffix of OpenSSH's certificate types and of their algorithms. */
export const certificateSuffix = "-cert-v01@openssh.com";

/** sshkey.h, SSHKEY_CERT_MAX_PRINCIPALS. */
const mostPrincipals = 256;

export function isCertificateType(type: string): boolean {
  return type.endsWith(certificateSuffix);
}

/**
 * The key type or algorithm inside a certificate's name; a name that is not a certificate's is returned unchanged.
 * For a security key the suffix occurs twice: cutting one would leave an unknown name.
 */
export function withoutCertificate(name: string): string {
  if (!isCertificateType(name)) {
    return name;
  }
  const plain = name.slice(0, -certificateSuffix.length);
  return plain.startsWith("sk-") ? `${plain}@openssh.com` : plain;
}

export function isCertificate(blob: Buffer): boolean {
  return isCertificateType(new WireReader(blob).string()?.toString("latin1") ?? "");
}

/** Undefined when the blob is not a complete certificate of a known type. The signature is not checked. */
export function certificateFields(blob: Buffer): CertificateFields | undefined {
  const reader = new WireReader(blob);
  const name = reader.string()?.toString("latin1") ?? "";
  const plainType = withoutCertificate(name);
  const count = isCertificateType(name) ? keyFields.get(plainType) : undefined;
  const nonce = reader.string();
  if (count === undefined || nonce === undefined) {
    return undefined;
  }
  const key: Buffer[] = [wireString(plainType)];
  for (let i = 0; i < count; i++) {
    const field = reader.string();
    if (field === undefined) {
      return undefined;
    }
    key.push(wireString(field));
  }
  const serial = reader.uint64();
  const kind = reader.uint32();
  const keyId = reader.string();
  const principals = strings(reader.string(), 1, mostPrincipals);
  const [validAfter, validBefore] = [reader.uint64(), reader.uint64()];
  const critical = strings(reader.string(), 2);
  const extensions = strings(reader.string(), 2);
  const reserved = reader.string();
  const signatureKey = reader.string();
  const signedData = blob.subarray(0, blob.length - reader.left);
  const signature = reader.string();
  if (
    serial === undefined ||
    (kind !== 1 && kind !== 2) ||
    keyId === undefined ||
    principals === undefined ||
    validAfter === undefined ||
    validBefore === undefined ||
    critical === undefined ||
    extensions === undefined ||
    reserved === undefined ||
    signatureKey === undefined ||
    signature === undefined ||
    reader.left > 0
  ) {
    return undefined;
  }
  return {
    plainKey: Buffer.concat(key),
    plainType,
    serial,
    kind: kind === 1 ? "user" : "host",
    keyId,
    principals,
    validAfter,
    validBefore,
    criticalOptions: critical,
    signatureKey,
    signedData,
    signature,
  };
}

/**
 * A certificate that its authority has signed: complete, for a valid key, by a valid key that is not a certificate
 * itself (cert_parse in sshkey.c). Whether the authority is trusted is not checked.
 */
export interface SignedCertificate extends CertificateFields {
  /** `rsa-sha2-512`, `ssh-ed25519`, … */
  readonly signatureAlgorithm: string;
}

/** Undefined: the certificate is damaged, or its signature is wrong. */
export function readCertificate(blob: Buffer): SignedCertificate | undefined {
  const fields = certificateFields(blob);
  if (
    fields === undefined ||
    publicKeyType(fields.plainKey) === undefined ||
    publicKeyType(fields.signatureKey) === undefined ||
    isCertificate(fields.signatureKey)
  ) {
    return undefined;
  }
  const signatureAlgorithm = verifyKeySignature(fields.signatureKey, fields.signedData, fields.signature);
  return signatureAlgorithm === undefined ? undefined : { ...fields, signatureAlgorithm };
}

/** The date of a certificate, to the minute. @param seconds since 1970. */
export function certificateDate(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime())
    ? String(seconds)
    : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** The first of each `group` strings that are packed in a string. Undefined: cut short, or too many. */
function strings(
  packed: Buffer | undefined,
  group: 1 | 2,
  most = Number.POSITIVE_INFINITY,
): readonly string[] | undefined {
  if (packed === undefined) {
    return undefined;
  }
  const reader = new WireReader(packed);
  const names: string[] = [];
  while (reader.left > 0) {
    const name = reader.string();
    const data = group === 2 ? reader.string() : name;
    if (name === undefined || data === undefined || names.length === most) {
      return undefined;
    }
    names.push(name.toString("latin1"));
  }
  return names;
}
