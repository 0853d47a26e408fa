/** Texts about connections that every ssh of the user can use. No vscode. */
import { t } from "../base/localize.ts";

/**
 * The question beside the diff of an ssh_config.
 * @param isSet it is that of sshSessions.configFile, which `ssh` reads only with -F
 */
export function everyTerminalQuestion(
  file: string,
  isSet: boolean,
): { readonly message: string; readonly lasting: string; readonly all: string } {
  return {
    message: isSet
      ? t(
          "Add this line to {0}? Every ssh -F with this file on this computer, also outside the editor, then uses connections that are open here: all of them, or only those that outlive the window (of the keeper and of the engine openssh). Without an open connection nothing changes. Stop Using Connections in Every Terminal takes the line out again.",
          file,
        )
      : t(
          "Add this line to {0}? Every ssh that you run on this computer, also outside the editor and in scp, sftp, rsync and git, then uses connections that are open here: all of them, or only those that outlive the window (of the keeper and of the engine openssh). Without an open connection nothing changes. Stop Using Connections in Every Terminal takes the line out again.",
          file,
        ),
    lasting: t("Add for Connections That Outlive the Window"),
    all: t("Add for All"),
  };
}

/** The title of the tab with the diff. */
export function configDiffTitle(name: string): string {
  return t("{0}: with the line of SSH Sessions", name);
}

/** @param file of sshSessions.configFile. Undefined: each `ssh` reads the line. */
export function everyTerminalOn(file: string | undefined): string {
  return file === undefined
    ? t("Every ssh on this computer can use the connections now.")
    : t("Every ssh -F {0} on this computer can use the connections now.", file);
}

/** @param programs those in the editor's terminals still use connections */
export function everyTerminalOff(file: string, programs: boolean): string {
  return programs
    ? t(
        "The line has been removed from {0}. Only programs in the editor's terminals and tasks still use the connections (sshSessions.sharing.programs).",
        file,
      )
    : t("The line has been removed from {0}. No other ssh uses the connections any more.", file);
}

export function everyTerminalUnavailable(): string {
  return t("Other terminals can't use the connections on Windows, and not without an ssh_config.");
}

/** @param why what the system or the file system said */
export function everyTerminalFailed(why: string): string {
  return t("Other terminals can't use the SSH connections: {0}", why);
}
