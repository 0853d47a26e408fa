/** What a person is told when no connection comes about: to which host, and what can help. No vscode. */
import { printable } from "../base/log.ts";
import { openFailureCode } from "../engine/channels/messages.ts";
import { ChannelError, type ConnectError } from "../engine/engineErrors.ts";
import { failure, retry, saying, sentence, showLog, type UserMessage } from "./messageParts.ts";

/**
 * @param name the host that a person asked for, quoted.
 * @param tell what is said about the failure of another host.
 */
export function connectMessage(
  error: ConnectError,
  name: string,
  tell: (cause: unknown, host: string) => UserMessage | undefined,
): UserMessage {
  const said = sentence(error.message);
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
        `Can't connect to ${name}: the server hung up before the login.${saying(error.serverText)} It may be overloaded (MaxStartups) or block your address.`,
        retry,
        showLog,
      );
    case "no-common-algorithm":
      return failure(
        `Can't connect to ${name}: the server and SSH Sessions share no algorithm. ${mismatchAdvice(error)}`,
        showLog,
      );
    case "not-ssh":
      return failure(
        `Can't connect to ${name}: what answers there is not an SSH server. ${said} Check the port.`,
        retry,
        showLog,
      );
    case "refused-before-version":
      return failure(
        `Can't connect to ${name}: it closed the connection before the login and said: "${printable((error.serverText ?? "").trim(), 200)}". It may be busy (MaxStartups), not accept your address, or not be an SSH server.`,
        retry,
        showLog,
      );
    case "protocol-version":
      return failure(
        `Can't connect to ${name}: it only knows SSH 1, which is broken and which nothing supports any more.`,
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
    case "jump-failed":
      return jumpMessage(error, name, tell);
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

/** What failed is the jump host, or what lies between it and the host behind it: never the host that a person asked for. */
function jumpMessage(
  { jump, cause, message }: ConnectError,
  name: string,
  tell: (cause: unknown, host: string) => UserMessage | undefined,
): UserMessage {
  const start = `Can't connect to ${name}`;
  if (jump === undefined) {
    return failure(`${start} through its jump host. ${sentence(message)}`, retry, showLog);
  }
  const hop = `"${printable(jump.host)}"`;
  const target = printable(jump.target);
  if (jump.step === "connection" || !ChannelError.is(cause)) {
    // The jump host's own failure says what to do; it is told with the host that it is about.
    const inner = cause === undefined ? undefined : tell(cause, jump.host);
    return failure(
      `${start} through its jump host ${hop}. ${inner?.text ?? "The connection to the jump host was lost."}`,
      ...(inner?.actions ?? [retry, showLog]),
    );
  }
  switch (cause.reason) {
    case "refused":
      return failure(`${start}: ${tunnelRefusal(cause, hop, target)}`, retry, showLog);
    case "timed-out":
      return failure(
        `${start}: its jump host ${hop} did not reach ${target} in time. Check HostName and Port, and the network behind ${hop}.`,
        retry,
        showLog,
      );
    case "request-failed":
    case "request-too-large":
    case "connection-ended":
      return failure(
        `${start}: the connection to its jump host ${hop} ended while it was to reach ${target}. Try again.`,
        retry,
        showLog,
      );
  }
}

function tunnelRefusal({ code, description }: ChannelError, hop: string, target: string): string {
  const said = saying(description);
  switch (code) {
    case openFailureCode.administrativelyProhibited:
      return `its jump host ${hop} does not allow a connection to ${target}.${said} AllowTcpForwarding, PermitOpen and the options of your key on ${hop} decide that.`;
    case openFailureCode.unknownChannelType:
      return `its jump host ${hop} forwards no connections, so it can't be a jump host.${said} Choose another one in ProxyJump.`;
    case openFailureCode.resourceShortage:
      return `its jump host ${hop} has no room for a connection to ${target}.${said} End others, or try again later.`;
    default:
      return `its jump host ${hop} did not reach ${target}.${said} Check HostName and Port as seen from ${hop}, and that an SSH server runs there.`;
  }
}

/** Only what can be allowed is proposed: nothing in ssh_config brings an algorithm that is not supported here. */
function mismatchAdvice({ mismatch, message }: ConnectError): string {
  if (mismatch === undefined) {
    return sentence(message);
  }
  const { keyword, offered, allowable } = mismatch;
  const [first] = allowable;
  const has = `The server has ${printable(offered.join(", "), 300) || "none"} (${keyword}).`;
  return first === undefined
    ? `${has} None of these is supported here, and no setting changes that: the server has to offer another one.`
    : `${has} To allow what is old and weak for this host alone, put "${keyword} +${printable(first, 100)}" into its block of ssh_config.`;
}
