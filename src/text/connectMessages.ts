/** Messages for a failed connection: which host failed, and what can help. No vscode. */

import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { openFailureCode } from "../engine/channels/messages.ts";
import { ChannelError, type ConnectError } from "../engine/engineErrors.ts";
import { engineReasonTexts } from "./engineReasonTexts.ts";
import {
  failure,
  retry,
  saying,
  sentence,
  showLog,
  type UserAction,
  type UserMessage,
} from "./messageParts.ts";
import { noneText } from "./stateWords.ts";

/**
 * @param host the requested one
 * @param asked the same, quoted
 * @param messageFor makes the message for a failure of another host
 */
export function connectMessage(
  error: ConnectError,
  host: string,
  asked: string,
  messageFor: (cause: unknown, host: string) => UserMessage | undefined,
): UserMessage {
  const name = withAddress(asked, error);
  const said = sentence(error.message);
  switch (error.reason) {
    case "name-not-found":
      return failure(
        t(
          "Can't connect to {0}: the host name could not be resolved. Check HostName, your network and VPN.",
          name,
        ),
        retry(),
        showLog(),
      );
    case "refused":
      return failure(
        t(
          "Can't connect to {0}: the connection was refused. Check that the SSH server is running, and the port.",
          name,
        ),
        retry(),
        showLog(),
      );
    case "unreachable":
      return failure(
        t("Can't connect to {0}: the host is unreachable (no route). Check your network and VPN.", name),
        retry(),
        showLog(),
      );
    case "timed-out":
      return failure(
        t(
          "Can't connect to {0}: the server did not respond in time. Check your network, VPN and firewalls, or increase ConnectTimeout in ssh_config.",
          name,
        ),
        retry(),
        showLog(),
      );
    case "reset":
      return failure(
        t(
          "Can't connect to {0}: the connection was reset. The server or a firewall may block your address.",
          name,
        ),
        retry(),
        showLog(),
      );
    case "closed-during-handshake":
      return failure(
        t(
          "Can't connect to {0}: the server closed the connection before the login.{1} It may be overloaded (MaxStartups) or block your address.",
          name,
          saying(error.serverText),
        ),
        retry(),
        showLog(),
      );
    case "closed-while-asking":
      return failure(
        t(
          "Can't connect to {0}: the server ended the login while it waited for your answer.{1} It waits only for a time (LoginGraceTime). Try again.",
          name,
          saying(error.serverText),
        ),
        retry(),
        showLog(),
      );
    case "no-common-algorithm":
      return failure(
        t(
          "Can't connect to {0}: the server and SSH Sessions have no algorithm in common. {1}",
          name,
          mismatchAdvice(error),
        ),
        ...(isForOpenSsh(error) ? openSshQuestion(host) : []),
        showLog(),
      );
    case "not-ssh":
      return failure(
        t("Can't connect to {0}: the server is not an SSH server. {1} Check the port.", name, said),
        retry(),
        showLog(),
      );
    case "refused-before-version":
      return failure(
        t(
          `Can't connect to {0}: the server closed the connection before the login and said: "{1}". It may be busy (MaxStartups), block your address, or not be an SSH server.`,
          name,
          printable((error.serverText ?? "").trim(), 200),
        ),
        retry(),
        showLog(),
      );
    case "protocol-version":
      return failure(
        t(
          "Can't connect to {0}: the server supports only SSH 1, which is insecure and no longer supported.",
          name,
        ),
        showLog(),
      );
    case "protocol":
      return failure(
        t("Can't connect to {0}: the server sent an invalid response. {1}", name, said),
        retry(),
        showLog(),
      );
    case "proxy-failed":
      return failure(
        t(
          "Can't connect to {0}: its ProxyCommand failed. {1}{2} Try the command in a terminal.",
          name,
          said,
          saying(error.serverText),
        ),
        retry(),
        showLog(),
      );
    case "jump-failed":
      return jumpMessage(error, name, messageFor);
    case "unsupported":
      return failure(
        t("Can't connect to {0}: it requires something that SSH Sessions does not support. {1}", name, said),
        showLog(),
      );
    case "local":
      return failure(
        t("Can't connect to {0}: this machine could not open a connection. {1}", name, said),
        retry(),
        showLog(),
      );
    default:
      return failure(engineReasonTexts[error.reason].message(name, said), retry(), showLog());
  }
}

