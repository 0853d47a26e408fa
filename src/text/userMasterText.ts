/** Sentences about connections of their own `ssh`. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { RiddenMaster } from "../engine/connectionEngine.ts";
import type { UserMasterSnapshot } from "../share/userMasterTypes.ts";
import type { EndQuestion } from "./endQuestions.ts";

/** The hosts that a connection of `ssh` leads to. */
export function userMasterLabel({ hosts }: Pick<UserMasterSnapshot, "hosts">): string {
  return hosts.map((host) => printable(host)).join(", ");
}

/** Whose connection it is. */
export function ofSsh({ pid }: Pick<UserMasterSnapshot, "pid">): string {
  return t("connection of ssh, process {0}", pid);
}

/** That a connection of this window is one of `ssh`. */
export function ridesText(): string {
  return t("on the connection of ssh");
}

/** The fact in a hover: whose connection this window uses. */
export function riddenText({ pid, path }: RiddenMaster): string {
  return t("ssh (process {0}) at {1}", pid, printable(path));
}

/** In the question before this window leaves it. */
export function sshKeeps({ pid }: RiddenMaster): string {
  return t("The connection stays open: it is that of ssh, process {0}.", pid);
}

/** What the row is. */
export function aboutUserMaster({ isRidden }: Pick<UserMasterSnapshot, "isRidden">): string {
  return isRidden
    ? t("Your own ssh made this connection. This window uses it, and leaves it open.")
    : t("Your own ssh made this connection. This window does not use it.");
}

/** The question before the first use for a host. */
export function ridingQuestion(
  host: string,
  pid: number,
): { readonly message: string; readonly detail: string; readonly yes: string; readonly no: string } {
  return {
    message: t("Use the connection that ssh has to {0}?", printable(host)),
    detail: t(
      "Process {0} has one at the ControlPath of your ssh_config. Terminals here then need no login. SSH Sessions never ends it; when it ends, the terminals reconnect with a login of their own. Agent forwarding does not work over it.",
      pid,
    ),
    yes: t("Use It"),
    no: t("Log In Separately"),
  };
}

/** The question before a connection of `ssh` ends. */
export function exitQuestion(master: UserMasterSnapshot): EndQuestion {
  return {
    message: t("End the connection of ssh to {0}?", userMasterLabel(master)),
    detail: t(
      "Process {0} ends, and with it every session on its connection, also those in other terminals, windows and programs.",
      master.pid,
    ),
    action: t("End Connection"),
  };
}

/** After Stop. */
export function stoppedText(master: UserMasterSnapshot): string {
  return t("The connection of ssh to {0} takes no new sessions.", userMasterLabel(master));
}

/** The window has a connection of its own to the host. */
export function ownConnectionText(host: string): string {
  return t(
    "This window has a connection of its own to {0}. Its next connection will be that of ssh.",
    printable(host),
  );
}

/** `ssh` did not do what it was asked. */
export function userMasterFailed(why: string): string {
  return t("ssh refused: {0}", printable(why));
}
