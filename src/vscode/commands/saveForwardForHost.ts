import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import type { Command } from "./command.ts";
import { saving } from "./savingForward.ts";

/** Saves a forward in the user's `sshSessions.hosts`. */
export function saveForwardForHost(forwards: ForwardService): Command {
  return saving(forwards, () => t("Save Forward for This Host"), "user");
}
