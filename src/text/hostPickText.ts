/** The row of the host pick that connects to the typed host. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { TypedHostRefusal } from "../config/typedHost.ts";

/** In a list of hosts that is empty. */
export const noHostsYet = () => t("No hosts yet. Type one here, for example user@host or user@host:port.");
export const openConfigFileChoice = () => t("Open SSH Config File");
/** Where nothing can be typed. */
export const noHostsToChoose = () =>
  t("There are no hosts to choose from. Add hosts to your SSH config file, or open a terminal on one first.");

export function connectToTyped(typed: string): string {
  return t("Connect to {0}", typed);
}

/** Why the typed text can't be connected to: one sentence, and what can be typed. */
export function typedRefusal(refusal: TypedHostRefusal): { readonly label: string; readonly detail: string } {
  const detail = t("Type a host, user@host:port, ssh://user@host:port, or ssh with -p and -l.");
  switch (refusal.kind) {
    case "not-a-host":
      return { label: t("This is not the name of a host."), detail };
    case "incomplete":
      return { label: t("The host or the value of an option is missing."), detail };
    case "port":
      return { label: t("The port is not a number up to 65535."), detail };
    case "option":
      return {
        label: t("{0} can't be typed here.", printable(refusal.option, 20)),
        detail: t(
          "Only -p and -l are accepted here. Write other options into a Host block of your SSH config file.",
        ),
      };
    case "command":
      return {
        label: t("A command can't be typed here."),
        detail: t("Connect first, or use Run Command on Host…."),
      };
  }
}
