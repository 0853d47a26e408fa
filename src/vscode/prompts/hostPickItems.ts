/** The rows of the host pick, in order, as plain data. No vscode. */
import { t } from "../../base/localize.ts";
import type { HostEntry } from "../../config/configPorts.ts";
import { isCommandOrAddress } from "../../config/typedHost.ts";

export interface HostChoice {
  readonly host: string;
  readonly entry: HostEntry | undefined;
}

export interface HostGroup {
  readonly title: string;
  readonly choices: readonly HostChoice[];
}

/** Hosts that are listed before all others, in this order. */
export interface FirstHosts {
  /** The host of the active terminal. */
  readonly near?: string | undefined;
  /** Hosts of the terminal profile. */
  readonly preferred: readonly string[];
  /** Hosts with a connection. */
  readonly connected: readonly string[];
  /** Those that worked, newest first. */
  readonly recent: readonly string[];
  /** Typed hosts that never worked: last. */
  readonly tried: readonly string[];
}

/** A host is listed once, at its first place. */
export function hostGroups(
  entries: readonly HostEntry[],
  { near, preferred, connected, recent, tried }: FirstHosts,
): readonly HostGroup[] {
  const byAlias = new Map(entries.map((entry) => [entry.alias, entry]));
  const listed = new Set<string>();
  const group = (title: string, hosts: readonly string[]): HostGroup => ({
    title,
    choices: hosts.flatMap((host) => {
      if (listed.has(host)) {
        return [];
      }
      listed.add(host);
      return { host, entry: byAlias.get(host) };
    }),
  });
  const own = near === undefined ? [] : [near];
  return [
    // The first row is preselected: it must not be a host whose terminal could not connect.
    group(
      t("active terminal"),
      own.filter((host) => connected.includes(host)),
    ),
    group(t("profile hosts"), preferred),
    group(t("connected"), connected),
    group(t("active terminal"), own),
    group("recent", recent),
    group("hosts", [...byAlias.keys(), ...tried]),
  ].filter(({ choices }) => choices.length > 0);
}

/**
 * The list with the typed text, if it is not a listed host: last, so that Enter takes a host whose name matches, or
 * first if the text has a user, a port or an option.
 */
export function withTyped<T extends { readonly host?: string }>(
  listed: readonly T[],
  typed: string,
  asItems: (typed: string) => readonly T[],
): readonly T[] {
  if (typed === "" || listed.some(({ host }) => host === typed)) {
    return listed;
  }
  return isCommandOrAddress(typed) ? [...asItems(typed), ...listed] : [...listed, ...asItems(typed)];
}
