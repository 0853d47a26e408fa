/** Texts about a session's limits. No vscode. */

import { t } from "../base/localize.ts";
import type { ValueSource } from "../config/hostConfig.ts";
import type { LimitSnapshot } from "../session/sessionTypes.ts";
import { clockTimeToTheSecond } from "./clockTimes.ts";
import { shortDuration, timeLeft } from "./durations.ts";
import { limitNames } from "./sessionDetails.ts";
import { valueSourceText } from "./valueSourceText.ts";

/** For a row: the time until the first limit ends the session, `5 m left`; undefined without a limit. */
export function limitRowText(limits: readonly LimitSnapshot[], now: number): string | undefined {
  const [first] = limits;
  return first && t("{0} left", timeLeft(first.endsAt - now));
}

/** `2 h left of 8 h` */
export function limitLeftText({ endsAt, seconds }: LimitSnapshot, now: number): string {
  return t("{0} left of {1}", timeLeft(endsAt - now), shortDuration(seconds * 1000));
}

/** As a row's name in a table: `Time limit`. */
export function limitTitle({ kind }: Pick<LimitSnapshot, "kind">): string {
  const name = limitNames()[kind];
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Not escaped. @param home shown as `~`. */
export function limitSourceText(source: ValueSource, home: string): string {
  return source.kind === "commandLine" ? t("set for this session") : valueSourceText(source, home);
}

/** The message after "Extend Limits": the new end. @param title of the session, already made plain. */
export function limitsExtendedText(title: string, limits: readonly LimitSnapshot[], now: number): string {
  if (limits.length === 0) {
    return t(`"{0}" has no limit. It stays open until you end it.`, title);
  }
  const time = limits.find(({ kind }) => kind === "time");
  const silence = limits.find(({ kind }) => kind !== "time");
  const quiet: string | undefined =
    silence &&
    t("{0} without input or output ({1})", shortDuration(silence.seconds * 1000), limitNames()[silence.kind]);
  if (time === undefined) {
    return t(`"{0}" now ends after {1}.`, title, quiet ?? "");
  }
  const end = t(
    "at {0}, in {1} ({2})",
    clockTimeToTheSecond(time.endsAt),
    timeLeft(time.endsAt - now),
    limitNames().time,
  );
  return quiet === undefined
    ? t(`"{0}" now ends {1}.`, title, end)
    : t(`"{0}" now ends {1}, or earlier after {2}.`, title, end, quiet);
}
