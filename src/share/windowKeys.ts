import { createHash } from "node:crypto";

/** Equal where connections may be shared. A name in the folder shows no host. @param key of a master */
export function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** The names of the sockets of connections that have `hash`. */
export function socketStart(hash: string): string {
  return `w${hash.slice(0, 12)}.`;
}
