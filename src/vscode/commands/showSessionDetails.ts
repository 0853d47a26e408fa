import { t } from "../../base/localize.ts";
import { isTreeNode } from "../views/treeNodes.ts";
import type { CommandHandler } from "./commandContext.ts";
import { liveIdsOf } from "./commandTarget.ts";

/** Opens the page that tells what the session's channel is made of. */
export const showSessionDetails: CommandHandler = async ({ service, livePick, details }, argument) => {
  const node = isTreeNode(argument) ? argument : await livePick.ask(t("Show Session Details"), "sessions");
  const [id] = liveIdsOf(node ?? argument, service) ?? [];
  if (id !== undefined) {
    details.show(id);
  }
};
