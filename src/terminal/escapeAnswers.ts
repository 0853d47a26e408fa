import type { LogLevelName } from "../base/verbosity.ts";
import type { Session } from "../session/sessionTypes.ts";
import type { EscapeAction } from "./escapeInterpreter.ts";

export interface EscapePorts {
  connectionInfo(session: Session): readonly string[];
  channelList(session: Session): readonly string[];
  rekey(session: Session): boolean;
  /** @returns the level of the log that holds now; undefined: nothing is logged. */
  changeVerbosity(by: 1 | -1): LogLevelName | undefined;
}

/** Milliseconds; what OpenSSH asks for. */
const breakLength = 1000;

/**
 * Does what an escape asks for, `terminate` excepted, and says so.
 * @param typed as people write it, e.g. `~#`.
 * @returns the lines to show, the first of them continues the line on which the escape was typed.
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
      return session.sendBreak(breakLength) ? [typed] : [`${typed} [this connection can't send a break]`];
    case "info":
      return [typed, ...ports.connectionInfo(session)];
    case "list-channels":
      return [typed, ...ports.channelList(session)];
    case "rekey":
      return [
        ports.rekey(session) ? `${typed} [new keys asked for]` : `${typed} [this connection can't rekey]`,
      ];
    case "more-verbose":
    case "less-verbose": {
      const level = ports.changeVerbosity(action === "more-verbose" ? 1 : -1);
      return [
        level === undefined
          ? `${typed} [VS Code has switched the log off: "Developer: Set Log Level…"]`
          : `${typed} [log level: ${level}]`,
      ];
    }
    case "suspend":
      return [`${typed} [nothing to suspend: the terminal is a tab of VS Code]`];
    case "background":
      return [`${typed} [nothing to put in the background: the connection stays as long as it is needed]`];
    case "command-line":
      return [
        `${typed} [no command line, also under EnableEscapeCommandline yes: this version forwards no ports]`,
      ];
  }
}

function help(key: string): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    [`${key}.`, "end this session, also when nothing answers any more"],
    [`${key}B`, "send a break"],
    [`${key}C`, "command line (not available)"],
    [`${key}I`, "about this connection"],
    [`${key}R`, "ask for new keys"],
    [`${key}V/${key}v`, "less or more in the log of SSH Sessions"],
    [`${key}^Z`, "suspend (not available)"],
    [`${key}#`, "sessions on this connection"],
    [`${key}&`, "background (not available)"],
    [`${key}?`, "this list"],
    [`${key}${key}`, "send the escape character itself"],
  ];
  return [
    "Escape sequences, only after Enter:",
    ...rows.map(([keys, text]) => `  ${keys.padEnd(7)} ${text}`),
  ];
}
