import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import type { Command } from "./command.ts";
import { saving } from "./savingForward.ts";

/** Saves a forward in the workspace's `sshSessions.hosts`. */
export function saveForwardInWorkspace(forwards: ForwardService): Command {
  return saving(forwards, () => t("Save Forward in the Workspace"), "workspace");
}
