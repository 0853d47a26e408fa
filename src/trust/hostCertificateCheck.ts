import { matchPattern } from "../config/patterns.ts";
import type { SignedCertificate } from "./certificate.ts";

/** Why a certificate does not prove that the server is the requested host. */
export type CertificateProblem =
  | { readonly kind: "not-a-host-certificate" }
  /** `from`: seconds since 1970. */
  | { readonly kind: "not-yet-valid"; readonly from: bigint }
  | { readonly kind: "expired"; readonly at: bigint }
  | { readonly kind: "no-names" }
  /** The names in the certificate, untrusted, and the requested name. */
  | { readonly kind: "other-name"; readonly names: readonly string[]; readonly asked: string }
  | { readonly kind: "critical-option"; readonly names: readonly string[] }
  | { readonly kind: "weak-signature"; readonly algorithm: string }
  /** No line of known_hosts trusts the authority for this host. */
  | { readonly kind: "unknown-authority" };

/**
 * Checks what sshkey_cert_check_host (sshkey.c) checks, in its order. As in OpenSSH from 10.3 on, names may be
 * patterns, and an empty list of names is refused; before, such a certificate was valid for every host.
 *
 * @param name HostKeyAlias, or the host's name without its port, in latin1.
 * @param now seconds since 1970.
 * @param allowed CASignatureAlgorithms.
 * @returns undefined: it proves the host.
 */
export function checkHostCertificate(
  certificate: SignedCertificate,
  name: string,
  now: bigint,
  allowed: readonly string[],
): CertificateProblem | undefined {
  const { kind, principals, validAfter, validBefore, criticalOptions, signatureAlgorithm } = certificate;
  if (kind !== "host") {
    return { kind: "not-a-host-certificate" };
  }
  if (now < validAfter) {
    return { kind: "not-yet-valid", from: validAfter };
  }
  if (now >= validBefore) {
    return { kind: "expired", at: validBefore };
  }
  if (principals.length === 0) {
    return { kind: "no-names" };
  }
  if (!principals.some((principal) => matchPattern(name, principal))) {
    return { kind: "other-name", names: principals, asked: name };
  }
  if (criticalOptions.length > 0) {
    return { kind: "critical-option", names: criticalOptions };
  }
  return allowed.includes(signatureAlgorithm)
    ? undefined
    : { kind: "weak-signature", algorithm: signatureAlgorithm };
}
