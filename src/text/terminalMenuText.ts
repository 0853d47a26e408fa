/** Messages of commands that were called from a terminal's menu. */
import { t } from "../base/localize.ts";

export function noSshTerminal(): string {
  return t("This terminal is not an SSH terminal.");
}

export function noOpenSession(): string {
  return t("No session is open in this terminal.");
}
