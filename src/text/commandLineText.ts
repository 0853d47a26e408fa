/** The replies of a terminal's command line (`~C`), and what `~#` prints about forwards. No vscode. */

import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { CommandLineOutcome } from "../forward/commandLine.ts";
import type { ForwardSnapshot } from "../forward/forwardTypes.ts";
import { forwardComplaint } from "./forwardComplaint.ts";
import { connectionsTaken, forwardCommand, forwardFailure, forwardStateText } from "./forwardText.ts";
import { sentence } from "./messageParts.ts";

/** As many connections of one forward are listed. */
const listedConnections = 20;

/** Lines of plain text. */
export function commandLineAnswer(outcome: CommandLineOutcome): readonly string[] {
  switch (outcome.kind) {
    case "nothing":
      return [];
    case "help":
      return commandLineHelp();
    case "invalid":
      return [t("Invalid command. -h lists the commands.")];
    case "bad":
      return [forwardComplaint(outcome.error)];
    case "started": {
      const { state } = outcome.forward;
      return state.kind === "refused"
        ? [t("Port forwarding failed. {0}", forwardFailure(state.error, state.owner))]
        : [t("Forwarding {0}", forwardCommand(outcome.forward))];
    }
    case "declined":
      return [t("Nothing is forwarded.")];
    case "failed":
      return [
        t(
          "Port forwarding failed. {0}",
          sentence(outcome.error instanceof Error ? printable(outcome.error.message) : ""),
        ),
      ];
    case "cancelled":
      return [t("Canceled forwarding {0}.", forwardCommand(outcome.forward))];
    case "unknown":
      return [t("Unknown port forwarding.")];
  }
}

function commandLineHelp(): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    ["-L[bind_address:]port:host:hostport", t("request a local forward")],
    ["-R[bind_address:]port:host:hostport", t("request a remote forward")],
    ["-D[bind_address:]port", t("request a dynamic forward")],
    ["-KL[bind_address:]port", t("cancel a local forward")],
    ["-KR[bind_address:]port", t("cancel a remote forward")],
    ["-KD[bind_address:]port", t("cancel a dynamic forward")],
  ];
  return [t("Commands:"), ...rows.map(([form, text]) => `  ${form.padEnd(38)} ${text}`)];
}

/** The forwards of a connection, each with the connections through it: a part of `~#`. */
export function forwardLines(
  forwards: readonly ForwardSnapshot[],
  masterId: string | undefined,
): readonly string[] {
  const own = forwards.filter((forward) => masterId !== undefined && forward.masterId === masterId);
  return own.length === 0
    ? []
    : [t("The following ports are forwarded:"), ...own.flatMap((forward) => linesOf(forward))];
}

function linesOf(forward: ForwardSnapshot): readonly string[] {
  const { connections, openConnections } = forward;
  const listed = connections.slice(0, listedConnections);
  return [
    `    ${printable(forwardCommand(forward))} (${forwardStateText(forward)}, ${connectionsTaken(forward)})`,
    ...listed.map(
      ({ from, to }) => `      ${printable(from ?? t("unix socket"), 60)} -> ${printable(to ?? "...", 60)}`,
    ),
    ...(openConnections > listed.length
      ? [`      ${t("{0} more are open.", openConnections - listed.length)}`]
      : []),
  ];
}
