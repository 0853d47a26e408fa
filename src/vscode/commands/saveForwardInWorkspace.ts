import { t } from "../../base/localize.ts";
import { saving } from "./savingForward.ts";

/** Saves a forward in the workspace's `sshSessions.hosts`. */
export const saveForwardInWorkspace = saving(() => t("Save Forward in the Workspace"), "workspace");
