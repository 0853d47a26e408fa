/** Forwards in the entries of `sshSessions.hosts`. */
import { formatForward, parseForward } from "../config/forwardSpec.ts";
import { parseHostSpec } from "../config/hostSpec.ts";
import { forwardKey } from "./forwardKey.ts";
import type { ForwardSnapshot } from "./forwardTypes.ts";

/**
 * Adds the forward to its host's entry.
 * @param after the entries that count after these ones, if these ones don't have a value: their forwards of the host
 *   stay in effect
 */
export function withForward(
  entries: readonly unknown[],
  forward: Pick<ForwardSnapshot, "host" | "spec">,
  after: readonly unknown[] = [],
): readonly unknown[] {
  const pattern = entryPattern(forward);
  const text = formatForward(forward.spec);
  const own = entries.find((entry) => isEntryOf(entry, pattern));
  const forwards = forwardsIn(entries, pattern) ?? forwardsIn(after, pattern) ?? [];
  const isSaved = forwards.some((saved) => keyOf(saved) === forwardKey(forward.spec));
  const all = isSaved ? forwards : [...forwards, text];
  return own === undefined
    ? [...entries, { pattern, forwards: all }]
    : entries.map((entry) => (entry === own ? { ...own, forwards: all } : entry));
}

function forwardsIn(entries: readonly unknown[], pattern: string): readonly unknown[] | undefined {
  const own = entries.find((entry) => isEntryOf(entry, pattern));
  return own !== undefined && Array.isArray(own["forwards"]) ? own["forwards"] : undefined;
}

/** Ports of the host are not offered any more. */
export function withoutDetection(entries: readonly unknown[], host: string): readonly unknown[] {
  const pattern = entryPattern({ host });
  const own = entries.find((entry) => isEntryOf(entry, pattern));
  return own === undefined
    ? [...entries, { pattern, forwardsDetect: false }]
    : entries.map((entry) => (entry === own ? { ...own, forwardsDetect: false } : entry));
}

function isEntryOf(entry: unknown, pattern: string): entry is Readonly<Record<string, unknown>> {
  return typeof entry === "object" && entry !== null && "pattern" in entry && entry.pattern === pattern;
}

/** Undefined: it is not a forward. */
function keyOf(saved: unknown): string | undefined {
  try {
    return typeof saved === "string" ? forwardKey(parseForward(saved)) : undefined;
  } catch {
    return undefined;
  }
}

/** The pattern of the entry for a host's saved forwards: entries match aliases. */
export function entryPattern({ host }: Pick<ForwardSnapshot, "host">): string {
  return parseHostSpec(host).alias;
}
