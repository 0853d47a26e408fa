import { t } from "../../base/localize.ts";
import { saving } from "./savingForward.ts";

/** Saves a forward in the user's `sshSessions.hosts`. */
export const saveForwardForHost = saving(() => t("Save Forward for This Host"), "user");
