/** Texts for a program on a server that copies text. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";

/** The number of characters of the text that the question shows. */
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
