/** Texts about other programs on a connection. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { RelayedChannelSnapshot } from "../engine/channels/relay/relayTypes.ts";
import type { ProgramSnapshot } from "../share/programTypes.ts";
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

/** `git-upload-pack 'a' · ↑ 1 kB ↓ 3 MB`; where channels are not known, what it was called with. */
export function programDescription({ channels, calledWith, listeners = [] }: ProgramSnapshot): string {
  if (calledWith !== undefined) {
    return printable(calledWith, 200);
  }
  const isTo = ({ target }: RelayedChannelSnapshot): boolean => target !== undefined;
  const isSession = ({ type }: RelayedChannelSnapshot): boolean => type === "session";
  const parts = [
    oneOr(channels.filter(isSession), (count) => plural(count, "{0} session", "{0} sessions")),
    listening(listeners),
    connectionsText(channels.filter(isTo)),
    oneOr(
      channels.filter((channel) => !isSession(channel) && !isTo(channel)),
      (count) => plural(count, "{0} forwarded connection", "{0} forwarded connections"),
    ),
  ].filter((part) => part !== undefined);
  // An ssh -N that nobody uses. It listens on this computer, and does not say where.
  const what = parts.length === 0 ? [t("no channel open")] : parts;
  return [...what, programTraffic(channels)].join(" · ");
}

/** Undefined: there is none. */
function oneOr(
  channels: readonly RelayedChannelSnapshot[],
  several: (count: number) => string,
): string | undefined {
  const [first] = channels;
  return first === undefined || channels.length === 1
    ? first && relayedChannelText(first)
    : several(channels.length);
}

/** `listens on localhost:8080 of the server` */
function listening(listeners: readonly string[]): string | undefined {
  const [first] = listeners;
  if (first === undefined) {
    return undefined;
  }
  const address = printable(first, 200);
  const others = listeners.length - 1;
  return others === 0
    ? t("listens on {0} of the server", address)
    : plural(
        others,
        "listens on {1} of the server and {0} other address",
        "listens on {1} of the server and {0} other addresses",
        address,
      );
}

/** `3 connections, to db:5432 and 1 other` */
function connectionsText(channels: readonly RelayedChannelSnapshot[]): string | undefined {
  const [first] = channels;
  if (first === undefined || channels.length === 1) {
    return first && relayedChannelText(first);
  }
  const target = printable(first.target ?? "", 200);
  const others = new Set(channels.map((channel) => channel.target)).size - 1;
  const count = plural(channels.length, "{0} connection", "{0} connections");
  return others === 0
    ? t("{0}, to {1}", count, target)
    : plural(others, "{1}, to {2} and {0} other", "{1}, to {2} and {0} others", count, target);
}

export function programTraffic(channels: readonly RelayedChannelSnapshot[]): string {
  const sum = (of: (channel: RelayedChannelSnapshot) => number): string =>
    formatBytes(channels.reduce((total, channel) => total + of(channel), 0));
  return `↑ ${sum(({ bytesOut }) => bytesOut)} ↓ ${sum(({ bytesIn }) => bytesIn)}`;
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
