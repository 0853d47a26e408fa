import { noSshTerminal } from "../../text/terminalMenuText.ts";
import { inform } from "../messages/messages.ts";
import { isTreeNode } from "../views/treeNodes.ts";
import type { CommandHandler } from "./commandContext.ts";

/** Another terminal on the same host, beside the terminal whose menu was used, or beside the one in front. */
export const splitTerminal: CommandHandler = async ({ terminals }, argument) => {
  const node = isTreeNode(argument) && argument.kind === "terminal" ? argument : terminals.active();
  if (node === undefined) {
    inform(noSshTerminal());
  } else {
    await terminals.openLike(node, "beside");
  }
};
