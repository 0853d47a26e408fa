/** The parts of messages to the user. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";

/** A button below a message. */
export type UserAction =
  | { readonly kind: "openFile"; readonly title: string; readonly file: string; readonly line?: number }
  | { readonly kind: "retry"; readonly title: string }
  /** From now on the machine's `ssh` connects this host. Asked once, with a question at the end of the message. */
  | { readonly kind: "useOpenSsh"; readonly title: string; readonly host: string; readonly question: string }
  /** The machine's `ssh` never connects this host. */
  | { readonly kind: "avoidOpenSsh"; readonly title: string; readonly host: string }
  | { readonly kind: "manageTrust"; readonly title: string }
  | { readonly kind: "showLog"; readonly title: string };

export interface UserMessage {
  readonly severity: "error" | "warning";
  readonly text: string;
  /** Best first. */
  readonly actions: readonly UserAction[];
}

export const retry = (): UserAction => ({ kind: "retry", title: t("Retry") });
export const showLog = (): UserAction => ({ kind: "showLog", title: t("Show Log") });

export function failure(text: string, ...actions: readonly UserAction[]): UserMessage {
  return { severity: "error", text, actions };
}

/** Untrusted text as a sentence of a message: printable, with a full stop if it has none. */
export function sentence(text: string, limit?: number): string {
  const words = printable(text, limit).trim();
  return words === "" || /[.!?…]$/.test(words) ? words : `${words}.`;
}

/** An optional sentence after another one: with a space before it, or empty. */
export function following(text: string): string {
  return text === "" ? "" : ` ${text}`;
}

/** ` It says: …` with the server's message, or empty. */
export function saying(words: string | undefined): string {
  return words === undefined || words.trim() === "" ? "" : following(t("It says: {0}", sentence(words, 200)));
}
