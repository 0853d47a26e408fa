import type { EffectiveValues } from "./effectiveValues.ts";
import type { Evaluation } from "./evaluationTypes.ts";
import type { ValueSource } from "./hostConfig.ts";

/** What `ssh -G` prints for the host, and what it prints when it reads no file. */
export interface AskedValues {
  readonly values: EffectiveValues;
  readonly defaults: EffectiveValues;
}

/**
 * Finds the source of each keyword's value. If our own parser found the same value as `ssh -G`, the line is known. If
 * only `ssh -G` knows the value (a `Match exec` that matched), the source is `sshConfig` without a line, provided
 * that the value is not the default.
 */
export function sourcesOf(
  overrides: ReadonlyMap<string, ValueSource>,
  { settings, usesExec }: Evaluation,
  own: EffectiveValues,
  asked?: AskedValues,
): (keyword: string) => ValueSource {
  return (keyword) => {
    const overriding = overrides.get(keyword);
    if (overriding !== undefined) {
      return overriding;
    }
    const setting = settings.get(keyword)?.[0];
    const { file, line } = setting ?? {};
    const fromLine: ValueSource = {
      kind: "sshConfig",
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
    };
    if (asked === undefined) {
      return setting === undefined ? { kind: "default" } : fromLine;
    }
    const value = printed(asked.values, keyword);
    const usual = printed(asked.defaults, keyword);
    if (setting !== undefined && (value === printed(own, keyword) || (!usesExec && value !== usual))) {
      return fromLine;
    }
    if (keyword === "hostname" || keyword === "user") {
      return value === printed(own, keyword) ? { kind: "default" } : { kind: "sshConfig" };
    }
    if (
      keyword === "serveraliveinterval" &&
      value === "300" &&
      printed(asked.values, "batchmode") === "yes"
    ) {
      // Debian's ssh derives this from BatchMode; the user set no interval.
      return { kind: "default" };
    }
    return value === undefined || value === usual ? { kind: "default" } : { kind: "sshConfig" };
  };
}

function printed(values: EffectiveValues, keyword: string): string | undefined {
  return values.get(keyword)?.join(" ");
}
