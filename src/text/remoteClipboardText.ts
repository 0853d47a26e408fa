/** What people read when a program on a server copies text. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";

/** Characters of the text in the question. */
const shownCharacters = 80;

export const copyWord = () => t("Copy");

export function copyQuestion(text: string, host: string): string {
  return t(
    `A program on "{0}" wants to copy {1} to the clipboard: {2}`,
    printable(host),
    plural(text.length, "{0} character", "{0} characters"),
    printable(text, shownCharacters),
  );
}
