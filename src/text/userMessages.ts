/**
 * What a person is told when something fails: what happened, to which host, what to do. The only place where such
 * sentences are made. No vscode, so that each can be tested.
 */

import { AuthError, KeyFileError } from "../auth/authErrors.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { ConfigError } from "../config/configErrors.ts";
import { openFailureCode } from "../engine/channels/messages.ts";
import { ChannelError, ConnectError } from "../engine/engineErrors.ts";
import { RemoteViewError } from "../remote/remoteErrors.ts";
import { HostKeyError } from "../trust/hostKeyErrors.ts";
import { connectMessage } from "./connectMessages.ts";
import {
  failure,
  retry,
  saying,
  sentence,
  showLog,
  type UserAction,
  type UserMessage,
} from "./messageParts.ts";
import { plainMessage } from "./plainMessage.ts";
import { shortPath } from "./valueSourceText.ts";

/**
 * @param host as typed; untrusted only in so far as a person can paste anything.
 * @param home the home directory, shown as `~`.
 * @returns undefined for a cancellation: who gave up knows it.
 */
export function userMessage(error: unknown, host: string, home: string): UserMessage | undefined {
  const message = messageOf(error, host, home);
  return message && { ...message, text: plainMessage(message.text) };
}

/** A terminal that tells the same can be opened again by a key: whether what helps best is something else. */
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
    return connectMessage(error, name, (cause, hop) => userMessage(cause, hop, home));
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
  if (ChannelError.is(error)) {
    return channelMessage(error, name);
  }
  if (RemoteViewError.is(error)) {
    return remoteViewMessage(error, name);
  }
  return {
    severity: "error",
    text: t("An unexpected error occurred with {0}: {1}", name, sentence(asError(error).message)),
    actions: [showLog()],
  };
}

function configMessage(error: ConfigError, name: string, home: string): UserMessage {
  const where =
    error.file === undefined
      ? t("The SSH configuration")
      : `${printable(shortPath(error.file, home))}${error.line === undefined ? "" : t(" line {0}", error.line)}`;
  const open: readonly UserAction[] =
    error.file === undefined
      ? []
      : [
          {
            kind: "openFile",
            title: t("Open Config"),
            file: error.file,
            ...(error.line === undefined ? {} : { line: error.line }),
          },
        ];
  const said = sentence(error.message);
  switch (error.reason) {
    case "invalid-host":
      return failure(
        t(
          "Can't connect to {0}. {1} Type an alias or user@host:port, or correct HostName and User in the SSH configuration.",
          name,
          said,
        ),
      );
    case "unreadable":
      return failure(
        t("Can't connect to {0}: {1} can't be read. {2}", name, where, said),
        ...open,
        retry(),
        showLog(),
      );
    case "malformed":
      return failure(
        t("Can't connect to {0}: {1} is malformed. {2}", name, where, said),
        ...open,
        retry(),
        showLog(),
      );
    case "timed-out":
      return failure(
        t(
          `Can't connect to {0}: reading the SSH configuration took too long. A "Match exec" command may hang.`,
          name,
        ),
        ...open,
        retry(),
        showLog(),
      );
    case "not-allowed":
      return failure(
        t(
          "Can't connect to {0}: its configuration requires something that is not allowed in an untrusted workspace. {1}",
          name,
          said,
        ),
        { kind: "manageTrust", title: t("Manage Workspace Trust") },
        ...open,
      );
    case "refused":
      return failure(
        t("Not connected to {0}: {1} refuses it (RefuseConnection). It says: {2}", name, where, said),
        ...open,
      );
    case "no-session":
      return failure(
        t(
          "{0} opens no terminal: {1} sets SessionType to none. Connect logs in without a session; remove the line to get a terminal.",
          name,
          where,
        ),
        ...open,
      );
    case "jump-loop":
      return failure(
        t("Can't connect to {0}: its jump hosts form a loop. Correct ProxyJump. {1}", name, said),
        ...open,
        showLog(),
      );
  }
}

