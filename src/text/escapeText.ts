/** What OpenSSH's escapes print in a terminal. No vscode. Plain text. */
import { t } from "../base/localize.ts";
import type { EscapeResult } from "../terminal/terminalPhrases.ts";

/** @param typed the escape as users write it, e.g. `~R`. */
export function escapeResult(typed: string, result: EscapeResult): string {
  switch (result.kind) {
    case "no-break":
      return t("{0} [this connection can't send a break]", typed);
    case "rekeying":
      return t("{0} [new keys requested]", typed);
    case "no-rekey":
      return t("{0} [this connection can't rekey]", typed);
    case "log-off":
      return t(`{0} [VS Code has switched the log off: "Developer: Set Log Level…"]`, typed);
    case "log-level":
      return t("{0} [log level of this connection: {1}]", typed, result.level);
    case "no-suspend":
      return t("{0} [nothing to suspend: the terminal is a tab of VS Code]", typed);
    case "no-background":
      return t("{0} [no background: the connection stays open as long as it is needed]", typed);
    case "no-command-line":
      return t(
        "{0} [the command line is disabled: set EnableEscapeCommandline yes, or use Forward Port…]",
        typed,
      );
  }
}

/** The list of `~?`. @param key the escape character as users write it. */
export function escapeHelp(key: string): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    [`${key}.`, t("end this session, even if the server does not respond")],
    [`${key}B`, t("send a break")],
    [`${key}C`, t("open a command line for forwards")],
    [`${key}I`, t("about this connection")],
    [`${key}R`, t("request new keys")],
    [`${key}V/${key}v`, t("decrease or increase the log level of this connection")],
    [`${key}^Z`, t("suspend (not available)")],
    [`${key}#`, t("sessions and forwards on this connection")],
    [`${key}&`, t("background (not available)")],
    [`${key}?`, t("this list")],
    [`${key}${key}`, t("send the escape character")],
  ];
  return [
    t("Escape sequences (recognized only after Enter):"),
    ...rows.map(([keys, text]) => `  ${keys.padEnd(7)} ${text}`),
  ];
}
