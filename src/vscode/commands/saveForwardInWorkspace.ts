import { t } from "../../base/localize.ts";
import { saving } from "./savingForward.ts";

/** Into the workspace's `sshSessions.hosts`. */
export const saveForwardInWorkspace = saving(() => t("Save Forward in the Workspace"), "workspace");
