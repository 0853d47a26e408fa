/** The row of the host pick that connects to the typed host. */
import { t } from "../base/localize.ts";

export function connectToTyped(typed: string): string {
  return t("Connect to {0}", typed);
}
