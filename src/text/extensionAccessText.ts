/** Texts about other extensions that request the use of a host. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { plainMessage } from "./plainMessage.ts";

/** The first request; the user's answer applies to all of them. */
export type AccessPurpose = "run" | "terminal" | "connect" | "end" | "forward" | "command";

export interface AccessQuestion {
  /** As the caller typed it. */
  readonly host: string;
  /** `user@host:port` that it resolves to. */
  readonly destination: string;
  readonly purpose: AccessPurpose;
  /** The command that would run, or the title of the command that was called. */
  readonly what?: string;
  /** The caller's own name for itself. */
  readonly claim?: string;
}

export const refuseAccess = () => t("Don't Allow");
export const allowAccess = () => t("Allow on This Host");
export const refuseAllAccess = () => t("Refuse All for 10 Minutes");

export function accessQuestionText({ host, destination, purpose, what, claim }: AccessQuestion): {
  readonly message: string;
  readonly detail: string;
} {
  const name = `"${printable(host, 100)}"`;
  const shown = what === undefined ? undefined : printable(what, 200);
  const wants: Record<AccessPurpose, string> = {
    run: t("An extension wants to run commands on {0}.", name),
    terminal: t("An extension wants to open a terminal on {0}.", name),
    connect: t("An extension wants to connect to {0}.", name),
    forward: t("An extension wants to forward ports of {0}.", name),
    end: t("An extension wants to end connections to {0}.", name),
    command: t("An extension, a link or a key binding wants to use {0}.", name),
  };
  return {
    message: plainMessage(wants[purpose]),
    detail: plainMessage(
      [
        t("The host is {0}.", printable(destination, 200)),
        ...(shown === undefined
          ? []
          : [
              purpose === "command"
                ? t(`It called the command "{0}".`, shown)
                : purpose === "forward"
                  ? t("It wants to forward: {0}", shown)
                  : t("It wants to run: {0}", shown),
            ]),
        claim === undefined
          ? t("VS Code does not say which extension it is.")
          : t(`It calls itself "{0}". VS Code can't confirm that.`, printable(claim, 60)),
        t(
          "If you allow it, every extension may log in to this host with your keys and saved passwords, run commands there, forward its ports and end its connections, until you run Revoke Extension Access.",
        ),
      ].join("\n\n"),
    ),
  };
}

/** The label of a host or connection that other extensions may use, and its hover. */
export const openToExtensions = () => t("open to extensions");
export const extensionsFact = () => t("may log in and run commands (*Revoke Extension Access…*)");

export const noAccessGranted = () => t("Other extensions may not use any host.");

/** For the log, one line. */
export function accessLogLine(
  { host, destination, claim }: AccessQuestion,
  decision: "allowed" | "refused" | "refused-all" | "busy",
): string {
  const who =
    claim === undefined ? t("An extension") : t(`An extension that calls itself "{0}"`, printable(claim, 60));
  const target = `"${printable(host, 100)}" (${printable(destination, 200)})`;
  switch (decision) {
    case "allowed":
      return t("{0} may use {1} from now on", who, target);
    case "refused":
      return t("{0} may not use {1}", who, target);
    case "refused-all":
      return t("{0} may not use {1}, and no extension is asked about for 10 minutes", who, target);
    case "busy":
      return t("{0} was refused {1} without a question: too many questions were asked", who, target);
  }
}
