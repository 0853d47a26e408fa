/** What is said about things that ssh_config asks for and that are not done. No vscode, nothing escaped for Markdown. */
import { printable } from "../base/log.ts";
import type { ConfigWarning } from "../config/hostConfig.ts";
import { keywordTable } from "../config/keywordTable.ts";
import { keywordText } from "./keywordTexts.ts";
import { shortPath } from "./valueSourceText.ts";

/** One sentence, such as `BindInterface is not honoured (~/.ssh/config line 4). An interface can't be bound to: …`. */
export function configWarningText(warning: ConfigWarning, home: string): string {
  switch (warning.kind) {
    case "keyword": {
      const { keyword, file, line } = warning;
      const place = file === undefined ? "ssh_config" : placeText(file, line, home);
      // The words are of one line of a message: the marks of code and emphasis would only be in the way.
      const words = keywordText(keyword).replace(/[`*]/g, "");
      return `${keywordTable[keyword].name} is not honoured (${place}). ${words}.`;
    }
    case "match-exec":
      return `Match exec is not run without OpenSSH's ssh: its block is left out (${placeText(warning.file, warning.line, home)}).`;
    case "canonicalize":
      return "CanonicalizeHostname needs OpenSSH's ssh, and there is none: names are taken as they are.";
    case "file-left-out":
      return `${placeText(warning.file, undefined, home)} is left out: ${printable(warning.why)}.`;
  }
}

function placeText(file: string, line: number | undefined, home: string): string {
  const path = printable(shortPath(file, home));
  return line === undefined ? path : `${path} line ${line}`;
}
