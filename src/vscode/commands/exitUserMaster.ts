import { t } from "../../base/localize.ts";
import type { UserMasters } from "../../share/userMasters.ts";
import { exitQuestion } from "../../text/userMasterText.ts";
import { showMessage } from "../messages/messages.ts";
import { type Command, command } from "./command.ts";
import { aUserMaster, succeeds } from "./userMasterFinder.ts";

/** It ends with all its sessions: asks always. */
export function exitUserMaster(masters: UserMasters): Command {
  return command(
    aUserMaster(masters, () => t("Exit a Connection of ssh")),
    async (_, master) => {
      const { message, detail, action } = exitQuestion(master);
      if ((await showMessage("warning", message, { modal: true, detail }, action)) === action) {
        await succeeds(masters.exit(master));
      }
    },
  );
}
