/** Texts about other programs on a connection. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { ForwardSpec } from "../config/forwardSpec.ts";
import type { RelayedChannelSnapshot } from "../engine/channels/relay/relayTypes.ts";
import type { ProgramSnapshot } from "../share/programTypes.ts";
import { readSshCall } from "../share/sshCall.ts";
import { shortForwardLabel } from "./forwardText.ts";
import { formatBytes } from "./sessionDetails.ts";

/** `git (1234)`, as the program says. */
export function programLabel({ name, pid }: Pick<ProgramSnapshot, "name" | "pid">): string {
  const label = name === undefined ? t("Program") : printable(name, 64);
  return pid === undefined ? label : `${label} (${pid})`;
}

/** The purpose of a channel: its command, or its type. */
export function relayedChannelText({ type, command, target }: RelayedChannelSnapshot): string {
  if (command !== undefined) {
    return printable(command, 200);
  }
  if (target !== undefined) {
    return t("connection to {0}", printable(target, 200));
  }
  switch (type) {
    case "session":
      return t("shell");
    case "direct-tcpip":
    case "direct-streamlocal@openssh.com":
    case "forwarded-tcpip":
    case "forwarded-streamlocal@openssh.com":
      return t("forwarded connection");
    default:
      return printable(type, 64);
  }
}

/**
 * `git-upload-pack 'a' · ↑ 1 kB ↓ 3 MB`; where channels are not known, what it was called with. The side bar cuts the
 * end, so the names come first.
 */
export function programDescription(program: ProgramSnapshot): string {
  const { channels, calledWith, listeners = [], past } = program;
  if (program.canEnd === false) {
    return t("not from a terminal of this editor");
  }
  if (calledWith !== undefined) {
    return calledText(calledWith);
  }
  const isTo = ({ target }: RelayedChannelSnapshot): boolean => target !== undefined;
  const isSession = ({ type }: RelayedChannelSnapshot): boolean => type === "session";
  const sessions = channels.filter(isSession);
  const unnamed = channels.filter((channel) => !isSession(channel) && !isTo(channel));
  const listens = [...forwardNames(program), ...onServer(listeners)];
  const parts = [
    sessionsText(sessions),
    ...(channels.length === sessions.length
      ? waitingText(listens, past?.connections ?? 0)
      : channels.some(isTo)
        ? [connectionsText(channels.filter(isTo)), ...onServer(listeners)]
        : listens),
    forwardedText(unnamed),
  ].filter((part) => part !== undefined);
  return [...(parts.length === 0 ? [t("idle")] : parts), programTraffic(program)].join(" · ");
}

/** Of a program whose channels nobody here knows. */
function calledText(calledWith: string): string {
  const call = readSshCall(calledWith);
  if (call === undefined) {
    return printable(calledWith, 200);
  }
  const { command, hasSession, stream, forwards } = call;
  return [
    command ?? (hasSession ? t("shell") : undefined),
    stream === undefined ? undefined : t("connection to {0}", stream),
    forwards.length === 0 ? undefined : severalText(forwards.map(callsForward)),
  ]
    .filter((part) => part !== undefined)
    .map((part) => printable(part, 200))
    .join(" · ");
}

/** `8080 → db:5432` */
function callsForward(spec: ForwardSpec): string {
  return shortForwardLabel({ spec, port: undefined, state: { kind: "listening", since: 0 } });
}

/** What `ssh` listens at on this computer, as far as it is known. */
function forwardNames({ call }: ProgramSnapshot): readonly string[] {
  const local = readSshCall(call ?? "")?.forwards.filter(({ kind }) => kind !== "remote") ?? [];
  return local.length === 0 ? [] : [severalText(local.map(callsForward))];
}

function onServer(listeners: readonly string[]): readonly string[] {
  return listeners.length === 0
    ? []
    : [t("{0} on the server", severalText(listeners.map((address) => printable(address, 200))))];
}

