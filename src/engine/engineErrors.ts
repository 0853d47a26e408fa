import { SshSessionsError } from "../base/errors.ts";
import type { EngineReason } from "./engineReasons.ts";

export type ConnectErrorReason =
  | "name-not-found"
  | "refused"
  | "unreachable"
  | "timed-out"
  | "reset"
  | "closed-during-handshake"
  /** The server waited for the answer of the user, and ended the login before it came: LoginGraceTime. */
  | "closed-while-asking"
  | "no-common-algorithm"
  | "not-ssh"
  /**
   * The peer sent text and closed the connection before its version line: MaxStartups, tcpwrappers,
   * PerSourcePenalties.
   */
  | "refused-before-version"
  /** SSH 1. */
  | "protocol-version"
  | "protocol"
  | "proxy-failed"
  | "jump-failed"
  | "unsupported"
  | "local"
  | EngineReason;

/** A kind of algorithm for which both sides have none in common. */
export interface AlgorithmMismatch {
  /** The keyword of ssh_config that lists this kind. */
  readonly keyword: "KexAlgorithms" | "HostKeyAlgorithms" | "Ciphers" | "MACs" | "Compression";
  /** The server's list; untrusted. */
  readonly offered: readonly string[];
  /** Those of them that the keyword can enable, because they are supported but not offered. */
  readonly allowable: readonly string[];
  /** No other engine supports more: OpenSSH's own `ssh` has reported it, or no other engine is available here. */
  readonly isFinal?: boolean;
}

/** The jump host that failed, and the step at which it failed. */
export interface JumpFailure {
  /** The jump host as the user names it: an alias, or `user@host:port`. */
  readonly host: string;
  /** What it was asked to connect to: `host:port`. */
  readonly target: string;
  /**
   * `connection`: there is no connection to the jump host (`cause` says why). `channel`: it is connected and opened no
   * channel.
   */
  readonly step: "connection" | "channel";
}

export interface DialedAddress {
  readonly hostName: string;
  readonly port: number;
}

/** A connection could not be made. `message` is for the log; remote text in it is printable. */
export class ConnectError extends SshSessionsError<ConnectErrorReason> {
  static override readonly name = "ConnectError";

  /** For `no-common-algorithm`, if the server's offer is known. */
  readonly mismatch: AlgorithmMismatch | undefined;
  /** For `jump-failed`. */
  readonly jump: JumpFailure | undefined;
  /**
   * Where a TCP connection was tried and failed: HostName and Port, which may differ from the user's name for the
   * host.
   */
  readonly dialed: DialedAddress | undefined;
  /**
   * The server's plain text before or instead of its version line (at most 2,048 characters), or the description of
   * its SSH_MSG_DISCONNECT. Untrusted.
   */
  readonly serverText: string | undefined;

  constructor(
    reason: ConnectErrorReason,
    message: string,
    options?: {
      cause?: unknown;
      mismatch?: AlgorithmMismatch;
      jump?: JumpFailure;
      dialed?: DialedAddress;
      serverText?: string;
    },
  ) {
    super(reason, message, options);
    this.mismatch = options?.mismatch;
    this.jump = options?.jump;
    this.dialed = options?.dialed;
    this.serverText = options?.serverText;
  }

  static is(error: unknown): error is ConnectError {
    return error instanceof ConnectError;
  }
}

export type ChannelErrorReason =
  /** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, SSH_OPEN_CONNECT_FAILED, SSH_OPEN_RESOURCE_SHORTAGE: often MaxSessions. */
  | "refused"
  /** The server accepted the channel and refused the shell, command or subsystem. */
  | "request-failed"
  /** A command, environment variable or name is larger than the server accepts; nothing was sent. */
  | "request-too-large"
  /** A command, environment variable or name contains a NUL character, which no server accepts; nothing was sent. */
  | "request-has-nul"
  | "timed-out"
  | "connection-ended";

/** A channel did not open. */
export class ChannelError extends SshSessionsError<ChannelErrorReason> {
  static override readonly name = "ChannelError";

  /** RFC 4254 section 5.1, where the server gave one. */
  readonly code: number | undefined;
  /** The server's description beside the code, untrusted. */
  readonly description: string | undefined;
  /** The shell, command or subsystem was already requested: whether the server ran it is unknown. */
  readonly mayHaveStarted: boolean;
  /** For `request-too-large`: the largest message in bytes. */
  readonly limit: number | undefined;

  constructor(
    reason: ChannelErrorReason,
    message: string,
    options?: {
      cause?: unknown;
      code?: number;
      description?: string;
      mayHaveStarted?: boolean;
      limit?: number;
    },
  ) {
    super(reason, message, options);
    this.code = options?.code;
    this.description = options?.description;
    this.limit = options?.limit;
    this.mayHaveStarted = options?.mayHaveStarted ?? false;
  }

  static is(error: unknown): error is ChannelError {
    return error instanceof ChannelError;
  }
}

export type ForwardErrorReason =
  /** The server refuses to listen: AllowTcpForwarding, PermitListen, GatewayPorts, or the port is in use there. */
  | "refused-by-server"
  /** Another program listens on the local port, or the socket's file exists. */
  | "port-taken"
  /** The system forbids listening there: a port below 1024, another machine's address, a missing folder. */
  | "not-allowed"
  /** The process has reached its limit of open connections and listeners. */
  | "no-descriptors"
  /** The connection was not restored in time. */
  | "not-connected"
  /** The server, or the program that it connects to, did not reply in time. */
  | "timed-out"
  /** A client of a dynamic forward sent no valid SOCKS request, or an unsupported one. */
  | "bad-socks"
  /** PermitRemoteOpen does not list the address that a client on the server requested. */
  | "not-permitted"
  /** The local target of a remote forward does not accept connections. */
  | "target-refused"
  /** Its target is its own listener, perhaps through other forwards. */
  | "loop"
  /** The window has as many forwards as it may. */
  | "too-many";

/** A forward, or a connection through it, could not be made. `message` is for the log. */
export class ForwardError extends SshSessionsError<ForwardErrorReason> {
  static override readonly name = "ForwardError";

  static is(error: unknown): error is ForwardError {
    return error instanceof ForwardError;
  }
}

export function connectionEnded(): ChannelError {
  return new ChannelError("connection-ended", "The connection has ended");
}
