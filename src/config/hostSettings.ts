import type { HostSettings } from "./configPorts.ts";
import { matchPatterns } from "./patterns.ts";

/** One value of `sshSessions.hosts` and the pattern of the entry that it comes from. */
export interface HostSetting<T> {
  readonly value: T;
  readonly pattern: string;
}

/** The patterns of an entry, which may be separated by blanks and by commas. */
export function entryPatterns(entry: HostSettings): readonly string[] {
  return entry.pattern.split(/[\s,]+/).filter((pattern) => pattern !== "");
}

/** The value of the first entry that matches `alias` and sets `key` to something that `accept` takes. */
export function hostSetting<K extends Exclude<keyof HostSettings, "pattern">>(
  entries: readonly HostSettings[],
  alias: string,
  key: K,
  accept: (value: NonNullable<HostSettings[K]>) => boolean = () => true,
): HostSetting<NonNullable<HostSettings[K]>> | undefined {
  for (const entry of entries) {
    const value = entry[key];
    if (
      value !== undefined &&
      value !== null &&
      matchPatterns(alias, entryPatterns(entry)) &&
      accept(value)
    ) {
      return { value, pattern: entry.pattern };
    }
  }
  return undefined;
}

/** All that `sshSessions.hosts` says about `alias`: of each value the one of the first matching entry that sets it. */
export function matchingHostSettings(
  entries: readonly HostSettings[],
  alias: string,
): Partial<Omit<HostSettings, "pattern">> {
  const merged: Record<string, unknown> = {};
  for (const entry of entries) {
    if (matchPatterns(alias, entryPatterns(entry))) {
      for (const [key, value] of Object.entries(entry)) {
        if (key !== "pattern" && value !== undefined && value !== null) {
          merged[key] ??= value;
        }
      }
    }
  }
  return merged;
}