function hostKeyMessage(error: HostKeyError, name: string, home: string): UserMessage {
  const at =
    error.file === undefined
      ? "known_hosts"
      : `${printable(shortPath(error.file, home))}${error.line === undefined ? "" : t(" line {0}", error.line)}`;
  const key = `${printable(error.keyType)} ${printable(error.fingerprint)}`;
  const open: readonly UserAction[] =
    error.file === undefined
      ? []
      : [
          {
            kind: "openFile",
            title: error.reason === "revocation-unknown" ? t("Open File") : t("Open known_hosts"),
            file: error.file,
            ...(error.line === undefined ? {} : { line: error.line }),
          },
        ];
  switch (error.reason) {
    case "changed":
      return failure(
        t(
          "Refused to connect to {0}: its host key has CHANGED. It shows {1}, but {2} has another key. Someone could be eavesdropping, or the server was reinstalled: then ask its owner, and remove that line. Nothing was sent.",
          name,
          key,
          at,
        ),
        ...open,
        showLog(),
      );
    case "revoked":
      return failure(
        t(
          "Refused to connect to {0}: its host key {1} is REVOKED by {2}. Ask the server's owner. Nothing was sent.",
          name,
          key,
          at,
        ),
        ...open,
        showLog(),
      );
    case "unknown":
      return failure(
        t(
          "Refused to connect to {0}: its host key {1} is not known, and StrictHostKeyChecking forbids asking. Add the key to known_hosts first.",
          name,
          key,
        ),
        showLog(),
      );
    case "declined":
      return {
        severity: "warning",
        text: t("Not connected to {0}: you did not accept its host key.", name),
        actions: [retry()],
      };
    case "unreadable":
      return failure(
        t("Can't connect to {0}: {1} can't be read, so its host key can't be checked.", name, at),
        ...open,
        retry(),
        showLog(),
      );
    case "short":
      return failure(
        t(
          "Refused to connect to {0}: its host key {1} is an RSA key that is too short to be secure. Ask the server's owner for a longer or an Ed25519 key. RequiredRSASize can allow 1024 bits and more. Nothing was sent.",
          name,
          key,
        ),
        showLog(),
      );
    case "malformed":
      return failure(
        t(
          "Refused to connect to {0}: its host key is malformed or of an unknown type. Nothing was sent.",
          name,
        ),
        showLog(),
      );
    case "revocation-unknown":
      return failure(
        t(
          "Refused to connect to {0}: {1}, set by RevokedHostKeys, is missing or damaged, so its host key can't be checked. Restore the file, or correct RevokedHostKeys.",
          name,
          at,
        ),
        ...open,
        retry(),
        showLog(),
      );
    case "command-failed":
      return failure(
        t(
          "Can't connect to {0}: KnownHostsCommand failed, so its host key can't be checked. The log has the command's output.",
          name,
        ),
        retry(),
        showLog(),
      );
    case "unrecordable":
      return failure(
        t(
          "Can't connect to {0}: its host key can't be recorded, because known_hosts can't hold its name. Set another HostKeyAlias.",
          name,
        ),
        showLog(),
      );
  }
}

function authMessage(error: AuthError, name: string): UserMessage {
  const tried =
    error.tried.length === 0 ? "" : t(" Tried: {0}.", error.tried.map((item) => printable(item)).join(", "));
  const problems =
    error.problems.length === 0
      ? ""
      : t(" Not used: {0}.", error.problems.map((item) => printable(item)).join("; "));
  const left =
    error.methodsLeft.length === 0
      ? ""
      : t(" The server accepts: {0}.", error.methodsLeft.map((item) => printable(item)).join(", "));
  const said = saying(error.said);
  switch (error.reason) {
    case "refused":
      return failure(
        t(
          "The login to {0} was refused.{1}{2}{3}{4} Check the user name, and your key or password.",
          name,
          said,
          tried,
          problems,
          left,
        ),
        retry(),
        showLog(),
      );
    case "too-many-failures":
      return failure(
        t(
          "The login to {0} failed too many times.{1}{2}{3} If your agent has many keys, use IdentitiesOnly with IdentityFile to offer the right one.",
          name,
          said,
          tried,
          problems,
        ),
        retry(),
        showLog(),
      );
    case "password-expired":
      return failure(
        t("The password for {0} has expired and was not changed.{1}", name, said),
        retry(),
        showLog(),
      );
    case "needs-person":
      return failure(
        t("{0} requires you to log in: the last login asked for input.", name),
        retry(),
        showLog(),
      );
    case "nothing-to-try":
      return failure(
        t(
          "Can't log in to {0}: there is no key or password to offer.{1}{2} {3}",
          name,
          problems,
          left,
          loginAdvice(error.methodsLeft),
        ),
        retry(),
        showLog(),
      );
  }
}

/** What a person can do so that there is something to offer, among the methods that the server takes. */
function loginAdvice(methods: readonly string[]): string {
  const advice = [
    ...(methods.length === 0 || methods.includes("publickey")
      ? [t("Add a key to the agent, or set IdentityFile, and don't disable PubkeyAuthentication.")]
      : []),
    ...(methods.includes("password") || methods.includes("keyboard-interactive")
      ? [
          t(
            "Passwords are requested unless BatchMode is on or PasswordAuthentication and KbdInteractiveAuthentication are off.",
          ),
        ]
      : []),
  ];
  return advice.length === 0
    ? t("SSH Sessions supports none of these methods: the server's owner can allow another one.")
    : advice.join(" ");
}

function keyFileMessage(error: KeyFileError, name: string, home: string): UserMessage {
  const file = printable(shortPath(error.file, home));
  const text = (cause: string): string => t("Can't log in to {0} with the key {1}: {2}", name, file, cause);
  switch (error.reason) {
    case "missing":
      return failure(text(t("the file does not exist. Correct IdentityFile.")), showLog());
    case "unreadable":
      return failure(text(t("it can't be read. Check its permissions.")), retry(), showLog());
    case "permissions":
      return failure(text(t("others can read it. Run chmod 600 on it.")), retry(), showLog());
    case "unsupported":
      return failure(
        text(
          t(
            "this key type is not supported. Use an Ed25519, ECDSA or RSA key, or load the key into ssh-agent instead; ssh-keygen -p converts a file of an unknown format.",
          ),
        ),
        showLog(),
      );
    case "malformed":
      return failure(text(t("it is damaged, or not a private key.")), showLog());
    case "wrong-passphrase":
      return failure(text(t("the passphrase is wrong.")), retry(), showLog());
  }
}

function channelMessage(error: ChannelError, name: string): UserMessage {
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
    case "timed-out":
      return failure(
        t("{0} did not open a session in time. The server may be overloaded. Try again.", name),
        retry(),
        showLog(),
      );
    case "connection-ended":
      return failure(
        t("The connection to {0} ended while a session was being opened. Try again.", name),
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

function remoteViewMessage(error: RemoteViewError, name: string): UserMessage {
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
