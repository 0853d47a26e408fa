import { createHash } from "node:crypto";
import { WireReader } from "../base/wire.ts";

/** The shortest RSA modulus that OpenSSH accepts (SSH_RSA_MINIMUM_MODULUS_SIZE). */
const minimumRsaBits = 1024;

const curvePointLengths: Readonly<Record<string, number>> = { nistp256: 65, nistp384: 97, nistp521: 133 };

/** Checks the fields after the type name; true when they are complete. The fields of certificates are not checked. */
function fieldsAreValid(type: string, reader: WireReader): boolean {
  switch (type) {
    case "ssh-ed25519":
      return reader.string()?.length === 32 && reader.left === 0;
    case "sk-ssh-ed25519@openssh.com":
      return reader.string()?.length === 32 && reader.string() !== undefined && reader.left === 0;
    case "ssh-rsa":
      return reader.string() !== undefined && rsaBits(reader.string()) >= minimumRsaBits && reader.left === 0;
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return isCurvePoint(type.slice("ecdsa-sha2-".length), reader) && reader.left === 0;
    case "sk-ecdsa-sha2-nistp256@openssh.com":
      return isCurvePoint("nistp256", reader) && reader.string() !== undefined && reader.left === 0;
    default:
      return certificateType.test(type) && reader.left > 0;
  }
}

const certificateType =
  /^(?:ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519|sk-ecdsa-sha2-nistp256)-cert-v01@openssh\.com$/;

function isCurvePoint(curve: string, reader: WireReader): boolean {
  if (reader.string()?.toString("latin1") !== curve) {
    return false;
  }
  const point = reader.string();
  return point !== undefined && point.length === curvePointLengths[curve] && point[0] === 4;
}

function rsaBits(modulus: Buffer | undefined): number {
  let start = 0;
  while (modulus?.[start] === 0) {
    start++;
  }
  const first = modulus?.[start];
  return modulus === undefined || first === undefined
    ? 0
    : (modulus.length - start) * 8 - Math.clz32(first) + 24;
}

/**
 * The type named inside a public key blob (RFC 4253 section 6.6), or undefined when the blob is not a complete key of
 * a type that OpenSSH 10 supports (it dropped ssh-dss).
 */
export function publicKeyType(blob: Buffer): string | undefined {
  const reader = new WireReader(blob);
  const type = reader.string()?.toString("latin1");
  return type !== undefined && fieldsAreValid(type, reader) ? type : undefined;
}

/**
 * The bits of the modulus of an RSA key of any size, or of the key in an RSA certificate; undefined for other keys.
 */
export function rsaKeyBits(blob: Buffer): number | undefined {
  const reader = new WireReader(blob);
  const type = reader.string()?.toString("latin1") ?? "";
  if (type !== "ssh-rsa" && type !== "ssh-rsa-cert-v01@openssh.com") {
    return undefined;
  }
  if (type !== "ssh-rsa") {
    // The nonce.
    reader.string();
  }
  reader.string();
  return rsaBits(reader.string());
}

/** The type name at the start of a blob, without checking the rest: for display only. Empty when there is none. */
export function claimedKeyType(blob: Buffer): string {
  return new WireReader(blob).string()?.toString("latin1") ?? "";
}

/** `SHA256:…` without padding, as `ssh-keygen -l` prints it. */
export function sha256Fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** Decodes base64 as strictly as OpenSSH does (white space allowed, padding and alphabet checked). */
export function decodeBase64(text: string): Buffer | undefined {
  const packed = text.replace(/[ \t\r\n\v\f]+/g, "");
  const decoded = Buffer.from(packed, "base64");
  return packed !== "" && decoded.toString("base64") === packed ? decoded : undefined;
}
