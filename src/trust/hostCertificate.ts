import { WireReader, wireString } from "../base/wire.ts";

/** What a certificate says, as far as revocation depends on it (OpenSSH's PROTOCOL.certkeys). */
export interface CertificateFields {
  /** The key that is certified, as a key of its own. */
  readonly plainKey: Buffer;
  readonly serial: bigint;
  readonly keyId: Buffer;
  readonly signatureKey: Buffer;
}

/** How many strings the key itself has, by type. */
const keyFields: ReadonlyMap<string, number> = new Map([
  ["ssh-ed25519", 1],
  ["ssh-rsa", 2],
  ["ecdsa-sha2-nistp256", 2],
  ["ecdsa-sha2-nistp384", 2],
  ["ecdsa-sha2-nistp521", 2],
  ["sk-ssh-ed25519@openssh.com", 2],
  ["sk-ecdsa-sha2-nistp256@openssh.com", 3],
]);

const suffix = "-cert-v01@openssh.com";

/** The key type that a certificate's type name has in it; undefined when it is no certificate's. */
function certifiedType(type: string): string | undefined {
  if (!type.endsWith(suffix)) {
    return undefined;
  }
  const plain = type.slice(0, -suffix.length);
  return plain.startsWith("sk-") ? `${plain}@openssh.com` : plain;
}

export function isCertificate(blob: Buffer): boolean {
  return (new WireReader(blob).string()?.toString("latin1") ?? "").endsWith(suffix);
}

/** Undefined when the blob is not a complete certificate of a known type. The signature is not checked. */
export function certificateFields(blob: Buffer): CertificateFields | undefined {
  const reader = new WireReader(blob);
  const type = certifiedType(reader.string()?.toString("latin1") ?? "") ?? "";
  const count = keyFields.get(type);
  const nonce = reader.string();
  if (count === undefined || nonce === undefined) {
    return undefined;
  }
  const key: Buffer[] = [wireString(type)];
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
  const principals = reader.string();
  const [after, before] = [reader.uint64(), reader.uint64()];
  const [critical, extensions, reserved] = [reader.string(), reader.string(), reader.string()];
  const signatureKey = reader.string();
  const signature = reader.string();
  const isComplete =
    [kind, principals, after, before, critical, extensions, reserved, signature].every(
      (field) => field !== undefined,
    ) && reader.left === 0;
  return isComplete && serial !== undefined && keyId !== undefined && signatureKey !== undefined
    ? { plainKey: Buffer.concat(key), serial, keyId, signatureKey }
    : undefined;
}
