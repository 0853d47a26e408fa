import { t } from "../../base/localize.ts";
import type { UserMasters } from "../../share/userMasters.ts";
import { ownConnectionText } from "../../text/userMasterText.ts";
import { inform } from "../messages/messages.ts";
import { type Command, command } from "./command.ts";
import { connectTo } from "./connect.ts";
import { aUserMaster } from "./userMasterFinder.ts";

/** Consents, and connects over it. */
export function useUserMaster(masters: UserMasters): Command {
  return command(
    aUserMaster(masters, () => t("Use a Connection of ssh")),
    async (context, master) => {
      const [host] = master.hosts;
      await masters.use(master);
      if (host === undefined || master.isRidden) {
        return;
      }
      const hasOwn = context.service
        .masters()
        .some(({ spec, state, rides }) => spec === host && state.kind !== "lost" && rides === undefined);
      if (hasOwn) {
        inform(ownConnectionText(host));
      } else {
        await connectTo(context, host);
      }
    },
  );
}
