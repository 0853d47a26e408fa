import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { secondsLeft } from "../../text/durations.ts";
import { destinationText } from "../../text/humanText.ts";
import { loginWaitShort } from "../../text/loginText.ts";
import { literal } from "../../text/markdownText.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { connectionStateName } from "../../text/stateWords.ts";
import { isLive, isReconnecting } from "./connectionConditions.ts";
import { waitingText } from "./connectionPresentation.ts";

/** The text of the status bar; undefined hides it. `now`: wall-clock milliseconds. */
export function statusBarText(
  masters: readonly MasterSnapshot[],
  now: number,
):
  | {
      readonly text: string;
      readonly tooltip: string;
      readonly warning: boolean;
      /** The text changes every second. */
      readonly counting: boolean;
      readonly accessibleLabel: string;
    }
  | undefined {
  const live = masters.filter(({ state }) => isLive(state));
  const lost = masters.filter(isReconnecting);
  if (live.length + lost.length === 0) {
    return undefined;
  }
  const perMaster = live.map(
    (master) => [master, master.sessions.filter(({ state }) => state.kind !== "ended").length] as const,
  );
  const sessions = perMaster.reduce((sum, [, count]) => sum + count, 0);
  const silent = live.filter(({ state }) => state.kind === "suspect" || state.kind === "hung");
  const isSilent = silent.length > 0;
  const connecting = live.flatMap(({ state }) => (state.kind === "connecting" ? [state] : []));
  const waiting = reconnectText(lost, now);
  const icon = isSilent ? "warning" : (waiting?.icon ?? usualIcon(connecting));
  const summary = t(
    "{0} on {1}",
    plural(sessions, "{0} live SSH session", "{0} live SSH sessions"),
    plural(live.length, "{0} connection", "{0} connections"),
  );
  return {
    text: `$(${icon}) ${[
      ...(sessions > 0 || (live.length > 0 && !isSilent && !waiting) ? [String(sessions)] : []),
      ...(isSilent ? [silentText(silent)] : []),
      ...(waiting ? [waiting.text] : []),
    ].join(" · ")}`,
    tooltip: [
      `**${summary}**`,
      ...perMaster.map(([master, count]) =>
        line(master, [plural(count, "{0} session", "{0} sessions"), ...trouble(master)].join(", ")),
      ),
      // Without a countdown, because a change closes the hover.
      ...lost.map((master) => line(master, t("reconnecting, {0}", waitingText(master)))),
    ].join("\n"),
    warning: isSilent || lost.length > 0,
    counting: waiting?.counting ?? false,
    accessibleLabel: [
      summary,
      ...(isSilent ? [silentText(silent)] : []),
      ...lost.map(({ spec }) => t("reconnecting to {0}", printable(spec))),
    ].join(", "),
  };
}

type ConnectingState = Extract<MasterSnapshot["state"], { kind: "connecting" }>;

function line({ spec, destination }: MasterSnapshot, what: string): string {
  return `- ${literal(spec)}: ${what} *${literal(destinationText(destination))}*`;
}

function usualIcon(connecting: readonly ConnectingState[]): string {
  return connecting.some(asks) ? "question" : connecting.length > 0 ? "loading~spin" : "vm-active";
}

/** A question of its login waits for the user. */
function asks({ wait }: ConnectingState): boolean {
  return wait?.on === "person";
}

/** What is not as usual. Without times, because a change closes the hover. */
function trouble({ state }: MasterSnapshot): readonly string[] {
  if (state.kind === "connecting" && asks(state)) {
    return [loginWaitShort({ on: "person" })];
  }
  return state.kind === "suspect" || state.kind === "hung" ? [connectionStateName(state.kind)] : [];
}

/** `web1: no reply`, or how many do not respond. */
function silentText(silent: readonly MasterSnapshot[]): string {
  const [first] = silent;
  return silent.length === 1 && first !== undefined
    ? t("{0}: {1}", nameInBar(first), connectionStateName(first.state.kind))
    : t("{0} connections do not respond", silent.length);
}

/** Short, and no icon. */
function nameInBar({ spec }: MasterSnapshot): string {
  return plainMessage(printable(spec, 30));
}

/** The next step for lost connections. */
function reconnectText(
  lost: readonly MasterSnapshot[],
  now: number,
): { readonly text: string; readonly icon: string; readonly counting: boolean } | undefined {
  const [first] = lost;
  const who = lost.length === 1 && first !== undefined ? nameInBar(first) : String(lost.length);
  const states = lost.flatMap(({ state }) => (state.kind === "reconnecting" ? [state] : []));
  if (states.length === 0) {
    return undefined;
  }
  if (states.some(({ attempting }) => attempting)) {
    return { text: t("{0} reconnecting…", who), icon: "sync~spin", counting: false };
  }
  const until = Math.min(...states.map((state) => state.until ?? Number.POSITIVE_INFINITY));
  return until === Number.POSITIVE_INFINITY
    ? { text: t("{0} disconnected", who), icon: "debug-disconnect", counting: false }
    : { text: t("{0} reconnecting in {1}", who, secondsLeft(until - now)), icon: "sync", counting: true };
}
