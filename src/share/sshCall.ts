import { type ForwardKind, type ForwardSpec, parseForwardArgument } from "../config/forwardSpec.ts";

/** What `ssh` was called with. */
export interface SshCall {
  /** Undefined: a shell, or no session. */
  readonly command: string | undefined;
  /** False: it only forwards. */
  readonly hasSession: boolean;
  /** The target of `-W`. */
  readonly stream: string | undefined;
  readonly forwards: readonly ForwardSpec[];
}

/** The options of ssh(1) with an argument. */
const withArgument = "BbcDEeFIiJLlmOoPpQRSWw";

const forwardLetters: Readonly<Record<string, ForwardKind>> = { L: "local", R: "remote", D: "dynamic" };

/** The last letter of options, and its argument. */
interface Option {
  readonly letter: string;
  readonly value: string;
}

/**
 * Reads the arguments of `ssh` as ps(1) prints them, without quotes, so that nobody knows where a space was inside one.
 * Undefined: they are not those of an `ssh` to a host.
 */
export function readSshCall(text: string): SshCall | undefined {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const flags = new Set<string>();
  const forwards: ForwardSpec[] = [];
  let stream: string | undefined;
  let at = 0;

  const add = (kind: ForwardKind, value: string): void => {
    const forward = parsed(kind, value);
    // A keyword's two arguments were one argument of `-o`.
    const both = forward === undefined && words[at] !== undefined && parsed(kind, `${value}:${words[at]}`);
    at += both ? 1 : 0;
    forwards.push(...[forward ?? (both || [])].flat());
  };
  const take = ({ letter, value }: Option): void => {
    const kind = forwardLetters[letter];
    const [, keyword = "", of = ""] = /^(\w+)[= ](.*)$/s.exec(letter === "o" ? value : "") ?? [];
    const [, ofKind] = /^(Local|Remote|Dynamic)Forward$/i.exec(keyword) ?? [];
    if (kind !== undefined) {
      add(kind, value);
    } else if (ofKind !== undefined) {
      add(ofKind.toLowerCase() as ForwardKind, of);
    } else if (letter === "W") {
      stream = value;
    } else if (/^SessionType$/i.test(keyword) && of === "none") {
      flags.add("N");
    }
  };
  const readOptions = (): void => {
    for (let word = words[at]; word?.startsWith("-") === true && word !== "-"; word = words[at]) {
      at++;
      if (word === "--") {
        return;
      }
      for (let letter = 1; letter < word.length; letter++) {
        const name = word.charAt(letter);
        if (withArgument.includes(name)) {
          take({ letter: name, value: word.slice(letter + 1) || (words[at++] ?? "") });
          break;
        }
        flags.add(name);
      }
    }
  };

  readOptions();
  if (words[at] === undefined) {
    return undefined;
  }
  at++;
  readOptions();
  const rest = words.slice(at).join(" ");
  return {
    ...{ stream, forwards, command: rest === "" ? undefined : rest },
    hasSession: !flags.has("N") && stream === undefined,
  };
}

function parsed(kind: ForwardKind, text: string): ForwardSpec | undefined {
  try {
    return parseForwardArgument(kind, text);
  } catch {
    return undefined;
  }
}
