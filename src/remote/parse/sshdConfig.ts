import { matchPattern } from "../../config/patterns.ts";
import type { ScriptPart } from "../remoteScript.ts";

/** One line of sshd_config that decides something, with where it stands. Untrusted text. */
export interface SshdLine {
  readonly keyword: string;
  readonly value: string;
  /** `/etc/ssh/sshd_config:12`. */
  readonly source: string;
}

export interface SshdConfigLines {
  /** Lines in force for this login, the first of each keyword deciding: those of `Match` blocks that apply, then the global ones. */
  readonly inForce: readonly SshdLine[];
  /** Lines in `Match` blocks of which nobody can tell here whether they apply. */
  readonly perhaps: readonly (SshdLine & { readonly criteria: string })[];
  readonly unreadable: readonly string[];
}

type Applies = "yes" | "no" | "perhaps";

interface Block {
  readonly applies: Applies;
  readonly criteria: string;
}

/** Reads the parts `file`, `include`, `included` and `unreadable` of the timeout script, includes at their place. */
export function readSshdConfig(parts: readonly ScriptPart[], user: string): SshdConfigLines {
  const reader = new ConfigReader(
    parts.filter(({ name }) => ["file", "include", "included", "unreadable"].includes(name)),
    user,
  );
  return reader.read();
}

/** The script itself stops at 8 (servconf.c at 16). The parts are the server's words. */
const deepestInclude = 16;

class ConfigReader {
  readonly #parts: readonly ScriptPart[];
  readonly #user: string;
  #at = 0;
  readonly #matched: SshdLine[] = [];
  readonly #global: SshdLine[] = [];
  readonly #perhaps: (SshdLine & { criteria: string })[] = [];
  readonly #unreadable: string[] = [];

  constructor(parts: readonly ScriptPart[], user: string) {
    this.#parts = parts;
    this.#user = user;
  }

  read(): SshdConfigLines {
    this.#file(undefined);
    return {
      inForce: [...this.#matched, ...this.#global],
      perhaps: this.#perhaps,
      unreadable: this.#unreadable,
    };
  }

  /** One file and what it includes. A `Match` in it ends with it (servconf.c: the block is the including one again). */
  #file(outer: Block | undefined, depth = 0): void {
    const part = this.#parts[this.#at];
    if (part?.name !== "file" || depth > deepestInclude) {
      return;
    }
    this.#at++;
    if (this.#parts[this.#at]?.name === "unreadable") {
      this.#at++;
      this.#unreadable.push(part.argument);
      return;
    }
    let block = outer;
    for (const text of part.lines) {
      const match = /^(\d+):\s*([A-Za-z]+)(?=[\s=])/.exec(text);
      if (match === null) {
        continue;
      }
      const keyword = (match[2] ?? "").toLowerCase();
      const rest = text.slice(match[0].length).trim();
      const value = rest.startsWith("=") ? rest.slice(1).trimStart() : rest;
      const line = { keyword, value, source: `${part.argument}:${match[1]}` };
      if (keyword === "match") {
        block = {
          applies: combine(outer?.applies ?? "yes", this.#applies(line.value)),
          criteria: line.value,
        };
      } else if (keyword === "include") {
        this.#includes(line.value, block, depth);
      } else if (block === undefined) {
        this.#global.push(line);
      } else if (block.applies === "yes") {
        this.#matched.push(line);
      } else if (block.applies === "perhaps") {
        this.#perhaps.push({ ...line, criteria: block.criteria });
      }
    }
  }

  #includes(value: string, block: Block | undefined, depth: number): void {
    for (const _pattern of value.split(/\s+/)) {
      if (this.#parts[this.#at]?.name !== "include") {
        return;
      }
      this.#at++;
      while (this.#parts[this.#at]?.name === "file" && depth < deepestInclude) {
        this.#file(block, depth + 1);
      }
      if (this.#parts[this.#at]?.name === "included") {
        this.#at++;
      }
    }
  }

  /** `all` and `User` can be told here; groups, addresses and hosts are the server's business. */
  #applies(criteria: string): Applies {
    const words = criteria.split(/[\s=]+/);
    let result: Applies = "yes";
    for (let index = 0; index < words.length; index += 2) {
      const name = (words[index] ?? "").toLowerCase();
      if (name === "all") {
        return words.length === 1 ? "yes" : result;
      }
      result = combine(result, name === "user" ? matchesUser(words[index + 1] ?? "", this.#user) : "perhaps");
    }
    return result;
  }
}

function combine(a: Applies, b: Applies): Applies {
  if (a === "no" || b === "no") {
    return "no";
  }
  return a === "yes" && b === "yes" ? "yes" : "perhaps";
}

/** Characters. No user's name (LOGIN_NAME_MAX) is longer, and no pattern for it twice as long. */
const longestName = 256;

/** PATTERNS of ssh_config(5): a list with `*`, `?` and `!`; a negated match refuses. */
function matchesUser(list: string, user: string): Applies {
  if (user.length > longestName) {
    return "perhaps";
  }
  let matched = false;
  for (const entry of list.replace(/"/g, "").split(",")) {
    if (entry.length > 2 * longestName) {
      return "perhaps";
    }
    const negated = entry.startsWith("!");
    if (matchPattern(user, negated ? entry.slice(1) : entry)) {
      if (negated) {
        return "no";
      }
      matched = true;
    }
  }
  return matched ? "yes" : "no";
}
