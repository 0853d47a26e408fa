/**
 * `text` for a message or an input box. VS Code makes links of `[words](command:…)` there, which run a command when they
 * are clicked, and icons of `$(name)`: what a server or a file says must make neither. No vscode.
 */
export function plainMessage(text: string): string {
  return text.replace(/[\]$](?=\()/g, "$& ");
}
