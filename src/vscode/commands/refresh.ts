import { isTreeNode } from "../views/treeNodes.ts";
import type { CommandHandler } from "./commandContext.ts";

/** Reads the hosts and what is open of the servers' views anew, and asks every connection for a sign of life. */
export const refresh: CommandHandler = async ({ service, hostsTree, remotePolling }, argument) => {
  if (isTreeNode(argument) && argument.kind === "onServer") {
    remotePolling.refresh(argument.masterId);
    return;
  }
  hostsTree.refresh();
  service.probe();
  remotePolling.refresh();
};
