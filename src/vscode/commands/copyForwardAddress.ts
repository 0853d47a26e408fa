import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { copiedText } from "../../text/copyWords.ts";
import { showBriefly } from "../messages/messages.ts";
import { isReachableHere } from "../views/forwardPresentation.ts";
import { command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Copies the address at which a forward listens. */
export const copyForwardAddress = command(
  aForward(() => t("Copy Address"), isReachableHere),
  async (_, { addresses: [address] }) => {
    if (address !== undefined) {
      await vscode.env.clipboard.writeText(address);
      showBriefly(copiedText(address), 4000);
    }
  },
);
