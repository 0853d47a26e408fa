/** Command lines for the server. Values are quoted for POSIX shells; csh and fish treat single quotes alike. */

/** Seconds by which the server's limit is longer, so that our own limit ends the command first and is reported. */
const serverGrace = 2;

/**
 * `text` as one word for a POSIX shell, and for shells in which a leading `=` (zsh), `%` (fish) or `@` (csh) is
 * special.
 */
export function shellQuote(text: string): string {
  return /^[\w+:,./-][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * `command`, run by the login shell as sshd does, but ended by the server itself after the time limit if it has
 * `timeout`: no process remains when the connection is cut meanwhile.
 *
 * @param seconds the limit that is also enforced on this side.
 */
export function limitedCommand(command: string, seconds: number): string {
  const limit = Math.ceil(seconds) + serverGrace;
  // A test run distinguishes coreutils and newer busybox from tools of that name with other arguments.
  const script =
    'if timeout -k 5 9 true 2>/dev/null; then exec timeout -k 5 "$1" "${SHELL:-sh}" -c "$2"; fi; exec "${SHELL:-sh}" -c "$2"';
  return `exec sh -c ${shellQuote(script)} sh ${limit} ${shellQuote(command)}`;
}

/** The arguments that make an interpreter read its program from standard input; the script's arguments follow. */
const readsStandardInput: Readonly<Record<string, string>> = {
  sh: "-s --",
  bash: "-s --",
  dash: "-s --",
  ash: "-s --",
  ksh: "-s --",
  mksh: "-s --",
  zsh: "-s --",
  python: "-",
  python2: "-",
  python3: "-",
  perl: "-",
  ruby: "-",
  node: "-",
  php: "--",
};

/** The arguments that pass a program to an interpreter as an argument; the program's arguments follow. */
const takesArgument: Readonly<Record<string, string>> = {
  python: "-c",
  python2: "-c",
  python3: "-c",
  perl: "-e",
  ruby: "-e",
  node: "-e",
};
const shells: ReadonlySet<string> = new Set(["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"]);

/**
 * Linux accepts no longer argument (MAX_ARG_STRLEN: 32 pages, 128 KiB). In bytes, with a margin for systems that
 * accept less.
 */
export const longestArgument = 100_000;

/** How a script is passed to its interpreter. */
export type ScriptInput =
  /** Read completely, then run: its own standard input is empty. */
  | "argument"
  /** Like `ssh host bash -s`: a command in the script that reads standard input gets the script's next lines. */
  | "stdin";

/** Whether a script fits into one argument; otherwise it is read from standard input as it runs. */
export function fitsArgument(script: string): boolean {
  const interpreter = shebangInterpreter(script) ?? "bash";
  return (
    (shells.has(interpreter) || takesArgument[interpreter] !== undefined) &&
    Buffer.byteLength(script) <= longestArgument
  );
}

/**
 * The command that runs a script sent to its standard input. A first line `#!…` names the interpreter if it is one
 * that we support; otherwise it is bash.
 *
 * @param name the script's own name, where its interpreter supports one.
 */
export function scriptCommand(
  script: string,
  args: readonly string[],
  input: ScriptInput = "stdin",
  name = "script",
): string {
  const interpreter = shebangInterpreter(script) ?? "bash";
  const words = args.map(shellQuote);
  if (input === "stdin") {
    return [interpreter, readsStandardInput[interpreter] ?? "-s --", ...words].join(" ");
  }
  // Node and perl would treat arguments that begin with a hyphen as their own; python and shells stop parsing on
  // their own.
  const given = shells.has(interpreter)
    ? `-c "$script" ${shellQuote(name)}`
    : `${takesArgument[interpreter] ?? "-c"} "$script"${interpreter.startsWith("python") ? "" : " --"}`;
  const run = `script=$(cat); exec ${interpreter} ${given} "$@" </dev/null`;
  return ["exec sh -c", shellQuote(run), "sh", ...words].join(" ");
}

/** The base name of the interpreter in a script's first line, if we support it. */
function shebangInterpreter(script: string): string | undefined {
  const match = /^#!\s*(\S+)(?:[ \t]+(.*))?/.exec(script);
  if (match === null) {
    return undefined;
  }
  const [, path = "", rest = ""] = match;
  let name = path.split("/").at(-1) ?? "";
  if (name === "env") {
    name = rest.split(/\s+/).find((word) => !word.startsWith("-") && !word.includes("=")) ?? "";
  }
  return Object.hasOwn(readsStandardInput, name) ? name : undefined;
}

/** Splits typed arguments into words: quotes and backslashes as in a POSIX shell, no expansion. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (quote !== "") {
      if (char === quote) {
        quote = "";
      } else if (char === "\\" && quote === '"' && /["\\$`]/.test(line.charAt(index + 1))) {
        word = (word ?? "") + line.charAt(++index);
      } else {
        word = (word ?? "") + char;
      }
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "\\" && index + 1 < line.length) {
      word = (word ?? "") + line.charAt(++index);
    } else if (/\s/.test(char)) {
      if (word !== undefined) {
        words.push(word);
      }
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  return word === undefined ? words : [...words, word];
}
