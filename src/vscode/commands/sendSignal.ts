import { pickOne } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { sessionFor } from "./sessionFor.ts";

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
  const chosen = await pickOne(
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
