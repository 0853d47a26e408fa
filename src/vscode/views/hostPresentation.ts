/** What the Hosts view and the host pick show for a host, as plain data. No vscode. */

import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { HostEntry } from "../../config/configPorts.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { destinationBeside, typedBeside } from "../../text/besideName.ts";
import { extensionsFact, openToExtensions } from "../../text/extensionAccessText.ts";
import { destinationText } from "../../text/humanText.ts";
import { loginWaitShort } from "../../text/loginText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { clickNote } from "../../text/rowNotes.ts";
import { typedHostHover } from "../../text/saveHostText.ts";
import { connectionStateName } from "../../text/stateWords.ts";
import { filePlace, shortPath } from "../../text/valueSourceText.ts";
import { contextWords } from "../settings/contributionIds.ts";
import { isLive, isReconnecting } from "./connectionConditions.ts";
import type { ItemPresentation } from "./row.ts";

/** The live connections and sessions of a typed host: masters that it opened, and sessions that it requested. */
export interface HostLife {
  readonly masterIds: readonly string[];
  readonly sessions: number;
  /** Its connection is not ready: the most important reason. Absent: it is. */
  readonly trouble?: HostTrouble;
}

/** `asking`: a question about the host key or the login waits for the user. */
export type HostTrouble = "hung" | "silent" | "asking" | "connecting" | "reconnecting";

function troubleOf(state: MasterSnapshot["state"]): HostTrouble | undefined {
  switch (state.kind) {
    case "suspect":
      return "silent";
    case "hung":
      return "hung";
    case "connecting":
      return state.wait?.on === "person" ? "asking" : "connecting";
    case "reconnecting":
      return "reconnecting";
    case "ready":
    case "lingering":
    case "disconnecting":
    case "lost":
    case "closed":
      return undefined;
  }
}

/** For a host with several connections: a silent one must be seen, and a ready one is as good as any. */
function worst(troubles: ReadonlySet<HostTrouble | undefined>): HostTrouble | undefined {
  return (["hung", "silent", undefined, "asking", "connecting", "reconnecting"] as const).find((each) =>
    troubles.has(each),
  );
}

const nothing: HostLife = { masterIds: [], sessions: 0 };

interface Gathered {
  readonly masterIds: Set<string>;
  readonly troubles: Set<HostTrouble | undefined>;
  sessions: number;
}

/** By typed host. A destination that several aliases share counts for each alias that uses it. */
export function lifeByHost(masters: readonly MasterSnapshot[]): ReadonlyMap<string, HostLife> {
  const found = new Map<string, Gathered>();
  const gather = (alias: string, master: MasterSnapshot): Gathered => {
    const known = found.get(alias) ?? { masterIds: new Set<string>(), troubles: new Set(), sessions: 0 };
    found.set(alias, known);
    known.masterIds.add(master.id);
    known.troubles.add(troubleOf(master.state));
    return known;
  };
  for (const master of masters.filter((each) => isLive(each.state) || isReconnecting(each))) {
    gather(master.spec, master);
    for (const session of master.sessions) {
      if (session.state.kind === "open" || session.state.kind === "ending") {
        gather(session.spec, master).sessions++;
      } else if (session.state.kind === "opening" || isReconnecting(master)) {
        gather(session.spec, master);
      }
    }
  }
  return new Map(
    [...found].map(([alias, { masterIds, troubles, sessions }]) => {
      const trouble = worst(troubles);
      return [alias, { masterIds: [...masterIds], sessions, ...(trouble === undefined ? {} : { trouble }) }];
    }),
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

/** The parts that the name does not show already. */
function besideAlias(name: string, { alias, hostName = alias, user = "", port = 22 }: HostEntry): string {
  return printable(destinationBeside(name, { user, hostName, port }));
}

/**
 * @param shared other extensions may use the host.
 * @param name the name that the row shows, if it is shorter: then the row has the whole address.
 */
export function presentHost(
  entry: HostEntry,
  life: HostLife = nothing,
  home: string,
  shared = false,
  name = entry.alias,
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
    label: printable(name),
    // A narrow side bar cuts the end off, so the hover has the destination as well.
    description: [state, besideAlias(name, entry), shared ? openToExtensions() : undefined]
      .filter((part) => part !== undefined && part !== "")
      .join(" · "),
    icon: hostIcon(life),
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

/** A typed host that is not listed anywhere. @param name as in `presentHost`. */
export function presentTypedHost(
  spec: string,
  life: HostLife = nothing,
  shared = false,
  name = spec,
): ItemPresentation {
  const label = printable(spec);
  const live = life.masterIds.length > 0;
  const state = lifeText(life);
  return {
    label: printable(name),
    description: [state, printable(typedBeside(name, spec)), shared ? openToExtensions() : undefined]
      .filter((part) => part !== undefined && part !== "")
      .join(" · "),
    icon: hostIcon(life),
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

function lifeText({ masterIds, sessions, trouble }: HostLife): string | undefined {
  if (masterIds.length === 0) {
    return undefined;
  }
  const count = sessions === 0 ? undefined : plural(sessions, "{0} session", "{0} sessions");
  const state = trouble === undefined ? undefined : troubleName(trouble);
  // What is not as usual comes first: a narrow side bar cuts the end off.
  return [state, count].filter((part) => part !== undefined).join(", ") || t("connected");
}

function troubleName(trouble: HostTrouble): string {
  return trouble === "asking"
    ? loginWaitShort({ on: "person" })
    : connectionStateName(trouble === "silent" ? "suspect" : trouble);
}

/** A host looks the same in the view and in the list of hosts. */
export function hostIcon({ masterIds, trouble }: HostLife = nothing): ItemPresentation["icon"] {
  if (masterIds.length === 0) {
    return { id: "vm" };
  }
  return trouble === undefined ? { id: "vm-active", color: "testing.iconPassed" } : troubleIcons[trouble];
}

const troubleIcons: Readonly<Record<HostTrouble, ItemPresentation["icon"]>> = {
  // As in the Live view.
  asking: { id: "question" },
  connecting: { id: "loading~spin" },
  hung: { id: "error", color: "list.errorForeground" },
  silent: { id: "warning", color: "list.warningForeground" },
  reconnecting: { id: "sync", color: "list.warningForeground" },
};

function destinationOf(entry: HostEntry): string {
  const { hostName = entry.alias, port = 22, user } = entry;
  const text = destinationText({ user: user ?? "", hostName, port });
  return user === undefined ? text.slice(1) : text;
}
