/** What a person is told who wanted a connection to be reconnected. No vscode. */
import { printable } from "../base/log.ts";
import type { ReconnectNowResult } from "../session/sessionServiceTypes.ts";
import { plainMessage } from "./plainMessage.ts";

export interface ReconnectNowTold {
  /** `quiet`: what becomes of it is to be seen in the Live view and in the terminals. */
  readonly severity: "quiet" | "information";
  readonly text: string;
}

/** Undefined: nothing that the person does not see. */
export function reconnectNowTold(result: ReconnectNowResult, host: string): ReconnectNowTold | undefined {
  const name = `"${plainMessage(printable(host))}"`;
  switch (result) {
    case "reconnecting":
      return undefined;
    case "answers":
      return { severity: "information", text: `${name} answers again: its sessions go on.` };
    case "ended":
      return { severity: "information", text: `The connection to ${name} has ended in the meantime.` };
    case "no-answer":
      return { severity: "quiet", text: `${name} still does not answer: the connection was given up.` };
  }
}
