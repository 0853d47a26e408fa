import { t } from "../../base/localize.ts";
import { pickOne } from "../messages/messages.ts";
import { command } from "./command.ts";
import { anOpenSession } from "./liveFinders.ts";

/** The signals that RFC 4254 section 6.10 names, which all servers know. */
const signals = (): readonly (readonly [name: string, meaning: string])[] => [
  ["INT", t("interrupt, like Ctrl+C")],
  ["TERM", t("terminate")],
  ["HUP", t("hangup; many services reload their configuration")],
  ["QUIT", t("quit with a core dump, like Ctrl+\\")],
  ["KILL", t("kill at once")],
  ["USR1", t("defined by the program")],
  ["USR2", t("defined by the program")],
  ["ALRM", t("a timer expired")],
];

/** Sends a signal to the session's program (RFC 4254 section 6.9). */
export const sendSignal = command(
  anOpenSession(() => t("Send Signal")),
  async (_, session) => {
    const chosen = await pickOne(
      signals().map(([label, description]) => ({ label, description })),
      {
        title: t(`Send Signal to "{0}"`, session.snapshot().title),
        placeHolder: t("OpenSSH's server delivers signals to programs, but not to logins of root"),
        matchOnDescription: true,
      },
    );
    if (chosen !== undefined) {
      session.signal(chosen.label);
    }
  },
);
