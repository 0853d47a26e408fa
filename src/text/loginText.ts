import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { LoginWait, ServerWords } from "../engine/connectionEngine.ts";
import { following } from "./messageParts.ts";

/** What a login waits for, as a line in the terminal. */
export function loginWaitText(wait: LoginWait, host: string): string {
  if (wait.on === "person") {
    return t("Waiting for your answer to a question about {0}…", host);
  }
  if (wait.on === "key") {
    return wait.touch
      ? t("Touch your security key to log in to {0} ({1})…", host, printable(wait.origin, 80))
      : t("Waiting for the key {0} to sign the login to {1}…", printable(wait.origin, 80), host);
  }
  switch (wait.judging) {
    case "request":
      return t("Waiting for {0} to reply to the login request…", host);
    case "key":
      return t("Waiting for {0} to accept the key…", host);
    case "password":
      return t("Waiting for {0} to accept the password…", host);
    case "answers":
      return t("Waiting for {0} to accept the answer…", host);
  }
}

/** The same for a row of the tree. */
export function loginWaitShort(wait: LoginWait): string {
  return wait.on === "person" ? t("waiting for your answer") : t("connecting: {0}", waitWords(wait));
}

function waitWords(wait: Exclude<LoginWait, { on: "person" }>): string {
  if (wait.on === "key") {
    return wait.touch ? t("touch your security key") : t("waiting for the key to sign");
  }
  switch (wait.judging) {
    case "request":
      return t("waiting for the server's reply");
    case "key":
      return t("the server checks the key");
    case "password":
      return t("the server checks the password");
    case "answers":
      return t("the server checks the answer");
  }
}

/** The source of a server message, shown before it. */
export function serverWordsTitle(source: ServerWords["source"], host: string): string {
  switch (source) {
    case "banner":
    case "instruction":
      return t("{0} says:", host);
    case "disconnect":
      return t("{0} ended the connection:", host);
    case "proxy":
      return t("The ProxyCommand for {0} says:", host);
  }
}

/** The same as one message, for logins without a terminal. */
export function serverWordsMessage({ source, text }: ServerWords, host: string): string {
  return printable(`${serverWordsTitle(source, host)} ${text.replaceAll("\n", " ")}`, 1_000);
}

/** A server's question, shown as a quotation: a hostile server could otherwise imitate our own questions. Printable. */
export function serverQuestionText(host: string, instructions: string, asked: string): string {
  return instructions === ""
    ? t("{0} asks “{1}”", host, asked)
    : t("{0} says “{1}” and asks “{2}”", host, instructions, asked);
}

/** The three questions of a password change, in order. `destination` is printable. */
export function passwordChangeQuestions(
  destination: string,
  said: string,
): readonly [string, string, string] {
  const reason = said === "" ? "" : following(t("The server says “{0}”.", said.replace(/\.$/, "")));
  return [
    t("{0} requires a new password.{1} Enter the old password.", destination, reason),
    t("Enter the new password for {0}.", destination),
    t("Enter the new password for {0} again.", destination),
  ];
}

export const passwordsDiffer = () => t("The two new passwords differ. Enter the new password.");

/** Shown above the next attempt: the server rejected the last new password. */
export const newPasswordRefused = () => t("The server rejected the new password.");
