/** Texts about connections that every ssh of the user can use. No vscode. */
import { t } from "../base/localize.ts";

/** The question beside the diff of the user's ssh_config. */
export function everyTerminalQuestion(file: string): {
  readonly message: string;
  readonly lasting: string;
  readonly all: string;
} {
  return {
    message: t(
      "Add this line to {0}? Every ssh that you run on this computer, also outside the editor and in scp, sftp, rsync and git, then uses connections that are open here: all of them, or the lasting ones, which outlive the window (of the keeper and of the engine openssh). Without an open connection nothing changes. Stop Using Connections in Every Terminal takes the line out again.",
      file,
    ),
    lasting: t("Add for Lasting Ones"),
    all: t("Add for All"),
  };
}

/** The title of the tab with the diff. */
export function configDiffTitle(name: string): string {
  return t("{0}: with the line of SSH Sessions", name);
}

export function everyTerminalOn(): string {
  return t("Every ssh on this computer can use the connections now.");
}

export function everyTerminalOff(file: string): string {
  return t("The line has been removed from {0}. No other ssh uses the connections any more.", file);
}

export function everyTerminalUnavailable(): string {
  return t("Other terminals can't use the connections on Windows, and not without an ssh_config.");
}

/** @param why what the system or the file system said */
export function everyTerminalFailed(why: string): string {
  return t("Other terminals can't use the SSH connections: {0}", why);
}
