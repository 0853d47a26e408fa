/** Texts about terminals that were open before the window reloaded. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";

export function reopenWords(): { readonly reopen: string; readonly forget: string } {
  return { reopen: t("Reopen"), forget: t("Forget") };
}

/** The hosts without duplicates, in the order of the tabs. */
export function hostNamesOf(hosts: readonly string[]): string {
  return [...new Set(hosts.map((host) => printable(host)))].join(", ");
}

export function reopenQuestion(hosts: readonly string[]): string {
  return t(
    "{0} open before the window reloaded: {1}.",
    plural(hosts.length, "{0} SSH terminal was", "{0} SSH terminals were"),
    hostNamesOf(hosts),
  );
}

export function reopenRow(terminals: number): string {
  return plural(terminals, "{0} terminal from before", "{0} terminals from before");
}
