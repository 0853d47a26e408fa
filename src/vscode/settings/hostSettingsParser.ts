import type { HostSettings } from "../../config/configPorts.ts";

/**
 * The entries of `sshSessions.hosts` that make sense. `settings.json` is typed by hand: an entry without a pattern is
 * left out, a value of the wrong type or out of range counts as not set.
 */
export function parseHostSettings(value: unknown): readonly HostSettings[] {
  return Array.isArray(value) ? value.flatMap((entry) => parseEntry(entry) ?? []) : [];
}

/** `value` when it is a whole number of at least `minimum`. */
export function wholeNumber(
  value: unknown,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum
    ? value
    : undefined;
}

export function parseReconnect(value: unknown): HostSettings["reconnect"] {
  return value === "auto" || value === "ask" || value === "never" ? value : undefined;
}

/** One of the tools that we know, or `{ "command": "… {name} …" }`. */
export function parsePersistence(value: unknown): HostSettings["persistence"] {
  if (value === "none" || value === "tmux" || value === "screen" || value === "zellij") {
    return value;
  }
  const command =
    typeof value === "object" && value !== null && "command" in value ? text(value.command) : undefined;
  return command?.includes("{name}") ? { command } : undefined;
}

function parseEntry(value: unknown): HostSettings | undefined {
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  const entry: Readonly<Record<string, unknown>> = { ...value };
  const pattern = text(entry["pattern"]);
  if (pattern === undefined) {
    return undefined;
  }
  return dropUndefined({
    pattern,
    reconnect: parseReconnect(entry["reconnect"]),
    persistence: parsePersistence(entry["persistence"]),
    encoding: text(entry["encoding"]),
    sudo: typeof entry["sudo"] === "boolean" ? entry["sudo"] : undefined,
    hostName: text(entry["hostName"]),
    user: text(entry["user"]),
    port: wholeNumber(entry["port"], 1, 65_535),
    serverAliveInterval: wholeNumber(entry["serverAliveInterval"], 0),
    serverAliveCountMax: wholeNumber(entry["serverAliveCountMax"], 1),
    tcpKeepAlive: typeof entry["tcpKeepAlive"] === "boolean" ? entry["tcpKeepAlive"] : undefined,
    linger: wholeNumber(entry["linger"], -1),
    timeLimit: wholeNumber(entry["timeLimit"], 0),
    idleLimit: wholeNumber(entry["idleLimit"], 0),
    ignoreMissingReplies:
      typeof entry["ignoreMissingReplies"] === "boolean" ? entry["ignoreMissingReplies"] : undefined,
  });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function dropUndefined<T extends { readonly pattern: string }>(entry: T): Defined<T> & { pattern: string } {
  const defined: Defined<T> = {};
  for (const key of Object.keys(entry) as (keyof T)[]) {
    const value = entry[key];
    if (value !== undefined) {
      defined[key] = value as Exclude<T[keyof T], undefined>;
    }
  }
  return { ...defined, pattern: entry.pattern };
}
