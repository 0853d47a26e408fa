/** How other programs on a connection look in the Live view. No vscode; the text that they report is escaped here. */
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { ProgramSnapshot } from "../../share/programTypes.ts";
import { openSince } from "../../text/forwardText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import {
  programDescription,
  programLabel,
  programTraffic,
  relayedChannelText,
} from "../../text/programText.ts";
import { moreOpenNote, programNote } from "../../text/rowNotes.ts";
import { spokenDescription } from "../../text/spokenText.ts";
import type { ItemPresentation } from "./row.ts";

/** A hover shows at most this many channels. */
const shownChannels = 10;

export function presentProgram(program: ProgramSnapshot, now: number): ItemPresentation {
  const label = programLabel(program);
  const description = programDescription(program);
  return {
    label,
    description,
    icon: { id: "terminal-bash" },
    // The menu offers to end it.
    contextValue: program.canEnd === false ? "programOfOthers" : "program",
    hover: programHover(program, now),
    accessibleLabel:
      program.name === undefined
        ? `${label}, ${spokenDescription(description)}`
        : t("Program {0}, {1}", label, spokenDescription(description)),
  };
}

function programHover(program: ProgramSnapshot, now: number): string {
  const { channels, since, calledWith, call = calledWith, listeners = [], past } = program;
  const connections = channels.filter(({ type }) => type !== "session").length;
  return [
    `**${literal(programLabel(program))}**`,
    programNote(program.name !== undefined),
    factTable([
      [t("Since"), literal(openSince(since, now))],
      ...(calledWith === undefined
        ? [[t("Data"), literal(programTraffic(program))] as [string, string]]
        : []),
      ...(past !== undefined && past.connections > 0
        ? [[t("Connections so far"), `${past.connections + connections}`] as [string, string]]
        : []),
      ...(call === undefined || call === ""
        ? []
        : [[t("Called with"), literal(printable(call, 1000))] as [string, string]]),
      ...listeners
        .slice(0, shownChannels)
        .map((address): [string, string] => [t("Listens on the server"), literal(printable(address, 200))]),
      ...channels
        .slice(0, shownChannels)
        .map((channel): [string, string] => [t("Channel"), literal(relayedChannelText(channel))]),
    ]),
    ...(channels.length > shownChannels ? [moreOpenNote(channels.length - shownChannels)] : []),
  ].join("\n\n");
}
