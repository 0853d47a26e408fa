import type { KeeperSharing } from "../../share/keeper/keeperSharing.ts";
import { keeperStopped, noKeeper, stopKeeperQuestion } from "../../text/keeperText.ts";
import { inform, showMessage } from "../messages/messages.ts";
import type { KeptTerminals } from "../terminals/keptTerminals.ts";
import { type Command, plainCommand } from "./command.ts";

/** Ends the keeper with all its sessions and connections. Asks first if it holds sessions. */
export function stopKeeper(keeper: KeeperSharing, kept: KeptTerminals): Command {
  return plainCommand(async () => {
    const found = await kept.find();
    if (found === undefined) {
      inform(noKeeper(kept.isOn));
      return;
    }
    const living = found.filter(({ ended }) => !ended);
    if (living.length > 0) {
      const { message, action } = stopKeeperQuestion(living.length);
      if ((await showMessage("warning", message, { modal: true }, action)) !== action) {
        return;
      }
    }
    await keeper.stop();
    await kept.find();
    inform(keeperStopped());
  });
}
