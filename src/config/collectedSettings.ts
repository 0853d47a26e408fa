import type { EvaluationRequest, SettingLine } from "./evaluationTypes.ts";
import { matchPattern } from "./patterns.ts";

/** OpenSSH accepts at most 100 key files, and has no limit for the other lists. */
const mostAppended = 10_000;
const mostKeyFiles = 100;

export interface CollectingEvents {
  /** A line cost as much time as reading this many further lines. */
  onWork(lines: number): void;
  /** There are more values than allowed; the rest is left out. */
  onTooMany(why: string, setting: SettingLine): void;
}

/** Merges values as OpenSSH's readconf.c does: for most keywords the first value counts, for some all accumulate. */
export class CollectedSettings {
  readonly #events: CollectingEvents;
  readonly #lines = new Map<string, SettingLine[]>();
  /** The values of keywords whose lines accumulate. */
  readonly #appended = new Map<string, Set<string>>();

  /** @param request its values take precedence over all lines. */
  constructor({ user, port, hostName }: EvaluationRequest, events: CollectingEvents) {
    this.#events = events;
    for (const [name, value] of [
      ["user", user],
      ["port", port],
      ["hostname", hostName],
    ] as const) {
      if (value !== undefined) {
        this.#lines.set(name, [{ values: [String(value)] }]);
      }
    }
  }

  /** By the keyword that `ssh -G` prints. */
  get lines(): ReadonlyMap<string, readonly SettingLine[]> {
    return this.#lines;
  }

  first(name: string): string | undefined {
    return this.#lines.get(name)?.[0]?.values[0];
  }

  set(name: string, merge: string, setting: SettingLine): void {
    if (merge === "append") {
      this.#append(name, setting);
    } else if (merge === "proxy") {
      this.#setProxy(name, setting);
    } else if (merge === "first" && !this.#lines.has(name)) {
      this.#lines.set(name, [setting]);
    }
  }

  #append(name: string, setting: SettingLine): void {
    const lines = this.#lines.get(name) ?? [];
    const values = this.#appended.get(name) ?? new Set();
    this.#lines.set(name, lines);
    this.#appended.set(name, values);
    for (const value of setting.values) {
      if (name === "sendenv" && value.startsWith("-")) {
        // Discards what was named so far.
        this.#events.onWork(lines.length);
        const left = lines.filter((line) => !matchPattern(line.values[0] ?? "", value.slice(1)));
        lines.splice(0, lines.length, ...left);
        values.clear();
        for (const line of left) {
          values.add(line.values[0] ?? "");
        }
      } else if (!values.has(value)) {
        const most = name === "identityfile" || name === "certificatefile" ? mostKeyFiles : mostAppended;
        if (lines.length === most) {
          this.#events.onTooMany(`${name}: there are more than ${most}`, setting);
          return;
        }
        values.add(value);
        lines.push({ ...setting, values: [value] });
      }
    }
  }

  /**
   * Of ProxyJump and ProxyCommand the first excludes the other; `ProxyJump none` leaves the choice to ProxyCommand.
   */
  #setProxy(name: string, setting: SettingLine): void {
    const hasCommand = this.#lines.has("proxycommand");
    if (name === "proxycommand") {
      if (!hasCommand) {
        this.#lines.set(name, [setting]);
      }
      return;
    }
    if (this.#lines.has("proxyjump")) {
      return;
    }
    if (setting.values[0]?.toLowerCase() === "none") {
      this.#lines.set(name, [setting]);
    } else if (!hasCommand) {
      this.#lines.set(name, [setting]);
      this.#lines.set("proxycommand", [{ ...setting, values: ["none"] }]);
    }
  }
}
