import * as vscode from "vscode";
import { printable } from "../../base/log.ts";
import { connectionFor } from "../connectionFor.ts";
import { viewIds } from "../contributionIds.ts";
import { canReconnect } from "../livePresentation.ts";
import { plainMessage } from "../plainMessage.ts";
import type { CommandHandler } from "./commandContext.ts";

/** The next attempt to reconnect, now; or a connection that does not answer is given up for another one. */
export const reconnectNow: CommandHandler = async (context, argument) => {
  const master = await connectionFor(
    context,
    argument,
    "Reconnect Now",
    canReconnect,
    "Every SSH connection answers, and none is waited for.",
  );
  if (master === undefined) {
    return;
  }
  const begun = await vscode.window.withProgress({ location: { viewId: viewIds.live } }, () =>
    context.service.reconnectNow(master.id),
  );
  if (!begun) {
    void vscode.window.showInformationMessage(
      `"${plainMessage(printable(master.host))}" answers again: its sessions go on.`,
    );
  }
};
