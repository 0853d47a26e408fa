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
export function relayedChannelText({ type, command }: RelayedChannelSnapshot): string {
  if (command !== undefined) {
    return printable(command, 200);
  }
  switch (type) {
    case "session":
      return t("shell");
    case "direct-tcpip":
    case "direct-streamlocal@openssh.com":
      return t("forwarded connection");
    default:
      return printable(type, 64);
  }
}

/** `git-upload-pack 'a' · ↑ 1 kB ↓ 3 MB` */
export function programDescription({ channels }: ProgramSnapshot): string {
  const [first] = channels;
  const what =
    channels.length === 1 && first !== undefined
      ? relayedChannelText(first)
      : plural(channels.length, "{0} channel", "{0} channels");
  return `${what} · ${programTraffic(channels)}`;
}

export function programTraffic(channels: readonly RelayedChannelSnapshot[]): string {
  const sum = (of: (channel: RelayedChannelSnapshot) => number): string =>
    formatBytes(channels.reduce((total, channel) => total + of(channel), 0));
  return `↑ ${sum(({ bytesOut }) => bytesOut)} ↓ ${sum(({ bytesIn }) => bytesIn)}`;
}

/** What ends with a connection in other programs. Undefined: nothing. */
export function programsLoss(count: number): string | undefined {
  return count === 0
    ? undefined
    : plural(
        count,
        "{0} other program on this computer loses its connection.",
        "{0} other programs on this computer lose their connection.",
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
