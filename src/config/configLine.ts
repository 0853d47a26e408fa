import type { Pacer } from "../base/pacer.ts";

/** One line of an ssh_config file that is not blank or a comment. */
export interface Directive {
  /** Lower case. */
  readonly keyword: string;
  /** Split at blanks, with quotes and escapes resolved and comments removed. Empty when `problem` is set. */
  readonly args: readonly string[];
  /** The unparsed rest of the line after the keyword, for commands that take all of it. */
  readonly rest: string;
  /** Counts from 1. */
  readonly line: number;
  /** Why the line can't be read, in words. */
  readonly problem?: string;
}

/** In characters. No real configuration has such a line; what follows is cut off before parsing. */
export const longestConfigLine = 1024 * 1024;

/**
 * Splits a file into its directives. Lines are independent, and none throws: an unreadable line is a directive with a
 * `problem`. It follows readconf.c (process_config_line_depth) and misc.c (strdelim, argv_split) exactly, and is
 * linear in the length of the text.
 */
export function parseConfigText(text: string): readonly Directive[] {
  const directives: Directive[] = [];
  for (const directive of directivesOf(text)) {
    if (directive !== undefined) {
      directives.push(directive);
    }
  }
  return directives;
}

/** Like `parseConfigText`, in short stretches. Undefined: there are more than `most` directives. */
export async function parseConfigTextSlowly(
  text: string,
  pacer: Pacer,
  most: number,
): Promise<readonly Directive[] | undefined> {
  const directives: Directive[] = [];
  for (const directive of directivesOf(text)) {
    if (directive !== undefined) {
      if (directives.length === most) {
        return undefined;
      }
      directives.push(directive);
    }
    if (pacer.isDue()) {
      await pacer.pause();
    }
  }
  return directives;
}

/** One item for each line; undefined for a blank line or a comment. */
function* directivesOf(text: string): Generator<Directive | undefined> {
  let start = text.startsWith("\ufeff") ? 1 : 0;
  for (let line = 1; start <= text.length; line++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    if (end - start > longestConfigLine) {
      const keyword = parseLine(text.slice(start, start + 100), line)?.keyword ?? "";
      yield keyword === ""
        ? undefined
        : { keyword: keyword.slice(0, 60), args: [], rest: "", line, problem: "the line is too long" };
    } else {
      yield parseLine(text.slice(start, end), line);
    }
    start = end + 1;
  }
}

const space = 0x20;
const tab = 0x09;
const carriageReturn = 0x0d;

function parseLine(whole: string, line: number): Directive | undefined {
  // OpenSSH works on C strings: a NUL ends the line.
  const nul = whole.indexOf("\0");
  const text = nul < 0 ? whole : whole.slice(0, nul);
  // Not a regular expression: it would search for the end again from each blank inside the line.
  let end = text.length;
  while (end > 0 && isTrailing(text.charCodeAt(end - 1))) {
    end--;
  }
  let at = 0;
  while (at < end && isBlank(text.charCodeAt(at))) {
    at++;
  }
  if (at === end || text[at] === "#") {
    return undefined;
  }
  const first = at;
  // The keyword may be quoted.
  const closing = text[at] === '"' ? text.indexOf('"', at + 1) : -1;
  let keyword: string;
  if (closing >= 0 && closing < end) {
    keyword = text.slice(first + 1, closing);
    at = closing + 1;
  } else {
    while (at < end && !isBlank(text.charCodeAt(at)) && text[at] !== '"' && text[at] !== "=") {
      at++;
    }
    keyword = text.slice(first, at);
  }
  if (keyword === "" || keyword.startsWith("#")) {
    return undefined;
  }
  // One `=`, with optional blanks around it, may follow the keyword.
  at = skipBlanks(text, at, end);
  if (text[at] === "=" && at < end) {
    at = skipBlanks(text, at + 1, end);
  }
  const rest = text.slice(at, end);
  const name = keyword.toLowerCase();
  if (rest === "") {
    return { keyword: name, args: [], rest, line, problem: "no argument" };
  }
  const args = splitArguments(rest);
  return args === undefined
    ? { keyword: name, args: [], rest, line, problem: "a quote is not closed" }
    : { keyword: name, args, rest, line };
}

function skipBlanks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(text.charCodeAt(at))) {
    at++;
  }
  return at;
}

function isBlank(code: number): boolean {
  return code === space || code === tab || code === carriageReturn;
}

function isTrailing(code: number): boolean {
  return isBlank(code) || code === 0x0a || code === 0x0c;
}

/** misc.c, argv_split: undefined for an unterminated quote. A `#` at the start of an argument begins a comment. */
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
    // Nearly all arguments have no quotes or escapes.
    const start = i;
    while (i < text.length && !isSpecial(text.charCodeAt(i))) {
      i++;
    }
    if (i >= text.length || text[i] === " " || text[i] === "\t") {
      args.push(text.slice(start, i));
      continue;
    }
    let arg = text.slice(start, i);
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

/** Blank, quote or backslash. */
function isSpecial(code: number): boolean {
  return code === space || code === tab || code === 0x22 || code === 0x27 || code === 0x5c;
}
