/**
 * The message for any failure: what happened, to which host, and what to do. The sentences of each area are in their
 * own file (`*Messages.ts`). No vscode, so that each can be tested.
 */

import { AuthError, KeyFileError } from "../auth/authErrors.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { ConfigError } from "../config/configErrors.ts";
import { ChannelError, ConnectError, ForwardError } from "../engine/engineErrors.ts";
import { RemoteViewError } from "../remote/remoteErrors.ts";
import { EarlierFailure } from "../session/earlierFailure.ts";
import { HostKeyError } from "../trust/hostKeyErrors.ts";
import { authMessage, keyFileMessage } from "./authMessages.ts";
import { configMessage } from "./configMessages.ts";
import { connectMessage } from "./connectMessages.ts";
import { forwardFailure } from "./forwardText.ts";
import { hostKeyMessage } from "./hostKeyMessages.ts";
import { failure, retry, sentence, showLog, type UserMessage } from "./messageParts.ts";
import { plainMessage } from "./plainMessage.ts";
import { channelMessage, remoteViewMessage } from "./sessionMessages.ts";

/**
 * @param host as typed; untrusted only in that the user may paste anything.
 * @param home the home directory, shown as `~`.
 * @returns undefined for a cancellation, which the user knows about.
 */
export function userMessage(error: unknown, host: string, home: string): UserMessage | undefined {
  const message = messageOf(error, host, home);
  return message && { ...message, text: plainMessage(message.text) };
}

/**
 * For a failure that a terminal also shows, with a key to open it again: whether the best action is a different one.
 */
export function helpsBeyondTerminal({ actions: [best] }: UserMessage): boolean {
  return best !== undefined && best.kind !== "retry";
}

function messageOf(error: unknown, host: string, home: string): UserMessage | undefined {
  const name = `"${printable(host)}"`;
  if (CancelledError.is(error)) {
    return undefined;
  }
  if (ConfigError.is(error)) {
    return configMessage(error, name, home);
  }
  if (ConnectError.is(error)) {
    return connectMessage(error, host, name, (cause, hop) => userMessage(cause, hop, home));
  }
  if (HostKeyError.is(error)) {
    return hostKeyMessage(error, name, home);
  }
  if (AuthError.is(error)) {
    return authMessage(error, name);
  }
  if (KeyFileError.is(error)) {
    return keyFileMessage(error, name, home);
  }
  if (ForwardError.is(error)) {
    return failure(t("A forward of {0} does not work. {1}", name, forwardFailure(error)), retry(), showLog());
  }
  if (ChannelError.is(error)) {
    return channelMessage(error, name);
  }
  if (RemoteViewError.is(error)) {
    return remoteViewMessage(error, name);
  }
  if (EarlierFailure.is(error)) {
    return failure(error.message);
  }
  return {
    severity: "error",
    text: t("An unexpected error occurred with {0}: {1}", name, sentence(asError(error).message)),
    actions: [showLog()],
  };
}
