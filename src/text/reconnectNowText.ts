/** Messages shown after "Reconnect Now". No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { ReconnectNowResult } from "../session/sessionServiceTypes.ts";
import { plainMessage } from "./plainMessage.ts";

export interface ReconnectNowTold {
  /** `quiet`: the Live view and the terminals show the result. */
  readonly severity: "quiet" | "information";
  readonly text: string;
}

/** Undefined: the user already sees the result. */
export function reconnectNowTold(result: ReconnectNowResult, host: string): ReconnectNowTold | undefined {
  const name = `"${plainMessage(printable(host))}"`;
  switch (result) {
    case "reconnecting":
      return undefined;
    case "answers":
      return { severity: "information", text: t("{0} is responding again. Its sessions continue.", name) };
    case "ended":
      return { severity: "information", text: t("The connection to {0} has already ended.", name) };
    case "no-answer":
      return { severity: "quiet", text: t("{0} did not respond. The connection was closed.", name) };
  }
}
