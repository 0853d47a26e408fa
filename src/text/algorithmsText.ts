/** Words about what two sides agreed on in the key exchange. No vscode. */
import type { NegotiatedAlgorithms } from "../engine/connectionEngine.ts";

/** Whether traffic that somebody records today stays secret from a quantum computer (openssh.com/pq.html). */
export function isPostQuantum(kex: string): boolean {
  return /^(?:mlkem|sntrup)/.test(kex);
}

/** In the words of `ssh -v`. The names come from our own offer: they need no escaping. */
export function algorithmsText({ cipher, mac, kex, hostKey }: NegotiatedAlgorithms): string {
  const note = isPostQuantum(kex) ? "" : " (not post-quantum)";
  return `${cipher}, MAC ${mac ?? "<implicit>"}, kex ${kex}${note}, host key ${hostKey}`;
}
