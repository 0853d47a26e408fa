import { killQuestion } from "../../text/remoteKillText.ts";
import { showMessage } from "../messages/messages.ts";
import { command } from "./command.ts";
import { theRemoteLogin } from "./liveFinders.ts";
import { killRemotely } from "./remoteKill.ts";

/** Ends one login on a server, after a question that shows its user. */
export const killRemoteSession = command(theRemoteLogin, async (context, { masterId, id }) => {
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
});
