/**
 * What a person is told when something fails: what happened, to which host, what to do. The only place where such
 * sentences are made. No vscode, so that each can be tested.
 */
import { AuthError, KeyFileError } from "../auth/authErrors.ts";
import { asError, CancelledError } from "../base/errors.ts";
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
    text: `Something unexpected went wrong with ${name}: ${sentence(asError(error).message)}`,
    actions: [showLog],
  };
}

function configMessage(error: ConfigError, name: string, home: string): UserMessage {
  const where =
    error.file === undefined
      ? "The SSH configuration"
      : `${printable(shortPath(error.file, home))}${error.line === undefined ? "" : ` line ${error.line}`}`;
  const open: readonly UserAction[] =
    error.file === undefined
      ? []
      : [
          {
            kind: "openFile",
            title: "Open Config",
            file: error.file,
            ...(error.line === undefined ? {} : { line: error.line }),
          },
        ];
  const said = sentence(error.message);
  switch (error.reason) {
    case "invalid-host":
      return failure(
        `${name} can't be connected to. ${said} Type an alias or user@host:port, or correct HostName and User in the SSH configuration.`,
      );
    case "unreadable":
      return failure(`Can't connect to ${name}: ${where} can't be read. ${said}`, ...open, retry, showLog);
    case "malformed":
      return failure(`Can't connect to ${name}: ${where} is malformed. ${said}`, ...open, retry, showLog);
    case "timed-out":
      return failure(
        `Can't connect to ${name}: reading the SSH configuration took too long. A "Match exec" in it may hang.`,
        ...open,
        retry,
        showLog,
      );
    case "not-allowed":
      return failure(
        `Can't connect to ${name}: its configuration asks for something that is not allowed in an untrusted workspace. ${said}`,
        { kind: "manageTrust", title: "Manage Workspace Trust" },
        ...open,
      );
    case "refused":
      return failure(
        `Not connected to ${name}: ${where} refuses it (RefuseConnection). It says: ${said}`,
        ...open,
      );
    case "no-session":
      return failure(
        `${name} opens no terminal: ${where} sets SessionType to none. Connect logs in without a session; remove the line to get a terminal.`,
        ...open,
      );
    case "jump-loop":
      return failure(
        `Can't connect to ${name}: its jump hosts lead back to themselves. Correct ProxyJump. ${said}`,
        ...open,
        showLog,
      );
  }
}

function hostKeyMessage(error: HostKeyError, name: string, home: string): UserMessage {
  const at =
    error.file === undefined
      ? "known_hosts"
      : `${printable(shortPath(error.file, home))}${error.line === undefined ? "" : ` line ${error.line}`}`;
  const key = `${printable(error.keyType)} ${printable(error.fingerprint)}`;
  const open: readonly UserAction[] =
    error.file === undefined
      ? []
      : [
          {
            kind: "openFile",
            title: error.reason === "revocation-unknown" ? "Open File" : "Open known_hosts",
            file: error.file,
            ...(error.line === undefined ? {} : { line: error.line }),
          },
        ];
  switch (error.reason) {
    case "changed":
      return failure(
        `Refused to connect to ${name}: its host key has CHANGED. It shows ${key}, but ${at} says otherwise. Somebody may be listening in; or the server was set up anew: then ask its owner, and remove that line. Nothing was sent.`,
        ...open,
        showLog,
      );
    case "revoked":
      return failure(
        `Refused to connect to ${name}: its host key ${key} is REVOKED by ${at}. Ask the server's owner. Nothing was sent.`,
        ...open,
        showLog,
      );
    case "unknown":
      return failure(
        `Refused to connect to ${name}: its host key ${key} is not known, and StrictHostKeyChecking does not allow to ask. Add the key to known_hosts first.`,
        showLog,
      );
    case "declined":
      return {
        severity: "warning",
        text: `Not connected to ${name}: you did not accept its host key.`,
        actions: [retry],
      };
    case "unreadable":
      return failure(
        `Can't connect to ${name}: ${at} can't be read, so its host key can't be checked.`,
        ...open,
        retry,
        showLog,
      );
    case "short":
      return failure(
        `Refused to connect to ${name}: its host key ${key} is an RSA key that is too short to be safe. Ask the server's owner for a longer or an Ed25519 key. RequiredRSASize can allow 1024 bits and more. Nothing was sent.`,
        showLog,
      );
    case "malformed":
      return failure(
        `Refused to connect to ${name}: the host key that it shows is not a complete key of a known type. Nothing was sent.`,
        showLog,
      );
    case "revocation-unknown":
      return failure(
        `Refused to connect to ${name}: ${at}, which RevokedHostKeys names, is missing or damaged, so that its host key can't be checked. Restore the file, or correct RevokedHostKeys.`,
        ...open,
        retry,
        showLog,
      );
    case "command-failed":
      return failure(
        `Can't connect to ${name}: KnownHostsCommand failed, so its host key can't be checked. The log has what the command said.`,
        retry,
        showLog,
      );
    case "unrecordable":
      return failure(
        `Can't connect to ${name}: its host key can't be recorded, because known_hosts can't hold its name. Set another HostKeyAlias.`,
        showLog,
      );
  }
}

