import { printable } from "../base/log.ts";
import type { LoginWait, ServerWords } from "../engine/connectionEngine.ts";

/** What a login waits for, as a line for the terminal that waits. */
export function loginWaitText(wait: LoginWait, host: string): string {
  if (wait.on === "key") {
    return wait.touch
      ? `Touch your security key to log in to ${host} (${printable(wait.origin, 80)})…`
      : `Waiting for the key ${printable(wait.origin, 80)} to sign the login to ${host}…`;
  }
  switch (wait.judging) {
    case "request":
      return `Waiting for ${host} to answer the login request…`;
    case "key":
      return `Waiting for ${host} to accept the key…`;
    case "password":
      return `Waiting for ${host} to accept the password…`;
    case "answers":
      return `Waiting for ${host} to accept the answer…`;
  }
}

/** Who says it, in front of a server's words. */
export function serverWordsTitle(source: ServerWords["source"], host: string): string {
  switch (source) {
    case "banner":
    case "instruction":
      return `${host} says:`;
    case "disconnect":
      return `${host} ended the connection:`;
    case "proxy":
      return `The ProxyCommand for ${host} says:`;
  }
}

/** The three questions of a password change, in order. `destination` is printable. */
export function passwordChangeQuestions(
  destination: string,
  said: string,
): readonly [string, string, string] {
  const reason = said === "" ? "" : ` The server says “${said}”.`;
  return [
    `${destination} wants a new password.${reason} Enter the old password.`,
    `Enter the new password for ${destination}.`,
    `Enter the new password for ${destination} again.`,
  ];
}

export const passwordsDiffer = "The two new passwords differ. Enter the new password.";

/** Above the first attempt: the server did not take the last new password. */
export const newPasswordRefused = "The server did not accept that new password.";
