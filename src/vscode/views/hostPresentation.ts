/** What the Hosts view and the host pick show for a host, as plain data. No vscode. */

import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { HostEntry } from "../../config/configPorts.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { destinationBeside } from "../../text/besideName.ts";
import { extensionsFact, openToExtensions } from "../../text/extensionAccessText.ts";
import { destinationText } from "../../text/humanText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { clickNote } from "../../text/rowNotes.ts";
import { typedHostHover } from "../../text/saveHostText.ts";
import { filePlace, shortPath } from "../../text/valueSourceText.ts";
import { contextWords } from "../settings/contributionIds.ts";
import { isLive } from "./livePresentation.ts";
import type { ItemPresentation } from "./row.ts";

/** The live connections and sessions of a typed host: masters that it opened, and sessions that it requested. */
export interface HostLife {
  readonly masterIds: readonly string[];
  readonly sessions: number;
}

const nothing: HostLife = { masterIds: [], sessions: 0 };

/** By typed host. A destination that several aliases share counts for each alias that uses it. */
export function lifeByHost(masters: readonly MasterSnapshot[]): ReadonlyMap<string, HostLife> {
  const found = new Map<string, { masterIds: Set<string>; sessions: number }>();
  const at = (alias: string): { masterIds: Set<string>; sessions: number } => {
    const known = found.get(alias) ?? { masterIds: new Set<string>(), sessions: 0 };
    found.set(alias, known);
    return known;
  };
  for (const master of masters.filter(({ state }) => isLive(state))) {
    at(master.spec).masterIds.add(master.id);
    for (const session of master.sessions) {
      if (session.state.kind !== "ended") {
        const life = at(session.spec);
        life.masterIds.add(master.id);
        life.sessions++;
      }
    }
  }
  return new Map(
    [...found].map(([alias, life]) => [alias, { masterIds: [...life.masterIds], sessions: life.sessions }]),
  );
}

/** `user@hostName:port` from the entry's own block; empty if the block sets none of them. */
export function hostDescription(entry: HostEntry): string {
  const { alias, user, port } = entry;
  if (entry.hostName === undefined && user === undefined && port === undefined) {
    return "";
  }
  return printable(destinationOf({ ...entry, hostName: entry.hostName ?? alias }));
}

/** The parts that the alias does not show already. */
function besideAlias({ alias, hostName = alias, user = "", port = 22 }: HostEntry): string {
  return printable(destinationBeside(alias, { user, hostName, port }));
}

/** @param shared other extensions may use the host. */
export function presentHost(
  entry: HostEntry,
  life: HostLife = nothing,
  home: string,
  shared = false,
): ItemPresentation {
  const label = printable(entry.alias);
  const live = life.masterIds.length > 0;
  const state = lifeText(life);
  const where = entry.file === undefined ? "sshSessions.hosts" : shortPath(entry.file, home);
  const words = [
    contextWords.host,
    ...(live ? [contextWords.live] : []),
    ...(entry.file === undefined ? [] : [contextWords.file]),
  ];
  return {
    label,
    // A narrow side bar cuts the end off, so the hover has the destination as well.
    description: [state, besideAlias(entry), shared ? openToExtensions() : undefined]
      .filter((part) => part !== undefined && part !== "")
      .join(" · "),
    icon: live ? { id: "vm-active", color: "testing.iconPassed" } : { id: "vm" },
    contextValue: words.join(" "),
    hover: [
      `$(vm) **${literal(entry.alias)}**`,
      factTable([
        [t("To"), entry.hostName === undefined ? undefined : literal(destinationOf(entry))],
        [t("From"), filePlace(literal(where), entry.line)],
        [t("Live"), state],
        [t("Extensions"), shared ? extensionsFact() : undefined],
      ]),
      clickNote(),
    ].join("\n\n"),
    accessibleLabel: [
      label,
      state,
      hostDescription(entry) || undefined,
      shared ? openToExtensions() : undefined,
    ]
      .filter((part) => part !== undefined)
      .join(", "),
  };
}

/** A typed host that is not listed anywhere. */
export function presentTypedHost(spec: string, life: HostLife = nothing, shared = false): ItemPresentation {
  const label = printable(spec);
  const live = life.masterIds.length > 0;
  const state = lifeText(life);
  return {
    label,
    description: [state, shared ? openToExtensions() : undefined]
      .filter((part) => part !== undefined)
      .join(" · "),
    icon: live ? { id: "vm-active", color: "testing.iconPassed" } : { id: "vm" },
    contextValue: [contextWords.host, contextWords.typed, ...(live ? [contextWords.live] : [])].join(" "),
    hover: [
      `$(vm) **${literal(spec)}**`,
      factTable([
        [t("Live"), state],
        [t("Extensions"), shared ? extensionsFact() : undefined],
      ]),
      typedHostHover(),
      clickNote(),
    ]
      .filter((part) => part !== "")
      .join("\n\n"),
    accessibleLabel: [label, state, shared ? openToExtensions() : undefined]
      .filter((part) => part !== undefined)
      .join(", "),
  };
}

function lifeText({ masterIds, sessions }: HostLife): string | undefined {
  return masterIds.length === 0
    ? undefined
    : sessions === 0
      ? t("connected")
      : plural(sessions, "{0} session", "{0} sessions");
}

function destinationOf(entry: HostEntry): string {
  const { hostName = entry.alias, port = 22, user } = entry;
  const text = destinationText({ user: user ?? "", hostName, port });
  return user === undefined ? text.slice(1) : text;
}
