/** Groups of hosts. */
import { plural, t } from "../../../base/localize.ts";
import { printable } from "../../../base/log.ts";
import { literal } from "../../../text/markdownText.ts";
import { contextWords } from "../../settings/contributionIds.ts";
import type { HostGroup, HostList } from "../hostList.ts";
import { atTop, type ItemPresentation, RowKind } from "../row.ts";
import { hostsTarget } from "../targets.ts";

/** With more hosts than this, groups are collapsed at first. */
const fewHosts = 25;

export function groupRows(hosts: HostList): RowKind<HostGroup> {
  return new RowKind({
    name: "hostGroup",
    places: [atTop(() => hosts.hosts().groups)],
    key: ({ name }) => `group ${name}`,
    present: presentGroup,
    targets: (group) => [hostsTarget.of(group.hosts.map(({ host }) => host))],
    fold: () => (hosts.hosts().listed.length > fewHosts ? "collapsed" : "expanded"),
    foldName: ({ name }) => `group ${name}`,
    filterTexts: ({ name }) => [name],
    timeless: true,
    changes: [hosts.onDidChange],
  });
}

function presentGroup({ name, hosts }: HostGroup): ItemPresentation {
  const live = hosts.filter(({ life }) => life.masterIds.length > 0).length;
  const description = [
    plural(hosts.length, "{0} host", "{0} hosts"),
    ...(live === 0 ? [] : [t("{0} connected", live)]),
  ].join(" · ");
  const label = printable(name);
  return {
    label,
    description,
    icon: live > 0 ? { id: "folder", color: "testing.iconPassed" } : { id: "folder" },
    contextValue: contextWords.hostGroup,
    hover: [`$(folder) **${literal(name)}**`, literal(description)].join("\n\n"),
    accessibleLabel: `${t("Group {0}", label)}, ${description.replaceAll(" · ", ", ")}`,
  };
}
