/** Finds connections that the user's own `ssh` made. */
import { asError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import type { UserMasters } from "../../share/userMasters.ts";
import type { UserMasterSnapshot } from "../../share/userMasterTypes.ts";
import { ofSsh, userMasterFailed, userMasterLabel } from "../../text/userMasterText.ts";
import { inform, pickOne, warn } from "../messages/messages.ts";
import { userMasterTarget } from "../views/rows/userMasterRows.ts";
import type { TargetFinder } from "./command.ts";

/** A connection of `ssh`: that of the row, or one that the user chooses. Other callers can't name one. */
export const aUserMaster = (masters: UserMasters, title: () => string): TargetFinder<UserMasterSnapshot> => ({
  onOurs: (_, targets) => {
    const path = userMasterTarget.in(targets);
    const master = masters.masters().find((each) => each.path === path);
    return master !== undefined ? { target: master } : path === undefined ? "ask" : "end";
  },
  named: () => undefined,
  ask: async () => {
    await masters.look();
    const all = masters.masters();
    if (all.length === 0) {
      inform(t("ssh has no connection at the ControlPath of any host."));
      return undefined;
    }
    const chosen = await pickOne(
      all.map((master) => ({ label: userMasterLabel(master), description: ofSsh(master), master })),
      { title: title(), placeHolder: t("Choose a connection of ssh"), matchOnDescription: true },
      "none",
    );
    return chosen?.master;
  },
});

/** Whether it did; otherwise a warning says why not. */
export async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    warn(userMasterFailed(asError(error).message));
    return false;
  }
}
