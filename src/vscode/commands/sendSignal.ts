import { t } from "../../base/localize.ts";
import { pickOne } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { sessionFor } from "./sessionFor.ts";

/** RFC 4254 section 6.10 names these; servers know them all. */
const signals = (): readonly (readonly [name: string, meaning: string])[] => [
  ["INT", t("interrupt, as Ctrl+C does")],
  ["TERM", t("please end")],
  ["HUP", t("the terminal is gone; many services read their configuration anew")],
  ["QUIT", t("end and dump core, as Ctrl+\\ does")],
  ["KILL", t("end at once")],
  ["USR1", t("what the program makes of it")],
  ["USR2", t("what the program makes of it")],
  ["ALRM", t("a timer ran out")],
];

/** Sends a signal to the session's program (RFC 4254 section 6.9). */
export const sendSignal: CommandHandler = async (context, argument) => {
  const session = await sessionFor(context, argument, t("Send Signal"));
  if (session === undefined) {
    return;
  }
  const chosen = await pickOne(
    signals().map(([label, description]) => ({ label, description })),
    {
      title: t("Send Signal"),
      placeHolder: t("OpenSSH's server delivers signals() to programs, not to root's logins"),
      matchOnDescription: true,
    },
  );
  if (chosen !== undefined) {
    session.signal(chosen.label);
  }
};
