import type { EffectiveValues } from "./effectiveValues.ts";
import type { Evaluation } from "./evaluationTypes.ts";
import type { ValueSource } from "./hostConfig.ts";

/** What `ssh -G` printed for the host, and what it prints when no file is read. */
export interface AskedValues {
  readonly values: EffectiveValues;
  readonly defaults: EffectiveValues;
}

/**
 * Says where the value of a keyword comes from. Where `ssh -G` told it and our own reading of the files came to the
 * same value, the line is known; where only `ssh -G` knows (a `Match exec` that held), it is `sshConfig` without a
 * line, as soon as the value is not the default.
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
      // Debian's ssh makes this of BatchMode; nobody set an interval.
      return { kind: "default" };
    }
    return value === undefined || value === usual ? { kind: "default" } : { kind: "sshConfig" };
  };
}

function printed(values: EffectiveValues, keyword: string): string | undefined {
  return values.get(keyword)?.join(" ");
}