function authMessage(error: AuthError, name: string): UserMessage {
  const tried =
    error.tried.length === 0 ? "" : ` Tried: ${error.tried.map((item) => printable(item)).join(", ")}.`;
  const problems =
    error.problems.length === 0
      ? ""
      : ` Not used: ${error.problems.map((item) => printable(item)).join("; ")}.`;
  const left =
    error.methodsLeft.length === 0
      ? ""
      : ` The server takes: ${error.methodsLeft.map((item) => printable(item)).join(", ")}.`;
  const said = saying(error.said);
  switch (error.reason) {
    case "refused":
      return failure(
        `The login to ${name} was refused.${said}${tried}${problems}${left} Check the user name, and the key or password that you log in with.`,
        retry,
        showLog,
      );
    case "too-many-failures":
      return failure(
        `The login to ${name} failed too often, so it was given up.${said}${tried}${problems} If your agent holds many keys, IdentitiesOnly with IdentityFile offers the right one.`,
        retry,
        showLog,
      );
    case "password-expired":
      return failure(`The password for ${name} has expired and was not changed.${said}`, retry, showLog);
    case "needs-person":
      return failure(
        `${name} needs you to log in: the last login asked for something that only you can give.`,
        retry,
        showLog,
      );
    case "nothing-to-try":
      return failure(
        `No way to log in to ${name}: there is no key or password to offer.${problems}${left} ${loginAdvice(error.methodsLeft)}`,
        retry,
        showLog,
      );
  }
}

/** What a person can do so that there is something to offer, among the methods that the server takes. */
function loginAdvice(methods: readonly string[]): string {
  const advice = [
    ...(methods.length === 0 || methods.includes("publickey")
      ? ["Add a key to the agent, or set IdentityFile; PubkeyAuthentication must not be switched off."]
      : []),
    ...(methods.includes("password") || methods.includes("keyboard-interactive")
      ? [
          "A password is asked for where neither BatchMode nor PasswordAuthentication and KbdInteractiveAuthentication switch that off.",
        ]
      : []),
  ];
  return advice.length === 0
    ? "SSH Sessions supports none of these methods: the server's owner can allow another one."
    : advice.join(" ");
}

function keyFileMessage(error: KeyFileError, name: string, home: string): UserMessage {
  const file = printable(shortPath(error.file, home));
  const text = (cause: string): string => `Can't log in to ${name} with the key ${file}: ${cause}`;
  switch (error.reason) {
    case "missing":
      return failure(text("there is no such file. Correct IdentityFile."), showLog);
    case "unreadable":
      return failure(text("it can't be read. Check its permissions."), retry, showLog);
    case "permissions":
      return failure(text("others can read it. Run chmod 600 on it."), retry, showLog);
    case "unsupported":
      return failure(
        text(
          "it is of a kind that is not supported. Use an Ed25519, ECDSA or RSA key; ssh-keygen -p rewrites a file whose format is not known.",
        ),
        showLog,
      );
    case "malformed":
      return failure(text("it is damaged, or not a private key."), showLog);
    case "wrong-passphrase":
      return failure(text("the passphrase is wrong."), retry, showLog);
  }
}

function channelMessage(error: ChannelError, name: string): UserMessage {
  switch (error.reason) {
    case "refused":
      return failure(sessionRefusal(error, name), retry, showLog);
    case "request-failed":
      return failure(
        `${name} opened a session and then refused what was asked of it. ${sentence(error.message)}`,
        retry,
        showLog,
      );
    case "request-too-large":
      return failure(
        `A command or an environment variable for ${name} is larger than the ${wholeKibibytes(error.limit)} KiB that the server accepts in one request, so it was not sent. Run it as a script, which is sent as input, or copy the data to the host as a file.`,
        showLog,
      );
    case "timed-out":
      return failure(
        `${name} did not open a session in time. The server may be overloaded; a further try can work.`,
        retry,
        showLog,
      );
    case "connection-ended":
      return failure(
        `The connection to ${name} ended while a session was being opened. Try again.`,
        retry,
        showLog,
      );
  }
}

function sessionRefusal({ code, description }: ChannelError, name: string): string {
  const said = saying(description);
  switch (code) {
    case openFailureCode.administrativelyProhibited:
      return `${name} does not allow a session on this connection.${said} The server's owner decides what your account may do.`;
    case openFailureCode.unknownChannelType:
      return `${name} offers no sessions.${said} It may be there for forwarding or for subsystems only.`;
    default:
      return `${name} refused to open a session on this connection.${said} If others are open there, end one: MaxSessions on the server limits them.`;
  }
}

function remoteViewMessage(error: RemoteViewError, name: string): UserMessage {
  switch (error.reason) {
    case "no-shell":
      return failure(
        `${name} did not run a POSIX shell, so that nothing can be read there. ${sentence(error.message)}`,
        showLog,
      );
    case "incomplete":
      return failure(`What was read from ${name} broke off. Try again.`, retry, showLog);
    case "too-much":
      return failure(`${name} answered with more than can be shown.`, showLog);
    case "not-connected":
      return failure(`There is no connection to ${name} any more. Connect first.`, showLog);
  }
}

function wholeKibibytes(bytes = 0): number {
  return Math.floor((bytes + 64) / 1024);
}
