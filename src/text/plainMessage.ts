import { printableLines } from "../base/log.ts";

/**
 * Makes `text` safe for a message or an input box. There, VS Code makes links of `[words](command:…)`, which run a
 * command when clicked, and icons of `$(name)`: text from a server or a file must produce neither. No vscode.
 */
export function plainMessage(text: string): string {
  return text.replace(/[\]$](?=\()/g, "$& ");
}

/** In characters. VS Code draws all of a longer text. */
const longestText = 5000;

/** Makes any text safe to show outside an editor: no links, no icons, no invisible characters, and not too long. */
export function shownText(text: string): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  return plainMessage(printableLines(cut));
}
