/** Hosts: the listed ones, and the typed ones in their own fold. */
import { t } from "../../../base/localize.ts";
import type { ConfigProblemSource } from "../../../config/configPorts.ts";
import { configHover } from "../../../text/configWarningText.ts";
import { recentGroupHover, recentGroupLabel } from "../../../text/saveHostText.ts";
import { contextWords } from "../../settings/contributionIds.ts";
import type { HostGroup, HostList, ShownHost } from "../hostList.ts";
import type { ItemPresenter } from "../itemPresenter.ts";
import { atTop, type Place, RowKind, under } from "../row.ts";
import { connectionTarget, hostTarget, liveTarget, placeTarget, type Target } from "../targets.ts";

export interface HostRowsInit {
  readonly hosts: HostList;
  readonly warnings: ConfigProblemSource["warnings"];
  readonly home: string;
  readonly itemPresenter: ItemPresenter;
}

/** The fold of typed hosts that are not listed anywhere. */
export function recentHostsRow({ hosts }: Pick<HostRowsInit, "hosts">): RowKind<readonly ShownHost[]> {
  return new RowKind({
    name: "recentHosts",
    places: [
      atTop(() => {
        const { typed } = hosts.hosts();
        return typed.length === 0 ? [] : [typed];
      }),
    ],
    key: () => "recent",
    present: () => ({
      label: recentGroupLabel(),
      description: "",
      icon: { id: "history" },
      contextValue: contextWords.recentHosts,
      hover: recentGroupHover(),
      accessibleLabel: recentGroupLabel(),
    }),
    targets: () => [],
    fold: () => "expanded",
    foldName: () => "recent",
    changes: [hosts.onDidChange],
  });
}

/** A host of that fold. */
export function typedHostRows(init: HostRowsInit, recent: RowKind<readonly ShownHost[]>): RowKind<ShownHost> {
  return hostKind(init, "recentHost", [under(recent, (typed) => typed)]);
}

/** A host of a file or the settings, in its group if it has one. */
export function listedHostRows(init: HostRowsInit, groups: RowKind<HostGroup>): RowKind<ShownHost> {
  return hostKind(init, "host", [
    under(groups, (group) => group.hosts),
    atTop(() => init.hosts.hosts().loose),
  ]);
}

function hostKind(
  { hosts, warnings, home, itemPresenter }: HostRowsInit,
  name: string,
  places: readonly Place<ShownHost>[],
): RowKind<ShownHost> {
  return new RowKind({
    name,
    places,
    key: ({ host, entry }) => `host:${entry === undefined ? `typed ${host}` : host}`,
    present: (about) => {
      const shown = itemPresenter.host(about);
      return { ...shown, accessibleLabel: t("{0}, host", shown.accessibleLabel) };
    },
    targets: hostTargets,
    filterTexts: ({ host, entry }) => [
      host,
      ...(entry === undefined ? [] : [entry.hostName ?? "", entry.user ?? ""]),
    ],
    isSubject: true,
    click: () => ({ command: "sshSessions.openTerminal", title: t("Open Terminal"), once: true }),
    // The warnings need a reading of the files.
    hover: async (about) => {
      const notes = configHover(await warnings(about.host).catch(() => []), home);
      const { hover } = itemPresenter.host(about);
      return notes === "" ? hover : `${hover}\n\n---\n\n${notes}`;
    },
    timeless: true,
    changes: [hosts.onDidChange],
  });
}

function hostTargets({ host, entry, life }: ShownHost): readonly Target[] {
  const [first] = life.masterIds;
  const { file, line } = entry ?? {};
  return [
    hostTarget.of(host),
    liveTarget.of(life.masterIds),
    ...(first === undefined ? [] : [connectionTarget.of(first)]),
    ...(file === undefined ? [] : [placeTarget.of({ file, ...(line === undefined ? {} : { line }) })]),
  ];
}
