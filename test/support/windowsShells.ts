/**
 * How the shells of Windows parse a line and pass it to a program, according to their documentation: there is no cmd
 * and no PowerShell for the machines that run these tests.
 */

/** A line that does more than start one program with some arguments. */
export class ShellError extends Error {}

/**
 * cmd at its prompt expands variables first, also inside quotes and after carets; an unset one stays unchanged. Then
 * it reads carets and quotes. The program gets the rest of the line.
 */
export function cmdLine(line: string, variables: ReadonlyMap<string, string>): string {
  // `%NAME%` and `%NAME:old=new%`. A `%` without a second one stays.
  let expanded = "";
  for (let at = 0; at < line.length; ) {
    const end = line[at] === "%" ? line.indexOf("%", at + 1) : -1;
    const name = end < 0 ? undefined : line.slice(at + 1, end).split(":", 1)[0];
    const value = name === undefined ? undefined : variables.get(name.toUpperCase());
    expanded += value ?? line[at];
    at = value === undefined ? at + 1 : end + 1;
  }
  let rest = "";
  let quoted = false;
  for (let at = 0; at < expanded.length; at++) {
    const char = expanded[at] ?? "";
    if (char === '"') {
      quoted = !quoted;
    } else if (!quoted && char === "^") {
      at++;
      rest += expanded[at] ?? "";
      continue;
    } else if (!quoted && /[&|<>()\n]/.test(char)) {
      throw new ShellError(`cmd reads ${char}`);
    }
    rest += char;
  }
  return rest;
}

/**
 * "Parsing C command-line arguments" of Microsoft's C runtime, with which OpenSSH for Windows is built. Like
 * CommandLineToArgvW, except that it reads `""` inside quotes as a quote.
 */
export function programArguments(line: string, doubledQuotes: boolean): readonly string[] {
  const found: string[] = [];
  let at = 0;
  while (at < line.length) {
    if (/[ \t]/.test(line[at] ?? "")) {
      at++;
      continue;
    }
    let word = "";
    let quoted = false;
    for (; at < line.length && (quoted || !/[ \t]/.test(line[at] ?? "")); at++) {
      const slashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
      if (line[at + slashes] !== '"') {
        word += line[at];
        continue;
      }
      word += "\\".repeat(Math.floor(slashes / 2));
      at += slashes;
      if (slashes % 2 === 1) {
        word += '"';
      } else if (doubledQuotes && quoted && line[at + 1] === '"') {
        word += '"';
        at++;
      } else {
        quoted = !quoted;
      }
    }
    found.push(word);
  }
  return found;
}

const isSpace = (char: string): boolean => /\s/.test(char);
/** CharTraits.cs: PowerShell reads each of them as `'`. */
const isQuote = (char: string): boolean => /['\u2018-\u201b]/.test(char);

/** about_Parsing, argument mode: the words that a program gets. */
export function powerShellWords(line: string): readonly string[] {
  const words: string[] = [];
  for (let at = 0; at < line.length; ) {
    if (isSpace(line[at] ?? "")) {
      at++;
      continue;
    }
    let word = "";
    const isLiteral = isQuote(line[at] ?? "");
    if (isLiteral) {
      for (at++; !(isQuote(line[at] ?? "") && !isQuote(line[at + 1] ?? "")); at++) {
        if (at >= line.length) {
          throw new ShellError("PowerShell waits for the end of a string");
        }
        at += isQuote(line[at] ?? "") ? 1 : 0;
        word += line[at];
      }
      at++;
      if (at < line.length && !isSpace(line[at] ?? "")) {
        throw new ShellError("a string and what follows it are two arguments");
      }
    } else {
      for (; at < line.length && !isSpace(line[at] ?? ""); at++) {
        const char = line[at] ?? "";
        if (isQuote(char) || /["`$(){};,|&<>]/.test(char) || (word === "" && /[@#~]/.test(char))) {
          throw new ShellError(`PowerShell reads ${char}`);
        }
        word += char;
      }
    }
    // A bare -name.rest or -name:rest is a parameter and its value.
    const [, name, rest] = (!isLiteral && /^(-[^.:]+)([.:].*)$/.exec(word)) || [];
    words.push(...(name === undefined || rest === undefined ? [word] : [name, rest]));
  }
  return words;
}

/**
 * The command line that PowerShell makes of the words (NativeCommandParameterBinder). Windows PowerShell 5.1 drops
 * empty words and leaves a backslash before its closing quote unchanged; PowerShell 7.3 does neither.
 */
export function powerShellCommandLine(words: readonly string[], version: "5.1" | "7.3"): string {
  return words
    .filter((word) => version === "7.3" || word !== "")
    .map((word) => {
      if (version === "5.1") {
        return /\s/.test(word) ? `"${word}"` : word;
      }
      return word === "" || /[\s"]/.test(word)
        ? `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`
        : word;
    })
    .join(" ");
}
