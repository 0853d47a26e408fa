/** Quotes words for the shell of local terminals. No vscode. */

export type LocalShell = "posix" | "csh" | "fish" | "powershell" | "cmd";

/**
 * The kind of shell that reads pasted commands.
 * @param program path or name of the default terminal's shell from the editor; may be empty.
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
      // Git Bash and WSL read POSIX quoting on Windows, too.
      return "posix";
  }
}

/** Words without special characters for any shell. */
const plain = /^[\w+:./-][\w@+=:./-]*$/;

/**
 * Quotes `word` so that the shell passes on exactly this text. Undefined for a control character, which a terminal
 * takes for a key when it is pasted. PowerShell and cmd can't pass a `"` inside a word to another program, and no
 * path or user name of Windows has one. See `isLostInPowerShell`, too.
 */
export function quoteFor(shell: LocalShell, word: string): string | undefined {
  if (/\p{Cc}/u.test(word)) {
    return undefined;
  }
  // PowerShell splits a bare word such as -a.b or -a:b, as it would split one of its own parameters.
  if (plain.test(word) && !(shell === "powershell" && /^-.*[.:]/.test(word))) {
    return word;
  }
  switch (shell) {
    case "posix":
      return `'${word.replaceAll("'", `'\\''`)}'`;
    case "csh":
      // Shells expand history inside quotes, too.
      return `'${word.replaceAll("'", `'\\''`).replaceAll("!", "\\!")}'`;
    case "fish":
      return `'${word.replace(/[\\']/g, "\\$&")}'`;
    case "powershell":
      // PowerShell takes typographic quotes for the plain one (about_Quoting_Rules).
      return isLostInPowerShell(word)
        ? undefined
        : `'${word.replace(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`;
    case "cmd":
      return word.includes('"') ? undefined : quoteForCmd(word);
  }
}

/**
 * Windows PowerShell 5.1 drops an empty word, and quotes a word with blanks without doubling a backslash before the
 * closing quote: the quote would then be part of the word, and the rest would be outside of quotes.
 */
function isLostInPowerShell(word: string): boolean {
  return word === "" || word.includes('"') || (/\s/.test(word) && word.endsWith("\\"));
}

/** cmd expands variables inside quotes, too: each `%` goes outside of them, after a caret. */
function quoteForCmd(word: string): string {
  // A backslash before the closing quote would escape it (CommandLineToArgvW).
  const parts = word.split("%").map((part) => `"${part.replace(/\\+$/, "$&$&")}"`);
  return parts.join("^%");
}