/** `8080 → db:5432, nobody connected`. Without connections now. */
function waitingText(listens: readonly string[], over: number): readonly string[] {
  const [name] = listens;
  const isOver = plural(over, "{0} connection is over", "{0} connections are over");
  if (name === undefined) {
    return over === 0 ? [] : [isOver];
  }
  const names = listens.length === 1 ? name : t("{0} and {1}", name, listens.slice(1).join(", "));
  return over === 0 ? [t("{0}, nobody connected", names)] : [t("{0}, {1}", names, isOver)];
}

/** `db:5432 and 2 others` */
function severalText(names: readonly string[]): string {
  const [first = ""] = names;
  const others = names.length - 1;
  return others === 0 ? first : plural(others, "{1} and {0} other", "{1} and {0} others", first);
}

/** Undefined: there is none. */
function sessionsText(sessions: readonly RelayedChannelSnapshot[]): string | undefined {
  const [first] = sessions;
  return first === undefined || sessions.length === 1
    ? first && relayedChannelText(first)
    : plural(sessions.length, "{0} session", "{0} sessions");
}

/** Of connections whose targets nobody names. Undefined: there is none. */
function forwardedText(channels: readonly RelayedChannelSnapshot[]): string | undefined {
  const [first] = channels;
  return first === undefined || channels.length === 1
    ? first && relayedChannelText(first)
    : plural(channels.length, "{0} forwarded connection", "{0} forwarded connections");
}

/** `db:5432 and 1 other, 3 connections` */
function connectionsText(channels: readonly RelayedChannelSnapshot[]): string | undefined {
  if (channels.length === 0) {
    return undefined;
  }
  const targets = [...new Set(channels.map(({ target = "" }) => printable(target, 200)))];
  const count = plural(channels.length, "{0} connection", "{0} connections");
  return t("{0}, {1}", severalText(targets), count);
}

export function programTraffic({ channels, past }: Pick<ProgramSnapshot, "channels" | "past">): string {
  const sum = (name: "bytesIn" | "bytesOut"): string =>
    formatBytes(channels.reduce((total, channel) => total + channel[name], past?.[name] ?? 0));
  return `↑ ${sum("bytesOut")} ↓ ${sum("bytesIn")}`;
}

/** A question names at most this many programs. */
const namedPrograms = 5;

/** `ssh (1234), git (1300) and 2 more` */
function programNames(programs: readonly ProgramSnapshot[]): string {
  const names = programs.slice(0, namedPrograms).map(programLabel).join(", ");
  const more = programs.length - namedPrograms;
  return more > 0 ? t("{0} and {1} more", names, more) : names;
}

/** What ends with a connection in other programs. Undefined: nothing. */
export function programsLoss(programs: readonly ProgramSnapshot[]): string | undefined {
  return programs.length === 0
    ? undefined
    : plural(
        programs.length,
        "{0} program on this computer loses its connection: {1}.",
        "{0} programs on this computer lose their connection: {1}.",
        programNames(programs),
      );
}

/** In the same questions: programs that go on. Undefined: there are none. */
export function programsStay(programs: readonly ProgramSnapshot[]): string | undefined {
  return programs.length === 0
    ? undefined
    : plural(
        programs.length,
        "{0} program on this computer keeps its connection: {1}.",
        "{0} programs on this computer keep their connection: {1}.",
        programNames(programs),
      );
}

/** The question before terminals may use connections. */
export function sharingQuestion(): { readonly message: string; readonly yes: string; readonly no: string } {
  return {
    message: t(
      "Let ssh, git, scp, sftp and rsync in the editor's terminals and tasks use the SSH connections that are open here? They then need no login of their own. Any program that you run can use these connections, too.",
    ),
    yes: t("Use the Connections"),
    no: t("Never"),
  };
}

/** The programs can't be let onto the connections. */
export function sharingFailed(why: string): string {
  return t("Programs in terminals can't use the SSH connections: {0}", why);
}

/** Describes, in a terminal's menu, where its variables come from. */
export function sharingDescription(): string {
  return t("ssh, git, scp, sftp and rsync use the SSH connections that are open in the editor.");
}
