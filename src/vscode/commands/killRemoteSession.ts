import { showMessage } from "../messages/messages.ts";
import { isTreeNode } from "../views/treeNodes.ts";
import type { CommandHandler } from "./commandContext.ts";
import { killRemotely } from "./remoteKill.ts";
import { killQuestion } from "./remoteKillText.ts";

/** Ends one login on a server, after a question that says whose it is. */
export const killRemoteSession: CommandHandler = async (context, argument) => {
  if (!isTreeNode(argument) || argument.kind !== "remoteSession") {
    return;
  }
  const { masterId, id } = argument;
  const master = context.service.masters().find((each) => each.id === masterId);
  const session = context.remoteView.snapshot(masterId)?.sessions.find((each) => each.id === id);
  if (master === undefined || session === undefined) {
    return;
  }
  const { message, detail, action } = killQuestion(session, master.spec);
  const answer = await showMessage("warning", message, { modal: true, detail }, action);
  if (answer === action) {
    await killRemotely(context, { masterId, host: master.spec, sessions: [session], onlyHung: false });
  }
};
