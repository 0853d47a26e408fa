/** What a row shows for the snapshot of a session, as plain data, so that it can be tested without VS Code. */

import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionKind, SessionSnapshot, SessionState } from "../../session/sessionTypes.ts";
import { clockTime } from "../../text/clockTimes.ts";
import { age, shortDuration } from "../../text/durations.ts";
import { limitLeftText, limitRowText, limitSourceText, limitTitle } from "../../text/limitText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { describeOutcome, formatBytes } from "../../text/sessionDetails.ts";
import { agoText, noneText, sessionKindName, sessionStateName } from "../../text/stateWords.ts";
import { contextWords } from "../settings/contributionIds.ts";
import type { ItemPresentation } from "./row.ts";

const sessionIcons: Record<SessionKind, string> = {
  terminal: "terminal",
  command: "play",
  script: "file-code",
  subsystem: "extensions",
};

function sessionStateText(state: SessionState, master: MasterSnapshot | undefined): string {
  switch (state.kind) {
    case "opening":
      return sessionStateName("opening");
    case "open":
      return sessionStateName("open");
    case "ending":
      return state.how === "kill" ? t("being killed") : sessionStateName("ending");
    case "ended":
      return master?.state.kind === "reconnecting" ? t("waits") : describeOutcome(state.outcome);
  }
}

export function presentSession(
  session: SessionSnapshot,
  master: MasterSnapshot | undefined,
  now: number,
  home: string,
): ItemPresentation {
  const { state, limits } = session;
  const text = sessionStateText(state, master);
  const idle = now - session.lastActivity;
  const [open, quiet] = [age(now - session.since), age(idle)];
  const isOpen = state.kind === "open";
  const notable = isOpen ? [endedInput(session) ? t("EOF sent") : undefined, limitRowText(limits, now)] : [];
  // Idle since it was opened: one of them is enough.
  const times = [
    quiet === undefined ? undefined : t("idle {0}", quiet),
    open === undefined || open === quiet ? undefined : t("open {0}", open),
  ];
  const parts = isOpen ? [...notable, ...times].filter((part) => part !== undefined) : [text];
  // Several aliases can lead to one destination; show the one that was used.
  const named = master === undefined || master.spec === session.spec || saysHost(session);
  if (!named) {
    parts.push(printable(session.spec));
  }
  const label = printable(session.title);
  const color = state.kind === "ended" ? "disabledForeground" : undefined;
  const words = [
    contextWords.session,
    ...(session.kind === "terminal" ? [contextWords.terminal] : []),
    ...(state.kind === "ended" ? [] : [contextWords.live]),
    ...(isLimited(session) ? [contextWords.limited] : []),
  ];
  return {
    label,
    description: parts.join(" · "),
    icon: {
      id: state.kind === "opening" || state.kind === "ending" ? "loading~spin" : sessionIcons[session.kind],
      ...(color === undefined ? {} : { color }),
    },
    contextValue: words.join(" "),
    hover: [
      `$(${sessionIcons[session.kind]}) **${literal(session.title)}**`,
      factTable([
        [t("Host"), literal(session.spec)],
        [t("Kind"), sessionKindName(session.kind)],
        [t("State"), literal(text)],
        [t("Input"), endedInput(session) ? t("EOF sent: the program gets no more input") : undefined],
        [t("Since"), `${clockTime(session.since)} (${shortDuration(now - session.since)})`],
        [t("Last activity"), agoText(shortDuration(idle))],
        [t("Traffic"), `↓ ${formatBytes(session.bytesIn)}  ↑ ${formatBytes(session.bytesOut)}`],
        [t("Folder"), session.folder === undefined ? undefined : literal(session.folder)],
        ...(state.kind === "open" && limits.length === 0 ? [[t("Limit"), noneText()] as const] : []),
        ...limits.map(
          (limit) =>
            [
              limitTitle(limit),
              `${limitLeftText(limit, now)}: *${literal(limitSourceText(limit.source, home))}*`,
            ] as const,
        ),
      ]),
    ].join("\n\n"),
    lasting: JSON.stringify(limits.map(({ kind, seconds, source }) => [kind, seconds, source])),
    accessibleLabel: [
      ...[label, sessionKindName(session.kind), text, ...notable],
      saysHost(session) ? undefined : printable(session.spec),
    ]
      .filter((part) => part !== undefined)
      .join(", "),
  };
}

/** There is a limit to extend. */
export function isLimited({ state, limits }: Pick<SessionSnapshot, "state" | "limits">): boolean {
  return state.kind === "open" && limits.length > 0;
}

/** The default title: the host, with a number if there are several. */
export function saysHost({ title, spec }: Pick<SessionSnapshot, "title" | "spec">): boolean {
  return title === spec || title.startsWith(`${spec} (`);
}

/** Every command gets EOF at the end of its input; for a terminal, the user has sent it. */
function endedInput({ eofSent, kind }: SessionSnapshot): boolean {
  return eofSent && kind === "terminal";
}
