/**
 * Warnings about requests in ssh_config that this extension does not honour. No vscode, nothing escaped for Markdown.
 */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { ConfigWarning } from "../config/hostConfig.ts";
import { keywordTable } from "../config/keywordTable.ts";
import { keywordText } from "./keywordTexts.ts";
import { literal } from "./markdownText.ts";
import { shortPath } from "./valueSourceText.ts";

/** A hover has no room for a table of all. */
const mostInHover = 10;

/** One sentence, such as `BindInterface is not honoured (~/.ssh/config line 4). An interface can't be bound to: …`. */
export function configWarningText(warning: ConfigWarning, home: string): string {
  switch (warning.kind) {
    case "keyword": {
      const { keyword, file, line } = warning;
      const place = file === undefined ? "ssh_config" : placeText(file, line, home);
      // The text becomes one line of a message, which can't show marks for code and emphasis.
      const words = keywordText(keyword).replace(/[`*]/g, "");
      const { name, isForOpenSsh } = keywordTable[keyword];
      return isForOpenSsh === true
        ? t("{0} ({1}): {2}.", name, place, words)
        : t("{0} is not honoured ({1}). {2}.", name, place, words);
    }
    case "match-exec":
      return t(
        "Match exec is not run without OpenSSH's ssh: its block is ignored ({0}).",
        placeText(warning.file, warning.line, home),
      );
    case "canonicalize":
      return t("CanonicalizeHostname needs OpenSSH's ssh, which was not found: names are used as they are.");
    case "file-left-out":
      return t("{0} is ignored: {1}.", placeText(warning.file, undefined, home), printable(warning.why));
  }
}

function placeText(file: string, line: number | undefined, home: string): string {
  const path = printable(shortPath(file, home));
  return line === undefined ? path : t("{0} line {1}", path, line);
}

/** One line for a terminal or the status bar. Undefined: all requests in the user's own files are honoured. */
export function configNotice(warnings: readonly ConfigWarning[]): string | undefined {
  const names = warnings
    .filter(isPersonal)
    .flatMap((warning) => (warning.kind === "keyword" ? [keywordTable[warning.keyword]] : []))
    .flatMap(({ name, isForOpenSsh }) => (isForOpenSsh === true ? [] : [name]));
  return names.length === 0
    ? undefined
    : t(
        "Not honoured from your ssh_config: {0}. Run Explain Host for the reasons and alternatives.",
        names.join(", "),
      );
}

/**
 * Requests of the machine's administrator for all users (Debian: GSSAPIAuthentication) are shown in Explain Host, not
 * for every host.
 */
function isPersonal(warning: ConfigWarning): boolean {
  return warning.kind !== "keyword" || !warning.isSystemWide;
}

/** For a hover: Markdown of escaped text. Empty where there are no warnings. */
export function configHover(all: readonly ConfigWarning[], home: string): string {
  const warnings = all.filter(isPersonal);
  const shown = warnings
    .slice(0, mostInHover)
    .map((warning) => `- ${literal(configWarningText(warning, home), 400)}`);
  const others = warnings.length - shown.length;
  return [...shown, ...(others > 0 ? [t("- … and {0} more", others)] : [])].join("\n");
}
