import { openSshAlgorithms } from "../config/algorithmLists.ts";
import { withoutCertificate } from "../trust/certificate.ts";

/**
 * Three names of a public key login may differ: the algorithm of the request (`rsa-sha2-512-cert-v01@openssh.com`),
 * the type in its key blob (`ssh-rsa-cert-v01@openssh.com`) and the name in the signature (`rsa-sha2-512`). This
 * derives the third from the first.
 */
export function signatureName(algorithm: string): string {
  return withoutCertificate(algorithm);
}

/** The key blob type that belongs to a request's algorithm (RFC 8332 section 3). */
function blobType(algorithm: string): string {
  return algorithm.replace(/^rsa-sha2-(?:256|512)/, "ssh-rsa");
}

/** A key that needs a touch: the private key is on a FIDO security key (PROTOCOL.u2f). */
export function isSecurityKeyType(type: string): boolean {
  return type.startsWith("sk-");
}

/**
 * The algorithm with which a key is offered (key_sig_algorithm in sshconnect2.c): the first of
 * PubkeyAcceptedAlgorithms that fits the key and, for RSA, that the server has announced. A server that announces
 * nothing (RFC 8308) is assumed to accept RSA only with SHA-1.
 *
 * @param type the type in the key's blob.
 * @param accepted PubkeyAcceptedAlgorithms; undefined: OpenSSH's default.
 * @param announced the server's `server-sig-algs`; undefined: it sent none.
 * @returns undefined when the key can't be offered.
 */
export function requestAlgorithm(
  type: string,
  accepted: readonly string[] | undefined,
  announced: readonly string[] | undefined,
): string | undefined {
  const allowed = accepted ?? openSshAlgorithms.pubkeyacceptedalgorithms.offered;
  const fitting = allowed.filter((name) => blobType(name) === type);
  if (!type.startsWith("ssh-rsa")) {
    return fitting[0];
  }
  return announced === undefined
    ? fitting.find((name) => name === type)
    : fitting.find((name) => announced.includes(signatureName(name)));
}
