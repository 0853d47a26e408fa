import { isTreeNode } from "../views/treeNodes.ts";
import type { CommandHandler } from "./commandContext.ts";

/** Takes a lost connection, or all that have ended, out of the view. */
export const clearEnded: CommandHandler = async ({ service }, argument) => {
  if (isTreeNode(argument) && argument.kind === "master") {
    // A master that has ended is forgotten by this.
    await service.disconnect(argument.id);
  } else {
    service.clearHistory();
  }
};
