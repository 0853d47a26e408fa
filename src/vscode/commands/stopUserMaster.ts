import { t } from "../../base/localize.ts";
import type { UserMasters } from "../../share/userMasters.ts";
import { stoppedText } from "../../text/userMasterText.ts";
import { inform } from "../messages/messages.ts";
import { type Command, command } from "./command.ts";
import { aUserMaster, succeeds } from "./userMasterFinder.ts";

/** It takes no new sessions; those that are open go on. */
export function stopUserMaster(masters: UserMasters): Command {
  return command(
    aUserMaster(masters, () => t("Stop a Connection of ssh")),
    async (_, master) => {
      if (await succeeds(masters.stop(master))) {
        inform(stoppedText(master));
      }
    },
  );
}
