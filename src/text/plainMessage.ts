import { printableLines } from "../base/log.ts";

/**
 * `text` for a message or an input box. VS Code makes links of `[words](command:…)` there, which run a command when they
 * are clicked, and icons of `$(name)`: what a server or a file says must make neither. No vscode.
 */
export function plainMessage(text: string): string {
  return text.replace(/[\]$](?=\()/g, "$& ");
}

/** Characters. More is no message; VS Code draws all of it. */
const longestText = 5000;

/** Any text that VS Code shows outside an editor: no links, no icons, nothing invisible, and not without end. */
export function shownText(text: string): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  return plainMessage(printableLines(cut));
}
