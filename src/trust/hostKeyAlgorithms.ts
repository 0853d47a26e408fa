import { certificateSuffix } from "./certificate.ts";
import { isAuthority, isPlain } from "./hostKeyVerdict.ts";
import type { KnownHostEntry } from "./knownHosts.ts";

/** Algorithms per key type in OpenSSH's order of preference; RSA never with SHA-1. */
const algorithmsByType: readonly (readonly [string, readonly string[]])[] = [
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]],
];

/** The algorithms with which these lines can prove a host, the preferred ones first (order_hostkeyalgs in sshconnect2.c). */
export function provenAlgorithms(entries: readonly KnownHostEntry[]): readonly string[] {
  const known = new Set(entries.filter(isPlain).map((entry) => entry.type));
  const plain = algorithmsByType.flatMap(([type, algorithms]) => (known.has(type) ? algorithms : []));
  const certified = entries.some(isAuthority)
    ? algorithmsByType.flatMap(([, algorithms]) => algorithms.map((name) => `${name}${certificateSuffix}`))
    : [];
  // Put a certificate of a known key first: if the certificate does not count, its key does.
  const first = certified.filter((name) => plain.some((one) => name.startsWith(one)));
  return [...new Set([...first, ...certified, ...plain])];
}
