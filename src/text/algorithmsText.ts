/** The algorithms of a connection, as text. No vscode. */
import { t } from "../base/localize.ts";
import type { NegotiatedAlgorithms } from "../engine/connectionInfo.ts";

/** Whether recorded traffic stays secret from a future quantum computer (openssh.com/pq.html). */
function isPostQuantum(kex: string): boolean {
  return /^(?:mlkem|sntrup)/.test(kex);
}

/** The names come from our own offer and need no escaping. A cipher with built-in authentication has no MAC. */
export function algorithmsText({ cipher, mac, kex, hostKey }: NegotiatedAlgorithms): string {
  return [
    cipher,
    ...(mac === undefined ? [] : [t("MAC {0}", mac)]),
    isPostQuantum(kex) ? t("key exchange {0}", kex) : t("key exchange {0} (not post-quantum)", kex),
    t("host key {0}", hostKey),
  ].join(", ");
}
