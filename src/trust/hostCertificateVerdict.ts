import type { SignedCertificate } from "./certificate.ts";
import { type CertificateProblem, checkHostCertificate } from "./hostCertificateCheck.ts";
import { isAuthority } from "./hostKeyVerdict.ts";
import type { KnownHostEntry } from "./knownHosts.ts";

export type CertificateVerdict =
  | { readonly status: "revoked"; readonly entry: KnownHostEntry }
  | {
      readonly status: "judged";
      /** The line that trusts the certificate's authority for this host. */
      readonly authority: KnownHostEntry | undefined;
      /** Undefined: the certificate proves the host. */
      readonly problem: CertificateProblem | undefined;
    };

/**
 * What known_hosts says about a certificate (check_host_key in sshconnect.c).
 * @param places the lines for the host's name, then, if it is different, those for the name without its port: they
 *   count where the first name has no matching authority. A line that revokes the key or the authority counts in
 *   both.
 */
export function judgeCertificate(
  certificate: SignedCertificate,
  places: readonly (readonly KnownHostEntry[])[],
  check: { readonly name: string; readonly now: bigint; readonly allowed: readonly string[] },
): CertificateVerdict {
  const { plainKey, signatureKey } = certificate;
  const entry = places
    .flat()
    .find(({ marker, key }) => marker === "revoked" && (key.equals(plainKey) || key.equals(signatureKey)));
  if (entry !== undefined) {
    return { status: "revoked", entry };
  }
  const authority = places.flat().find((one) => isAuthority(one) && one.key.equals(signatureKey));
  const problem: CertificateProblem | undefined =
    authority === undefined
      ? { kind: "unknown-authority" }
      : checkHostCertificate(certificate, check.name, check.now, check.allowed);
  return { status: "judged", authority, problem };
}
