import { noSshTerminal } from "../../text/terminalMenuText.ts";
import { inform } from "../messages/messages.ts";
import { isTreeNode } from "../views/treeNodes.ts";
import type { CommandHandler } from "./commandContext.ts";

/** Another terminal with the same host and program, in a tab of its own. */
export const duplicateSession: CommandHandler = async ({ terminals }, argument) => {
  const node = isTreeNode(argument) && argument.kind === "terminal" ? argument : terminals.active();
  if (node === undefined) {
    inform(noSshTerminal());
  } else {
    await terminals.openLike(node, "own tab");
  }
};
