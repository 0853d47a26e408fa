import { LineType, parse } from "ssh-config";

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
 * with a `problem`.
 *
 * The `ssh-config` package reads one line at a time, and only plain ones. It is never given a whole file, because a
 * keyword without a value then takes the next line for its value, and one line on which it throws would cost all others.
 * It is not given what it reads otherwise than OpenSSH does: quotes, backslashes, `#`, `=` in a value, and characters
 * that only JavaScript takes for blanks. That is read here, to the letter of readconf.c (process_config_line_depth) and
 * misc.c (strdelim, argv_split).
 */
export function parseConfigText(text: string): readonly Directive[] {
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line, index) => parseLine(line, index + 1))
    .filter((directive) => directive !== undefined);
}

function parseLine(text: string, line: number): Directive | undefined {
  // Not by an expression: from each of a thousand blanks inside the line it would look for the end anew.
  let end = text.length;
  while (end > 0 && " \t\r\n\f".includes(text.charAt(end - 1))) {
    end--;
  }
  const trimmed = text.slice(0, end);
  const plain = readPlainLine(trimmed);
  return plain === undefined ? readAnyLine(trimmed, line) : { ...plain, line };
}

/** Tabs and printable ASCII, except for `"`, `#`, `'` and the backslash. */
const plainText = /^[\t !$-&(-[\]-~]*$/;

/** What the package reads as OpenSSH does; undefined for everything else, what is no directive included. */
function readPlainLine(text: string): Omit<Directive, "line"> | undefined {
  const node = plainText.test(text) ? parseNode(text) : undefined;
  if (node?.type !== LineType.DIRECTIVE || node.param === "") {
    return undefined;
  }
  const rest = text.slice(`${node.before}${node.param}${node.separator}`.length);
  if (rest === "" || rest.includes("=")) {
    return undefined;
  }
  // A list for the keywords that the package knows to take several values, else the text as it stands.
  const args = typeof node.value === "string" ? node.value.split(/[ \t]+/) : node.value.map(({ val }) => val);
  return { keyword: node.param.toLowerCase(), args, rest };
}

/** Undefined where it throws: `Host` without a name, `Match` with a criterion that has no value. */
function parseNode(text: string): ReturnType<typeof parse>[number] | undefined {
  try {
    return parse(text)[0];
  } catch {
    return undefined;
  }
}

function readAnyLine(text: string, line: number): Directive | undefined {
  // The keyword may be quoted; one `=` with blanks around it may stand after it.
  const cut = /^[ \t\r]*(?:"([^"]*)"|([^ \t\r"=]*))[ \t\r]*=?[ \t\r]*(.*)$/s.exec(text);
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
