/**
 * Texts about terminals and forwards that were open before the window reloaded, or are open in another window of the same
 * workspace: both share its memory. No vscode.
 */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { type ForwardSpec, formatForward } from "../config/forwardSpec.ts";

export function reopenWords(): { readonly reopen: string; readonly forget: string } {
  return { reopen: t("Reopen"), forget: t("Forget") };
}

/** The hosts without duplicates, in the order of the tabs. */
export function hostNamesOf(hosts: readonly string[]): string {
  return [...new Set(hosts.map((host) => printable(host)))].join(", ");
}

export function reopenQuestion(hosts: readonly string[]): string {
  return plural(
    hosts.length,
    "{0} SSH terminal was open in this workspace: {1}.",
    "{0} SSH terminals were open in this workspace: {1}.",
    hostNamesOf(hosts),
  );
}

export function restartWord(): string {
  return t("Restart");
}

/** The question about the forwards that the user had started by hand, and what follows the answers. */
export function forwardsQuestion(
  forwards: readonly { readonly host: string; readonly spec: ForwardSpec }[],
): {
  readonly text: string;
  readonly detail: string;
} {
  const [first] = forwards;
  const of = (text: string, host: string): string => printable(t("{0} of {1}", text, host));
  const list =
    first !== undefined && forwards.every(({ host }) => host === first.host)
      ? of(forwards.map(({ spec }) => formatForward(spec)).join(", "), first.host)
      : forwards.map(({ host, spec }) => of(formatForward(spec), host)).join(", ");
  return {
    text: plural(
      forwards.length,
      "{0} forward was open in this workspace:",
      "{0} forwards were open in this workspace:",
    ),
    detail: t(
      "{0}. When you next open a session on a host, its forwards start by themselves, except those that other computers can reach.",
      list,
    ),
  };
}

export function reopenRow(terminals: number): string {
  return plural(terminals, "{0} terminal from before", "{0} terminals from before");
}
