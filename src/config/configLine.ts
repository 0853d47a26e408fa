/** One line of an ssh_config file that says something. */
export interface Directive {
  /** Lower case. */
  readonly keyword: string;
  /** Split at blanks, quotes and escapes removed, comment left out. Empty when `problem` is set. */
  readonly args: readonly string[];
  /** The line after the keyword as it stands, for the commands that take the rest of the line. */
  readonly rest: string;
  /** Counts from 1. */
  readonly line: number;
  /** What makes the line unreadable, in words. */
  readonly problem?: string;
}

/**
 * Cuts a file into its directives. Each line stands for itself and none throws: what can't be read is a directive
 * with a `problem`. Follows readconf.c (process_config_line_depth) and misc.c (strdelim, argv_split) to the letter,
 * because quoting is where parsers of ssh_config differ from OpenSSH.
 */
export function parseConfigText(text: string): readonly Directive[] {
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line, index) => parseLine(line, index + 1))
    .filter((directive) => directive !== undefined);
}

function parseLine(text: string, line: number): Directive | undefined {
  const trimmed = text.replace(/[ \t\r\n\f]+$/, "");
  // The keyword may be quoted; one `=` with blanks around it may stand after it.
  const cut = /^[ \t\r]*(?:"([^"]*)"|([^ \t\r"=]*))[ \t\r]*=?[ \t\r]*(.*)$/s.exec(trimmed);
  const keyword = (cut?.[1] ?? cut?.[2] ?? "").toLowerCase();
  const rest = cut?.[3] ?? "";
  if (keyword === "" || keyword.startsWith("#")) {
    return undefined;
  }
  if (rest === "") {
    return { keyword, args: [], rest, line, problem: "no argument" };
  }
  const args = splitArguments(rest);
  return args === undefined
    ? { keyword, args: [], rest, line, problem: "a quote is not closed" }
    : { keyword, args, rest, line };
}

/** misc.c, argv_split: undefined for an unterminated quote. A `#` where an argument would begin starts a comment. */
export function splitArguments(text: string): readonly string[] | undefined {
  const args: string[] = [];
  let i = 0;
  for (;;) {
    while (text[i] === " " || text[i] === "\t") {
      i++;
    }
    if (i >= text.length || text[i] === "#") {
      return args;
    }
    let arg = "";
    let quote = "";
    for (; i < text.length; i++) {
      const char = text[i] as string;
      const next = text[i + 1];
      if (char === "\\") {
        if (next === "'" || next === '"' || next === "\\" || (quote === "" && next === " ")) {
          arg += next;
          i++;
        } else {
          arg += char;
        }
      } else if (quote === "" && (char === " " || char === "\t")) {
        break;
      } else if (quote === "" && (char === '"' || char === "'")) {
        quote = char;
      } else if (char === quote) {
        quote = "";
      } else {
        arg += char;
      }
    }
    if (quote !== "") {
      return undefined;
    }
    args.push(arg);
  }
}
