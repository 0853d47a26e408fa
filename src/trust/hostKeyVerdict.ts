import type { KnownHostEntry } from "./knownHosts.ts";

/** What known_hosts says about a plain key. */
export type Verdict =
  | { readonly status: "known"; readonly entry: KnownHostEntry }
  | { readonly status: "changed" | "revoked"; readonly entry: KnownHostEntry }
  | { readonly status: "new" };

export function isAuthority(entry: KnownHostEntry): boolean {
  return entry.marker === "cert-authority";
}

export function isPlain(entry: KnownHostEntry): boolean {
  return entry.marker === "none";
}

/**
 * check_hostkeys_by_key_or_type in hostfile.c: an equal key makes the host known; otherwise any other plain key makes
 * it changed (the last one is reported). A revoked line for this key takes precedence over both.
 */
export function judge(entries: readonly KnownHostEntry[], key: Buffer): Verdict {
  const revoked = entries.find((entry) => entry.marker === "revoked" && entry.key.equals(key));
  if (revoked !== undefined) {
    return { status: "revoked", entry: revoked };
  }
  const plain = entries.filter(isPlain);
  const equal = plain.find((entry) => entry.key.equals(key));
  if (equal !== undefined) {
    return { status: "known", entry: equal };
  }
  const other = plain.at(-1);
  return other === undefined ? { status: "new" } : { status: "changed", entry: other };
}
