import { WireReader } from "../../../base/wire.ts";
import { certificateFields, isCertificateType, withoutCertificate } from "../../../trust/certificate.ts";
import { verifyKeySignature } from "../../../trust/publicKeySignature.ts";
import { ConnectError } from "../../engineErrors.ts";
import { malformed } from "./keyAgreement.ts";

/** RFC 8332: an `ssh-rsa` key signs under these names; otherwise the signature has the name of the key's type. */
const rsaAlgorithms: ReadonlySet<string> = new Set(["rsa-sha2-256", "rsa-sha2-512"]);

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
  const wanted = rsaAlgorithms.has(plainAlgorithm) ? algorithm.replace(plainAlgorithm, "ssh-rsa") : algorithm;
  const shown = new WireReader(hostKey).string()?.toString("latin1");
  if (shown !== wanted) {
    throw new ConnectError("protocol", "The server's host key is of another type than agreed");
  }
  const plainKey = isCertificateType(algorithm) ? certificateFields(hostKey)?.plainKey : hostKey;
  if (plainKey === undefined) {
    throw malformed("host certificate");
  }
  if (new WireReader(signature).string()?.toString("latin1") !== plainAlgorithm) {
    throw malformed("signature");
  }
  if (verifyKeySignature(plainKey, exchangeHash, signature) === undefined) {
    throw new ConnectError("protocol", "The server's signature is wrong: it doesn't hold its host key");
  }
}
