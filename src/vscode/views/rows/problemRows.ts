/** Problems in the ssh_config files, above the hosts. */
import { t } from "../../../base/localize.ts";
import { printable } from "../../../base/log.ts";
import type { ConfigProblem } from "../../../config/configPorts.ts";
import { literal } from "../../../text/markdownText.ts";
import { shortPath } from "../../../text/valueSourceText.ts";
import { contextWords } from "../../settings/contributionIds.ts";
import type { HostList } from "../hostList.ts";
import { atTop, type ItemPresentation, RowKind } from "../row.ts";
import { placeTarget } from "../targets.ts";

export function problemRows(hosts: HostList, home: string): RowKind<ConfigProblem> {
  return new RowKind({
    name: "problem",
    places: [atTop(() => hosts.problems())],
    key: ({ file, line, message }) => `problem ${file}:${line ?? ""} ${message}`,
    present: (problem) => presentProblem(problem, home),
    targets: ({ file, line }) =>
      file === "" ? [] : [placeTarget.of({ file, ...(line === undefined ? {} : { line }) })],
    click: ({ file }) =>
      file === "" ? undefined : { command: "sshSessions.openConfigFile", title: t("Open SSH Config File") },
    timeless: true,
    changes: [hosts.onDidChange],
  });
}

function presentProblem({ file, line, message }: ConfigProblem, home: string): ItemPresentation {
  const label = printable(message);
  const path = printable(shortPath(file, home));
  const description = line === undefined ? path : t("{0} line {1}", path, line);
  return {
    label,
    description,
    icon: { id: "warning", color: "list.warningForeground" },
    contextValue: contextWords.problem,
    hover: [literal(label), literal(description)].filter((part) => part !== "").join("\n\n"),
    accessibleLabel: [t("Problem: {0}", label), description].filter((part) => part !== "").join(", "),
  };
}
