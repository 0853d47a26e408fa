/** Texts about the filter of the views. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";

export const filterTitle = () => t("Filter Hosts and Connections");
export const filterPrompt = () =>
  t("Words of a name, an address, a user or a group. Leave it empty to show everything.");

/** Shown above the rows of a view. `shown` of `total` hosts or connections match. */
export function filterMessage(
  what: "hosts" | "connections",
  text: string,
  { shown, total }: { readonly shown: number; readonly total: number },
): string {
  const words = printable(text, 60);
  return what === "hosts"
    ? t(`Filter "{0}": {1} of {2} hosts`, words, shown, total)
    : t(`Filter "{0}": {1} of {2} connections`, words, shown, total);
}
