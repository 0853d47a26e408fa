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

/** The same in a row of the tree, behind "connecting:". */
export function loginWaitShort(wait: LoginWait): string {
  if (wait.on === "key") {
    return wait.touch ? "touch your security key" : "the key signs";
  }
  switch (wait.judging) {
    case "request":
      return "the server answers the login";
    case "key":
      return "the server checks the key";
    case "password":
      return "the server checks the password";
    case "answers":
      return "the server checks the answer";
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

/** The same as one message, for logins without a terminal. */
export function serverWordsMessage({ source, text }: ServerWords, host: string): string {
  return printable(`${serverWordsTitle(source, host)} ${text.replaceAll("\n", " ")}`, 1_000);
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