/** `"web1" (192.0.2.1:2222)`: the address to check, if the name does not show it. */
function withAddress(asked: string, { reason, dialed }: ConnectError): string {
  if (dialed === undefined) {
    return asked;
  }
  const { hostName, port } = dialed;
  const named = reason === "name-not-found" || port === 22;
  const address = named ? hostName : `${hostName.includes(":") ? `[${hostName}]` : hostName}:${port}`;
  const isSaid = asked === `"${address}"` || asked.endsWith(`@${address}"`);
  return isSaid ? asked : `${asked} (${printable(address)})`;
}

/** The jump host failed, or the network between it and the next host: not the host that the user requested. */
function jumpMessage(
  { jump, cause, message }: ConnectError,
  name: string,
  messageFor: (cause: unknown, host: string) => UserMessage | undefined,
): UserMessage {
  const start = t("Can't connect to {0}", name);
  if (jump === undefined) {
    return failure(t("{0} through its jump host. {1}", start, sentence(message)), retry(), showLog());
  }
  const hop = `"${printable(jump.host)}"`;
  const target = printable(jump.target);
  if (jump.step === "connection" || !ChannelError.is(cause)) {
    // The jump host's own failure has the advice; it is shown with the host that it is about.
    const inner = cause === undefined ? undefined : messageFor(cause, jump.host);
    return failure(
      t(
        "{0} through its jump host {1}. {2}",
        start,
        hop,
        inner?.text ?? t("The connection to the jump host was lost."),
      ),
      ...(inner?.actions ?? [retry(), showLog()]),
    );
  }
  switch (cause.reason) {
    case "refused":
      return failure(`${start}: ${tunnelRefusal(cause, hop, target)}`, retry(), showLog());
    case "timed-out":
      return failure(
        t(
          "{0}: its jump host {1} did not reach {2} in time. Check HostName and Port, and the network behind {3}.",
          start,
          hop,
          target,
          hop,
        ),
        retry(),
        showLog(),
      );
    case "request-failed":
    case "request-too-large":
    case "request-has-nul":
    case "connection-ended":
      return failure(
        t(
          "{0}: the connection to its jump host {1} ended while connecting to {2}. Try again.",
          start,
          hop,
          target,
        ),
        retry(),
        showLog(),
      );
  }
}

function tunnelRefusal({ code, description }: ChannelError, hop: string, target: string): string {
  const said = saying(description);
  switch (code) {
    case openFailureCode.administrativelyProhibited:
      return t(
        "its jump host {0} does not allow a connection to {1}.{2} Check AllowTcpForwarding, PermitOpen and the options of your key on {3}.",
        hop,
        target,
        said,
        hop,
      );
    case openFailureCode.unknownChannelType:
      return t(
        "its jump host {0} forwards no connections, so it can't be a jump host.{1} Choose another one in ProxyJump.",
        hop,
        said,
      );
    case openFailureCode.resourceShortage:
      return t(
        "its jump host {0} has no resources for a connection to {1}.{2} End other connections, or try again later.",
        hop,
        target,
        said,
      );
    default:
      return t(
        "its jump host {0} could not reach {1}.{2} Check HostName and Port as seen from {3}, and that an SSH server runs there.",
        hop,
        target,
        said,
        hop,
      );
  }
}

/** Suggests only algorithms that can be enabled: ssh_config can't add an unsupported one. */
function mismatchAdvice({ mismatch, message }: ConnectError): string {
  if (mismatch === undefined) {
    return sentence(message);
  }
  const { keyword, offered, allowable, isFinal } = mismatch;
  const [first] = allowable;
  const has = t("The server has {0} ({1}).", printable(offered.join(", "), 300) || noneText(), keyword);
  if (first === undefined) {
    return isFinal === true
      ? t(
          "{0} None of these is supported, and no setting can change that: the server has to offer another one.",
          has,
        )
      : t(
          "{0} SSH Sessions itself supports none of these, but the ssh of this machine may: set {1} to openssh for this host.",
          has,
          "sshSessions.engine",
        );
  }
  return t(
    `{0} To allow this weak algorithm for this host only, add "{1} +{2}" to its block in ssh_config.`,
    has,
    keyword,
    printable(first, 100),
  );
}

function openSshQuestion(host: string): UserAction[] {
  const question = t("Use the ssh of this machine for {0} from now on?", `"${printable(host)}"`);
  return [
    { kind: "useOpenSsh", title: t("Use OpenSSH"), host, question },
    { kind: "avoidOpenSsh", title: t("Don't Use OpenSSH"), host },
  ];
}

/** The engine ssh2 has no algorithm in common with the server, and no value of ssh_config would give it one. */
function isForOpenSsh({ mismatch }: ConnectError): boolean {
  return mismatch !== undefined && mismatch.isFinal !== true && mismatch.allowable.length === 0;
}
