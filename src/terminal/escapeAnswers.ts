import { t } from "../base/localize.ts";
import type { LogLevelName } from "../base/verbosity.ts";
import type { Session } from "../session/sessionTypes.ts";
import type { EscapeAction } from "./escapeInterpreter.ts";

export interface EscapePorts {
  connectionInfo(session: Session): readonly string[];
  channelList(session: Session): readonly string[];
  rekey(session: Session): boolean;
  /** @returns the new level of the connection's log; undefined: nothing is logged. */
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
  switch (action) {
    case "help":
      return [typed, ...help(typed.slice(0, -1))];
    case "break":
      return session.sendBreak(breakLength)
        ? [typed]
        : [t("{0} [this connection can't send a break]", typed)];
    case "info":
      return [typed, ...ports.connectionInfo(session)];
    case "list-channels":
      return [typed, ...ports.channelList(session)];
    case "rekey":
      return [
        ports.rekey(session)
          ? t("{0} [new keys requested]", typed)
          : t("{0} [this connection can't rekey]", typed),
      ];
    case "more-verbose":
    case "less-verbose": {
      const level = ports.changeVerbosity(session, action === "more-verbose" ? 1 : -1);
      return [
        level === undefined
          ? t(`{0} [VS Code has switched the log off: "Developer: Set Log Level…"]`, typed)
          : t("{0} [log level of this connection: {1}]", typed, level),
      ];
    }
    case "suspend":
      return [t("{0} [nothing to suspend: the terminal is a tab of VS Code]", typed)];
    case "background":
      return [t("{0} [no background: the connection stays open as long as it is needed]", typed)];
    case "command-line":
      return [t("{0} [no command line, even with EnableEscapeCommandline yes: use Forward Port…]", typed)];
  }
}

function help(key: string): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    [`${key}.`, t("end this session, even if the server does not respond")],
    [`${key}B`, t("send a break")],
    [`${key}C`, t("command line (not available)")],
    [`${key}I`, t("about this connection")],
    [`${key}R`, t("request new keys")],
    [`${key}V/${key}v`, t("decrease or increase the log level of this connection")],
    [`${key}^Z`, t("suspend (not available)")],
    [`${key}#`, t("sessions on this connection")],
    [`${key}&`, t("background (not available)")],
    [`${key}?`, t("this list")],
    [`${key}${key}`, t("send the escape character")],
  ];
  return [
    t("Escape sequences (recognized only after Enter):"),
    ...rows.map(([keys, text]) => `  ${keys.padEnd(7)} ${text}`),
  ];
}

/** A control character as users write it. */
export function shownKey(character: string): string {
  const code = character.charCodeAt(0);
  return code < 32 ? `^${String.fromCharCode(code + 64)}` : character;
}
