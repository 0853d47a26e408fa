/** Why a connection ended: the only table of these texts, for rows, hovers, terminals and reports. No vscode. */
import { t } from "../base/localize.ts";
import type { MasterEndReason } from "../master/masterTypes.ts";

/** A short clause, which may end a sentence: `lost: the server stopped responding`. */
export function endReasonText(reason: MasterEndReason): string {
  switch (reason) {
    case "linger-over":
      return t("unused for the linger time");
    case "disconnected":
      return t("disconnected");
    case "killed":
      return t("killed");
    case "unresponsive":
      return t("the server stopped responding");
    case "closed-by-server":
      return t("the server closed the connection");
    case "connection-lost":
      return t("the connection was lost");
    case "ssh-ended":
      return t("the connection of your own ssh ended");
    case "window-ended":
      return t("the connection of the other window ended");
    case "keeper-ended":
      return t("the connection of the keeper ended");
    case "jump-lost":
      return t("the connection to the jump host was lost");
    case "connect-failed":
      return t("could not connect");
    case "shutdown":
      return t("the window was closed");
  }
}
