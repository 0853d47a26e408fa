import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { copiedText } from "../../text/copyWords.ts";
import { showBriefly } from "../messages/messages.ts";
import { isReachableHere } from "../views/forwardPresentation.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Copies the address at which a forward listens. */
export function copyForwardAddress(forwards: ForwardService): Command {
  const finder = aForward(forwards, () => t("Copy Address"), isReachableHere);
  return command(finder, async (_, { addresses: [address] }) => {
    if (address !== undefined) {
      await vscode.env.clipboard.writeText(address);
      showBriefly(copiedText(address), 4000, "copy");
    }
  });
}
