/** Words for the shell of this machine's terminals. No vscode. */

export type LocalShell = "posix" | "csh" | "fish" | "powershell" | "cmd";

/**
 * What reads the commands that a person pastes.
 * @param program path or name of the default terminal's shell, as the editor found it; may be empty.
 */
export function localShell(program: string, platform: NodeJS.Platform): LocalShell {
  const name = (program.split(/[\\/]/).at(-1) ?? "").toLowerCase().replace(/\.exe$/, "");
  switch (name) {
    case "fish":
      return "fish";
    case "csh":
    case "tcsh":
      return "csh";
    case "cmd":
      return "cmd";
    case "pwsh":
    case "pwsh-preview":
    case "powershell":
      return "powershell";
    case "":
      return platform === "win32" ? "powershell" : "posix";
    default:
      // Git Bash and WSL read POSIX words on Windows, too.
      return "posix";
  }
}

/** Words that no shell takes for more than text. */
const plain = /^[\w+:./-][\w@+=:./-]*$/;

/**
 * `word` so that the shell passes exactly it on. Undefined for a control character: pasted, a terminal takes it for a key.
 * PowerShell and cmd have no way for a `"` inside a word of another program, and no path or user name of Windows has one.
 */
export function quoteFor(shell: LocalShell, word: string): string | undefined {
  if (/\p{Cc}/u.test(word)) {
    return undefined;
  }
  if (plain.test(word)) {
    return word;
  }
  switch (shell) {
    case "posix":
      return `'${word.replaceAll("'", `'\\''`)}'`;
    case "csh":
      // History is looked for inside quotes as well.
      return `'${word.replaceAll("'", `'\\''`).replaceAll("!", "\\!")}'`;
    case "fish":
      return `'${word.replace(/[\\']/g, "\\$&")}'`;
    case "powershell":
      // It takes typographic quotes for the plain one (about_Quoting_Rules).
      return word.includes('"') ? undefined : `'${word.replace(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`;
    case "cmd":
      return word.includes('"') ? undefined : quoteForCmd(word);
  }
}

/** Variables are expanded inside quotes as well: each `%` stands outside of them, behind a caret. */
function quoteForCmd(word: string): string {
  // A backslash before the closing quote would keep it from closing (CommandLineToArgvW).
  const parts = word.split("%").map((part) => `"${part.replace(/\\+$/, "$&$&")}"`);
  return parts.join("^%");
}
