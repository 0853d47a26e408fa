import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { copiedText } from "../../text/copyWords.ts";
import { showBriefly } from "../messages/messages.ts";
import { isReachableHere } from "../views/forwardPresentation.ts";
import { command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** The address at which it listens, to the clipboard. */
export const copyForwardAddress = command(
  aForward(() => t("Copy Address"), isReachableHere),
  async (_, { addresses: [address] }) => {
    if (address !== undefined) {
      await vscode.env.clipboard.writeText(address);
      showBriefly(copiedText(address), 4000);
    }
  },
);
