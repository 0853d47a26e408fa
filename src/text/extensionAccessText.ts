/** The words about other extensions that want to use a host. No vscode. */
import { printable } from "../base/log.ts";
import { plainMessage } from "./plainMessage.ts";

/** What is asked for first; the answer counts for all of it. */
export type AccessPurpose = "run" | "terminal" | "connect" | "end" | "command";

export interface AccessQuestion {
  /** As the caller typed it. */
  readonly host: string;
  /** `user@host:port` that it resolves to. */
  readonly destination: string;
  readonly purpose: AccessPurpose;
  /** What would run, or the title of the command that was called. */
  readonly what?: string;
  /** A name that the caller gave itself. */
  readonly claim?: string;
}

export const allowAccess = "Allow on This Host";

export function accessQuestionText({ host, destination, purpose, what, claim }: AccessQuestion): {
  readonly message: string;
  readonly detail: string;
} {
  const name = `"${printable(host, 100)}"`;
  const shown = what === undefined ? undefined : printable(what, 200);
  const wants: Record<AccessPurpose, string> = {
    run: `An extension wants to run commands on ${name}.`,
    terminal: `An extension wants to open a terminal on ${name}.`,
    connect: `An extension wants to connect to ${name}.`,
    end: `An extension wants to end connections to ${name}.`,
    command: `An extension, a link or a key binding wants to use ${name}.`,
  };
  return {
    message: plainMessage(wants[purpose]),
    detail: plainMessage(
      [
        `The host is ${printable(destination, 200)}.`,
        ...(shown === undefined
          ? []
          : [purpose === "command" ? `It called the command "${shown}".` : `It wants to run: ${shown}`]),
        claim === undefined
          ? "VS Code does not say which extension it is."
          : `It says that its name is "${printable(claim, 60)}". VS Code can't confirm that.`,
        "If you allow it, every extension may log in to this host with your keys and remembered passwords, run commands there and end its connections, until you call Revoke Extension Access.",
      ].join("\n\n"),
    ),
  };
}

export const noAccessGranted = "No host is open to other extensions.";

/** For the log, one line. */
export function accessLogLine(
  { host, destination, claim }: AccessQuestion,
  decision: "allowed" | "refused" | "busy",
): string {
  const who =
    claim === undefined ? "An extension" : `An extension that calls itself "${printable(claim, 60)}"`;
  const target = `"${printable(host, 100)}" (${printable(destination, 200)})`;
  switch (decision) {
    case "allowed":
      return `${who} may use ${target} from now on`;
    case "refused":
      return `${who} may not use ${target}`;
    case "busy":
      return `${who} was refused ${target} without a question: too many were asked`;
  }
}
