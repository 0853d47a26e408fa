/**
 * What a person is told when something fails: what happened, to which host, what to do. The only place where such
 * sentences are made. No vscode, so that each can be tested.
 */
import { AuthError, KeyFileError } from "../auth/authErrors.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { printable } from "../base/log.ts";
import { ConfigError } from "../config/configErrors.ts";
import { ChannelError, ConnectError } from "../engine/engineErrors.ts";
import { RemoteViewError } from "../remote/remoteErrors.ts";
import { HostKeyError } from "../trust/hostKeyErrors.ts";
import { plainMessage } from "./plainMessage.ts";
import { shortPath } from "./valueSourceText.ts";

/** A button below a message. */
export type UserAction =
  | { readonly kind: "openFile"; readonly title: string; readonly file: string; readonly line?: number }
  | { readonly kind: "retry"; readonly title: string }
  | { readonly kind: "manageTrust"; readonly title: string }
  | { readonly kind: "showLog"; readonly title: string };

export interface UserMessage {
  readonly severity: "error" | "warning";
  readonly text: string;
  /** Best first. */
  readonly actions: readonly UserAction[];
}

const retry: UserAction = { kind: "retry", title: "Retry" };
const showLog: UserAction = { kind: "showLog", title: "Show Log" };

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
    return connectMessage(error, name, host, home);
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
    text: `Something unexpected went wrong with ${name}: ${printable(asError(error).message)}`,
    actions: [showLog],
  };
}

function failure(text: string, ...actions: readonly UserAction[]): UserMessage {
  return { severity: "error", text, actions };
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
  const said = printable(error.message);
  switch (error.reason) {
    case "invalid-host":
      return failure(`${name} is not a host name that can be used. Type an alias, or user@host:port.`);
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

function connectMessage(error: ConnectError, name: string, host: string, home: string): UserMessage {
  const said = printable(error.message);
  switch (error.reason) {
    case "name-not-found":
      return failure(
        `Can't connect to ${name}: no such host name is known. Check HostName, your network and VPN.`,
        retry,
        showLog,
      );
    case "refused":
      return failure(
        `Can't connect to ${name}: the connection was refused. Is the SSH server running, and on that port?`,
        retry,
        showLog,
      );
    case "unreachable":
      return failure(
        `Can't connect to ${name}: the network does not lead there. Check your network and VPN.`,
        retry,
        showLog,
      );
    case "timed-out":
      return failure(
        `Can't connect to ${name}: no answer in time. Check your network, VPN and firewalls; ConnectTimeout in ssh_config gives it longer.`,
        retry,
        showLog,
      );
    case "reset":
      return failure(
        `Can't connect to ${name}: the connection was reset. The server, or a firewall, may refuse your address.`,
        retry,
        showLog,
      );
    case "closed-during-handshake":
      return failure(
        `Can't connect to ${name}: the server hung up before the login. It may be overloaded (MaxStartups) or block your address.`,
        retry,
        showLog,
      );
    case "no-common-algorithm":
      return failure(
        `Can't connect to ${name}: the server and SSH Sessions share no algorithm. ${said} Ciphers, KexAlgorithms, MACs or HostKeyAlgorithms in ssh_config can allow more.`,
        showLog,
      );
    case "not-ssh":
      return failure(
        `Can't connect to ${name}: what answers there is not an SSH server. Check the port.`,
        retry,
        showLog,
      );
    case "protocol":
      return failure(`Can't connect to ${name}: the server's answer made no sense. ${said}`, retry, showLog);
    case "proxy-failed":
      return failure(
        `Can't connect to ${name}: its ProxyCommand failed. ${said} Try the command in a terminal.`,
        retry,
        showLog,
      );
    case "jump-failed": {
      // The jump host's own failure says what to do; it is told with the host that it is about.
      const inner = error.cause === undefined ? undefined : userMessage(error.cause, host, home);
      return failure(
        `Can't connect to ${name} through its jump host. ${inner?.text ?? said}`,
        ...(inner?.actions ?? [retry, showLog]),
      );
    }
    case "unsupported":
      return failure(
        `Can't connect to ${name}: it needs something that SSH Sessions does not support yet. ${said}`,
        showLog,
      );
    case "local":
      return failure(
        `Can't connect to ${name}: this machine could not open a connection. ${said}`,
        retry,
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
            title: "Open known_hosts",
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
  switch (error.reason) {
    case "refused":
      return failure(
        `The login to ${name} was refused.${tried}${problems}${left} Check the user name and the key.`,
        retry,
        showLog,
      );
    case "too-many-failures":
      return failure(
        `The login to ${name} failed too often, so it was given up.${tried}${problems} If your agent holds many keys, IdentitiesOnly with IdentityFile offers the right one.`,
        retry,
        showLog,
      );
    case "password-expired":
      return failure(
        `The password for ${name} has expired. Change it there (ssh in a local terminal asks for a new one), then try again.`,
        retry,
        showLog,
      );
    case "nothing-to-try":
      return failure(
        `No way to log in to ${name}: there is no key or password to offer.${problems}${left} Add a key to the agent, or set IdentityFile.`,
        retry,
        showLog,
      );
  }
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
      return failure(text("keys of its kind are not supported. An agent that holds it will do."), showLog);
    case "malformed":
      return failure(text("it is damaged, or not a private key."), showLog);
    case "wrong-passphrase":
      return failure(text("the passphrase is wrong."), retry, showLog);
  }
}

function channelMessage(error: ChannelError, name: string): UserMessage {
  switch (error.reason) {
    case "refused":
      return failure(
        `${name} takes no further session on this connection${error.code === undefined ? "" : ` (code ${error.code})`}. End one, or raise MaxSessions on the server.`,
        retry,
        showLog,
      );
    case "request-failed":
      return failure(
        `${name} opened a session and then refused what was asked of it. ${printable(error.message)}`,
        retry,
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

function remoteViewMessage(error: RemoteViewError, name: string): UserMessage {
  switch (error.reason) {
    case "no-shell":
      return failure(
        `${name} did not run a POSIX shell, so that nothing can be read there. ${printable(error.message)}`,
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
