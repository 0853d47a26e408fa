import { WireReader } from "../../../base/wire.ts";
import { certificateFields, isCertificateType, withoutCertificate } from "../../../trust/certificate.ts";
import { ConnectError } from "../../engineErrors.ts";
import { keyParser, utils } from "../ssh2Protocol.ts";
import { malformed } from "./keyAgreement.ts";

/** RFC 8332: an `ssh-rsa` key signs under these names; otherwise the signature has the name of the key's type. */
const rsaHashes: Readonly<Record<string, string>> = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" };

/**
 * The algorithms of host certificates, offered where known_hosts names an authority for the host (PROTOCOL.certkeys).
 */
export const certificateAlgorithms: readonly string[] = [
  "ssh-ed25519-cert-v01@openssh.com",
  "ecdsa-sha2-nistp256-cert-v01@openssh.com",
  "ecdsa-sha2-nistp384-cert-v01@openssh.com",
  "ecdsa-sha2-nistp521-cert-v01@openssh.com",
  "rsa-sha2-512-cert-v01@openssh.com",
  "rsa-sha2-256-cert-v01@openssh.com",
];

/**
 * Checks that the owner of `hostKey`, or of the key in a certificate, has signed the exchange hash with the
 * negotiated algorithm.
 * @throws ConnectError `protocol`
 */
export function verifyHostKeySignature(
  hostKey: Buffer,
  signature: Buffer,
  exchangeHash: Buffer,
  algorithm: string,
): void {
  const plainAlgorithm = withoutCertificate(algorithm);
  const hash = Object.hasOwn(rsaHashes, plainAlgorithm) ? rsaHashes[plainAlgorithm] : undefined;
  const wanted = hash === undefined ? algorithm : algorithm.replace(plainAlgorithm, "ssh-rsa");
  const shown = new WireReader(hostKey).string()?.toString("latin1");
  if (shown !== wanted) {
    throw new ConnectError("protocol", "The server's host key is of another type than agreed");
  }
  const plainKey = isCertificateType(algorithm) ? certificateFields(hostKey)?.plainKey : hostKey;
  if (plainKey === undefined) {
    throw malformed("host certificate");
  }
  const signatureReader = new WireReader(signature);
  const name = signatureReader.string()?.toString("latin1");
  const bytes = signatureReader.string();
  if (name !== plainAlgorithm || bytes === undefined || signatureReader.left > 0) {
    throw malformed("signature");
  }
  const keyReader = new WireReader(plainKey);
  const type = keyReader.string()?.toString("latin1") ?? "";
  if (!isSignedBy(keyReader.rest(), type, bytes, exchangeHash, hash)) {
    throw new ConnectError("protocol", "The server's signature is wrong: it doesn't hold its host key");
  }
}

function isSignedBy(
  fields: Buffer,
  type: string,
  signature: Buffer,
  data: Buffer,
  hash: string | undefined,
): boolean {
  try {
    const encoded = utils.sigSSHToASN1(signature, type);
    const key = keyParser.parseDERKey(fields, type);
    return encoded !== undefined && !(key instanceof Error) && key.verify(data, encoded, hash) === true;
  } catch {
    // No key or signature can have such numbers.
    return false;
  }
}
