import * as vscode from "vscode";
import { liveIdsOf } from "../commandTarget.ts";
import type { Session } from "../../session/sessionTypes.ts";
import type { CommandContext, CommandHandler } from "./commandContext.ts";

/** The session that `argument` names, or that the person chooses. */
async function sessionFor(
  { service, livePick }: CommandContext,
  argument: unknown,
  title: string,
): Promise<Session | undefined> {
  const ids = liveIdsOf(argument, service) ?? liveIdsOf(await livePick.ask(title, "sessions"), service) ?? [];
  return ids.map((id) => service.session(id)).find((session) => session !== undefined);
}

/** Ends the session's standard input (SSH_MSG_CHANNEL_EOF). */
export const sendEof: CommandHandler = async (context, argument) => {
  (await sessionFor(context, argument, "Send EOF"))?.eof();
};

/** RFC 4254 section 6.10 names these; servers know them all. */
const signals: readonly (readonly [name: string, meaning: string])[] = [
  ["INT", "interrupt, as Ctrl+C does"],
  ["TERM", "please end"],
  ["HUP", "the terminal is gone; many services read their configuration anew"],
  ["QUIT", "end and dump core, as Ctrl+\\ does"],
  ["KILL", "end at once"],
  ["USR1", "what the program makes of it"],
  ["USR2", "what the program makes of it"],
  ["ALRM", "a timer ran out"],
];

/** Sends a signal to the session's program (RFC 4254 section 6.9). */
export const sendSignal: CommandHandler = async (context, argument) => {
  const session = await sessionFor(context, argument, "Send Signal");
  if (session === undefined) {
    return;
  }
  const chosen = await vscode.window.showQuickPick(
    signals.map(([label, description]) => ({ label, description })),
    {
      title: "Send Signal",
      placeHolder: "OpenSSH's server delivers signals to programs, not to root's logins",
      matchOnDescription: true,
    },
  );
  if (chosen !== undefined) {
    session.signal(chosen.label);
  }
};

/** Milliseconds: what OpenSSH's ~B asks for. */
const breakLength = 1000;

/** Sends a break (RFC 4335), which serial consoles understand. */
export const sendBreak: CommandHandler = async (context, argument) => {
  const session = await sessionFor(context, argument, "Send Break");
  if (session !== undefined && !session.sendBreak(breakLength)) {
    void vscode.window.showWarningMessage("This connection can't send a break.");
  }
};

/** The session's time and idle limits start anew. */
export const extendLimits: CommandHandler = async (context, argument) => {
  (await sessionFor(context, argument, "Extend Limits"))?.extend();
};

/** Everything on connections that no longer answer. */
export const killHung: CommandHandler = async ({ service }) => {
  const hung = service.masters().filter(({ state }) => state.kind === "hung" || state.kind === "suspect");
  if (hung.length === 0) {
    void vscode.window.showInformationMessage("Every SSH connection answers.");
    return;
  }
  const names = [...new Set(hung.map(({ host }) => host))].join(", ");
  const action = "Kill";
  const answer = await vscode.window.showWarningMessage(
    `Kill the connections that do not answer (${names})?`,
    { modal: true, detail: "Their sessions end here. What runs on the servers ends when they notice." },
    action,
  );
  if (answer === action) {
    for (const { id } of hung) {
      service.kill(id);
    }
  }
};
