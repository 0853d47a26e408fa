/** The algorithms of a connection, as text. No vscode. */
import { t } from "../base/localize.ts";
import type { NegotiatedAlgorithms } from "../engine/connectionEngine.ts";

/** Whether recorded traffic stays secret from a future quantum computer (openssh.com/pq.html). */
export function isPostQuantum(kex: string): boolean {
  return /^(?:mlkem|sntrup)/.test(kex);
}

/** In the terms of `ssh -v`. The names come from our own offer and need no escaping. */
export function algorithmsText({ cipher, mac, kex, hostKey }: NegotiatedAlgorithms): string {
  const auth = mac ?? "<implicit>";
  return isPostQuantum(kex)
    ? t("{0}, MAC {1}, kex {2}, host key {3}", cipher, auth, kex, hostKey)
    : t("{0}, MAC {1}, kex {2} (not post-quantum), host key {3}", cipher, auth, kex, hostKey);
}
