/** Texts about the keepalive and linger of a connection. No vscode. */

import { t } from "../base/localize.ts";
import type { UsePolicy } from "../config/connectionPolicy.ts";
import type { KeepalivePolicy } from "../config/hostConfig.ts";
import { formatDuration, shortDuration } from "./durations.ts";
import { offText } from "./stateWords.ts";

/** `every 15 s without data`, or `off`. */
export function intervalText({ serverAliveInterval }: KeepalivePolicy): string {
  return serverAliveInterval === 0
    ? offText()
    : t("every {0} without data", formatDuration(serverAliveInterval * 1000));
}

/** How long a connection stays after its last session. */
export function lingerText(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) {
    return t("stays");
  }
  return seconds === 0 ? t("closes at once") : shortDuration(seconds * 1000);
}

/** The policies of one use of a connection: `every 1 min without data, 3 times; linger 10 min`. */
function usePolicyText({ keepalive, linger }: UsePolicy): string {
  const probes =
    keepalive.serverAliveInterval === 0
      ? t("keepalive off")
      : t("{0}, {1} times", intervalText(keepalive), keepalive.serverAliveCountMax);
  return t("{0}; linger {1}", probes, lingerText(linger.seconds));
}

function ofWindow(who: string, window: string): string {
  return window === "" ? t("{0} in another window", who) : t("{0} in the window “{1}”", who, window);
}

export const sharedPolicyNote = () =>
  t(
    "Several hosts or folders share this connection but have different values. The shortest interval and the strictest timeout apply, and the connection stays open for the longest linger time.",
  );

/**
 * The uses that differ, as rows of a table: the typed host (not escaped), and its own values. Empty where all agree.
 */
export function differingUses(uses: readonly UsePolicy[]): readonly (readonly [who: string, what: string])[] {
  const rows = uses.map((use) => {
    const who = use.folder === undefined ? use.spec : t("{0} in {1}", use.spec, use.folder);
    return [use.window === undefined ? who : ofWindow(who, use.window), usePolicyText(use)] as const;
  });
  return new Set(rows.map(([, what]) => what)).size > 1 ? rows : [];
}
