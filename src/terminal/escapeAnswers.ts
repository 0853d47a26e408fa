import type { LogLevelName } from "../base/verbosity.ts";
import type { Session } from "../session/sessionTypes.ts";
import type { EscapeAction } from "./escapeInterpreter.ts";
import type { EscapeResult, TerminalPhrases } from "./terminalPhrases.ts";

/** What escapes need. The terminal's editor side provides it. */
export interface EscapePorts {
  readonly phrases: Pick<TerminalPhrases, "escapeResult" | "escapeHelp">;
  /** `~I`: lines of plain text about the connection. */
  connectionInfo(session: Session): readonly string[];
  /** `~#`: lines of plain text about all channels of the connection. */
  channelList(session: Session): readonly string[];
  /** `~R`. @returns false if the connection can't. */
  rekey(session: Session): boolean;
  /** `~v` and `~V`. @returns the new level of the connection's log; undefined: nothing is logged. */
  changeVerbosity(session: Session, by: 1 | -1): LogLevelName | undefined;
}

/** Milliseconds: the length of a break in OpenSSH's `~B`. */
export const breakLength = 1000;

/**
 * Performs an escape, except `terminate`, and describes the result.
 * @param typed the escape as users write it, e.g. `~#`.
 * @returns the lines to show; the first continues the line on which the escape was typed.
 */
export function answerEscape(
  action: Exclude<EscapeAction, "terminate">,
  typed: string,
  session: Session,
  ports: EscapePorts,
): readonly string[] {
  const result = (outcome: EscapeResult): readonly string[] => [ports.phrases.escapeResult(typed, outcome)];
  switch (action) {
    case "help":
      return [typed, ...ports.phrases.escapeHelp(typed.slice(0, -1))];
    case "break":
      return session.sendBreak(breakLength) ? [typed] : result({ kind: "no-break" });
    case "info":
      return [typed, ...ports.connectionInfo(session)];
    case "list-channels":
      return [typed, ...ports.channelList(session)];
    case "rekey":
      return result({ kind: ports.rekey(session) ? "rekeying" : "no-rekey" });
    case "more-verbose":
    case "less-verbose": {
      const level = ports.changeVerbosity(session, action === "more-verbose" ? 1 : -1);
      return result(level === undefined ? { kind: "log-off" } : { kind: "log-level", level });
    }
    case "suspend":
      return result({ kind: "no-suspend" });
    case "background":
      return result({ kind: "no-background" });
    case "command-line":
      return result({ kind: "no-command-line" });
  }
}

/** A control character as users write it. */
export function shownKey(character: string): string {
  const code = character.charCodeAt(0);
  return code < 32 ? `^${String.fromCharCode(code + 64)}` : character;
}
