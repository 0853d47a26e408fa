import { t } from "../base/localize.ts";
import { openFailureCode } from "../engine/channels/messages.ts";
import type { ChannelError } from "../engine/engineErrors.ts";
import type { RemoteViewError } from "../remote/remoteErrors.ts";
import { failure, retry, saying, sentence, showLog, type UserMessage } from "./messageParts.ts";

/** The message for a session that can't be opened on a connection. */
export function channelMessage(error: ChannelError, name: string): UserMessage {
  switch (error.reason) {
    case "refused":
      return failure(sessionRefusal(error, name), retry(), showLog());
    case "request-failed":
      return failure(
        t("{0} opened a session but refused the request. {1}", name, sentence(error.message)),
        retry(),
        showLog(),
      );
    case "request-too-large":
      return failure(
        t(
          "A command or an environment variable for {0} is larger than the {1} KiB that the server accepts in one request, so it was not sent. Run it as a script, which is sent as input, or copy the data to the host as a file.",
          name,
          wholeKibibytes(error.limit),
        ),
        showLog(),
      );
    case "request-has-nul":
      return failure(
        t(
          "A command, name or environment variable for {0} holds a NUL character, which no SSH server accepts, so it was not sent.",
          name,
        ),
        showLog(),
      );
    case "timed-out":
      return failure(
        t("{0} did not open a session in time. The server may be overloaded. Try again.", name),
        retry(),
        showLog(),
      );
    case "connection-ended":
      return failure(
        t(
          "The connection to {0} ended while a session was being opened.{1} Try again.",
          name,
          saying(error.description),
        ),
        retry(),
        showLog(),
      );
  }
}

function sessionRefusal({ code, description }: ChannelError, name: string): string {
  const said = saying(description);
  switch (code) {
    case openFailureCode.administrativelyProhibited:
      return t(
        "{0} does not allow a session on this connection.{1} The server's owner decides what your account may do.",
        name,
        said,
      );
    case openFailureCode.unknownChannelType:
      return t("{0} offers no sessions.{1} It may only allow forwarding or subsystems.", name, said);
    default:
      return t(
        "{0} refused another session on this connection.{1} If other sessions are open there, end one: MaxSessions on the server limits them.",
        name,
        said,
      );
  }
}

/** The message for a failure to read the logins of a server. */
export function remoteViewMessage(error: RemoteViewError, name: string): UserMessage {
  switch (error.reason) {
    case "no-shell":
      return failure(
        t("{0} did not run a POSIX shell, so its logins can't be read. {1}", name, sentence(error.message)),
        showLog(),
      );
    case "incomplete":
      return failure(t("The output of {0} is incomplete. Try again.", name), retry(), showLog());
    case "too-much":
      return failure(t("{0} sent more output than can be shown.", name), showLog());
    case "not-connected":
      return failure(t("There is no longer a connection to {0}. Connect first.", name), showLog());
  }
}

function wholeKibibytes(bytes = 0): number {
  return Math.floor((bytes + 64) / 1024);
}
