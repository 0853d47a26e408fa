import { SshSessionsError } from "../base/errors.ts";

export type ConnectErrorReason =
  | "name-not-found"
  | "refused"
  | "unreachable"
  | "timed-out"
  | "reset"
  | "closed-during-handshake"
  | "no-common-algorithm"
  | "not-ssh"
  /** The peer said something in clear and closed before its version line: MaxStartups, tcpwrappers, PerSourcePenalties. */
  | "refused-before-version"
  /** SSH 1. */
  | "protocol-version"
  | "protocol"
  | "proxy-failed"
  | "jump-failed"
  | "unsupported"
  | "local";

/** No algorithm of one kind is known to both sides. */
export interface AlgorithmMismatch {
  /** The keyword of ssh_config that lists this kind. */
  readonly keyword: "KexAlgorithms" | "HostKeyAlgorithms" | "Ciphers" | "MACs" | "Compression";
  /** What the server offers; untrusted. */
  readonly offered: readonly string[];
  /** Of those, what the keyword can allow, because it is supported and only not offered by us. */
  readonly allowable: readonly string[];
}

/** The jump host that failed, and what it failed at. */
export interface JumpFailure {
  /** The jump host as a person names it: an alias, or `user@host:port`. */
  readonly host: string;
  /** What it was asked to reach: `host:port`. */
  readonly target: string;
  /** `connection`: there is no connection to the jump host (`cause` says why). `tunnel`: it is connected and opened no channel. */
  readonly step: "connection" | "tunnel";
}

export interface DialedAddress {
  readonly hostName: string;
  readonly port: number;
}

/** No connection came about. `message` is for the log; remote text in it is made printable. */
export class ConnectError extends SshSessionsError<ConnectErrorReason> {
  /** For `no-common-algorithm`, where the server's offer is known. */
  readonly mismatch: AlgorithmMismatch | undefined;
  /** For `jump-failed`. */
  readonly jump: JumpFailure | undefined;
  /** Where a TCP connection was tried and failed: HostName and Port, which a person's name of the host may not tell. */
  readonly dialed: DialedAddress | undefined;
  /**
   * What the server said in clear before, or instead of, its version line (at most 2,048 characters), or as the
   * description of its SSH_MSG_DISCONNECT: untrusted.
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
  /** A command, environment variable or name is larger than the server takes; nothing was sent. */
  | "request-too-large"
  /** A command, environment variable or name holds a NUL character, which no server takes; nothing was sent. */
  | "request-has-nul"
  | "timed-out"
  | "connection-ended";

/** A channel did not open. */
export class ChannelError extends SshSessionsError<ChannelErrorReason> {
  /** RFC 4254 section 5.1, where the server gave one. */
  readonly code: number | undefined;
  /** The server's words beside the code, untrusted. */
  readonly description: string | undefined;
  /** The shell, command or subsystem had been asked for: it is not known whether the server acted on it. */
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
  /** The server does not listen for us: AllowTcpForwarding, PermitListen, GatewayPorts, or the port is taken there. */
  | "refused-by-server"
  /** Another program listens at the port here, or the socket's file exists. */
  | "port-taken"
  /** The system does not let us listen there: a port below 1024, an address that is not ours, no such folder. */
  | "not-allowed"
  /** As many connections and listeners are open as the process may have. */
  | "no-descriptors"
  /** The connection did not come back in time. */
  | "not-connected"
  /** The server, or the program that it is to reach, did not answer in time. */
  | "timed-out"
  /** A client of a dynamic forward asked for something that is no SOCKS request, or none that is served. */
  | "bad-socks"
  /** PermitRemoteOpen does not list what a client on the server asked for. */
  | "not-permitted"
  /** The program that a remote forward is to reach does not answer here. */
  | "target-refused";

/** A forward, or a connection through it, did not come about. `message` is for the log. */
export class ForwardError extends SshSessionsError<ForwardErrorReason> {
  static is(error: unknown): error is ForwardError {
    return error instanceof ForwardError;
  }
}

export function connectionEnded(): ChannelError {
  return new ChannelError("connection-ended", "The connection has ended");
}
