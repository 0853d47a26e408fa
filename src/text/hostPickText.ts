/** The row of the host pick that connects to the typed host. */
import { t } from "../base/localize.ts";

/** In a list of hosts that is empty. */
export const noHostsYet = () => t("No hosts yet. Type one here, for example user@host or user@host:port.");
export const openConfigFileChoice = () => t("Open SSH Config File");
/** Where nothing can be typed. */
export const noHostsToChoose = () =>
  t("There are no hosts to choose from. Add hosts to your SSH config file, or open a terminal on one first.");

export function connectToTyped(typed: string): string {
  return t("Connect to {0}", typed);
}
