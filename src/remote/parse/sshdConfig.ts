import { matchPattern } from "../../config/patterns.ts";
import type { ScriptPart } from "../remoteScript.ts";

/** One effective line of sshd_config, with its place. Untrusted text. */
export interface SshdLine {
  readonly keyword: string;
  readonly value: string;
  /** `/etc/ssh/sshd_config:12`. */
  readonly source: string;
}

export interface SshdConfigLines {
  /**
   * Lines that apply to this login, where the first of each keyword counts: those of matching `Match` blocks, then
   * the global ones.
   */
  readonly inForce: readonly SshdLine[];
  /** Lines in `Match` blocks that may or may not apply. */
  readonly perhaps: readonly (SshdLine & { readonly criteria: string })[];
  readonly unreadable: readonly string[];
}

type Applies = "yes" | "no" | "perhaps";

interface Block {
  readonly applies: Applies;
  readonly criteria: string;
}

/**
 * Reads the parts `file`, `include`, `included` and `unreadable` of the timeout script, with includes in their
 * places.
 */
export function readSshdConfig(parts: readonly ScriptPart[], user: string): SshdConfigLines {
  const reader = new ConfigReader(
    parts.filter(({ name }) => ["file", "include", "included", "unreadable"].includes(name)),
    user,
  );
  return reader.read();
}

/** The script itself stops at 8 (servconf.c at 16), but the parts come from the server. */
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

  /** One file and its includes. A `Match` block in it ends with it (servconf.c then continues the including block). */
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

  /** `all` and `User` can be evaluated here; groups, addresses and hosts only on the server. */
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

/** In characters. No user name (LOGIN_NAME_MAX) is longer, and no pattern for one is twice as long. */
const longestName = 256;

/** PATTERNS of ssh_config(5): a list with `*`, `?` and `!`; a negated pattern that matches excludes the user. */
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
