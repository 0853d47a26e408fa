/** Messages for copying to the clipboard. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { plainMessage } from "./plainMessage.ts";

/** For the status bar. */
export function copiedText(command: string): string {
  return t("Copied: {0}", printable(command, 200));
}

export function notCopiedText(host: string): string {
  return plainMessage(
    t(
      `The SSH command for "{0}" can't be copied: it contains text that your terminal's shell can't represent.`,
      printable(host),
    ),
  );
}
