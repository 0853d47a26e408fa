/** A host as a user types or pastes it: also the command line of `ssh`, which documentation and web consoles show. */
import { ConfigError } from "./configErrors.ts";
import { formatHostSpec, parseHostSpec, parsePort } from "./hostSpec.ts";

export type TypedHost =
  /** `spec`: in the form that is used everywhere else. */
  { readonly kind: "host"; readonly spec: string } | TypedHostRefusal;

export type TypedHostRefusal =
  | { readonly kind: "not-a-host" | "incomplete" | "port" }
  /** Only `-p` and `-l` can be part of a host. */
  | { readonly kind: "option"; readonly option: string }
  | { readonly kind: "command" };

/**
 * `web`, `user@host:port`, `ssh://user@host:port`, or `ssh -p 22 -l user host`. The first user and the first port
 * count, as in ssh.c.
 */
export function parseTypedHost(text: string): TypedHost {
  // A prompt that was copied with the command.
  const words = text
    .trim()
    .replace(/^[$#>%]\s+/, "")
    .split(/\s+/);
  const [first = ""] = words;
  if (/^(?:.*[\\/])?ssh(?:\.exe)?$/i.test(first) && words.length > 1) {
    return parseCommand(words.slice(1));
  }
  const isOnlyHost = words.length === 1 && !first.startsWith("-");
  return isOnlyHost ? hostOf(first, undefined, undefined) : withOptions(words);
}

/** Whether the text can't be the start of a listed name. */
export function isCommandOrAddress(text: string): boolean {
  return /[@:]/.test(text) || /^(?:\S*[\\/])?ssh(?:\.exe)?\s/i.test(text) || /(?:^|\s)-/.test(text);
}

/** `host -p 22`: the command line without its first word. */
function withOptions(words: readonly string[]): TypedHost {
  return words.some((word) => word.startsWith("-")) ? parseCommand(words) : { kind: "not-a-host" };
}

function parseCommand(words: readonly string[]): TypedHost {
  let host: string | undefined;
  let user: string | undefined;
  let port: number | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = unquoted(words[i] ?? "");
    if (word === "--" && host === undefined) {
      continue;
    }
    if (!word.startsWith("-")) {
      if (host !== undefined) {
        return { kind: "command" };
      }
      host = word;
      continue;
    }
    const option = word.slice(0, 2);
    if (option !== "-p" && option !== "-l") {
      return { kind: "option", option: /^-\w/.test(word) ? option : word };
    }
    const value = word.length > 2 ? word.slice(2) : unquoted(words[++i] ?? "");
    if (value === "") {
      return { kind: "incomplete" };
    }
    if (option === "-l") {
      user ??= host?.includes("@") === true ? undefined : value;
    } else if (port === undefined) {
      port = parsePort(value);
      if (port === undefined) {
        return { kind: "port" };
      }
    }
  }
  return host === undefined || host === "" ? { kind: "incomplete" } : hostOf(host, user, port);
}

function hostOf(text: string, user: string | undefined, port: number | undefined): TypedHost {
  try {
    const spec = parseHostSpec(text);
    const whole = {
      alias: spec.alias,
      ...definedUser(user ?? spec.user),
      ...definedPort(port ?? spec.port),
    };
    const formatted = formatHostSpec(whole);
    // Whatever the options contain, the result must be a host.
    parseHostSpec(formatted);
    return { kind: "host", spec: formatted };
  } catch (error) {
    if (ConfigError.is(error)) {
      return { kind: "not-a-host" };
    }
    throw error;
  }
}

function definedUser(user: string | undefined): { readonly user?: string } {
  return user === undefined ? {} : { user };
}

function definedPort(port: number | undefined): { readonly port?: number } {
  return port === undefined ? {} : { port };
}

function unquoted(word: string): string {
  return /^(["'])(.*)\1$/s.exec(word)?.[2] ?? word;
}
