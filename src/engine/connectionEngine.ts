import type { Duplex } from "node:stream";
import type { Authenticator } from "../auth/authPorts.ts";
import type { LoginAsker } from "../auth/loginAskerPorts.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Event } from "../base/emitter.ts";
import type { Logger } from "../base/log.ts";
import type { UsePolicy } from "../config/connectionPolicy.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { MasterEndReason } from "../master/masterTypes.ts";
import type { LimitKind, SessionLimit } from "../session/sessionTypes.ts";
import type { ProgramSnapshot } from "../share/programTypes.ts";
import type { HostKeyVerifier } from "../trust/hostKeyPorts.ts";
import type { ChannelRelay } from "./channels/relay/relayTypes.ts";
import type { ConnectionInfo } from "./connectionInfo.ts";
import type { SshMaster } from "./sshMaster.ts";

/** An implementation of SSH connections. Each has its own folder in `src/engine/`. */
export interface ConnectionEngine {
  /** Short name for display and for snapshots: `ssh2`. Connections of different engines are never shared. */
  readonly name: string;
  /**
   * What connects to a host behind a jump host or a proxy. `given`: the registry, which passes the connected stream
   * to `connect`. `own`: the engine itself.
   */
  readonly transport: "given" | "own";
  /** The keeper may log in with it on behalf of a window. Absent: only this process can. */
  readonly runsInKeeper?: true;
  /**
   * Logs in. The caller owns the connection and must `close` or `destroy` it. Rejects with ConnectError,
   * HostKeyError, AuthError, or with the signal's reason; then nothing stays open.
   */
  connect(request: ConnectRequest, signal: AbortSignal): Promise<EngineConnection>;
}

export type ConnectPhase = "tcp" | "handshake" | "hostKey" | "authentication";

/** What a login waits for. A login waits for the user, and after the key exchange for its server, without a limit. */
export type LoginWait =
  /** A question is open, of whatever kind. */
  | { readonly on: "person" }
  /** The server checks the last request. */
  | { readonly on: "server"; readonly judging: "request" | "key" | "password" | "answers" }
  /** A key makes a signature: its security key may need a touch, its agent a confirmation, its file a passphrase. */
  | { readonly on: "key"; readonly origin: string; readonly touch: boolean };

/** A message of the server, or of the ProxyCommand, for the user who logs in. */
export interface ServerWords {
  readonly source: "banner" | "instruction" | "disconnect" | "proxy";
  /** Printable, with LF between lines, and limited for each connection. */
  readonly text: string;
}

export interface ConnectRequest {
  readonly config: HostConfig;
  /**
   * An already connected transport (a jump host's channel, a ProxyCommand), which the engine then owns. Undefined:
   * the engine opens a TCP socket.
   */
  readonly transport?: Duplex;
  readonly tcpKeepAlive: boolean;
  readonly verifier: HostKeyVerifier;
  readonly authenticator: Authenticator;
  /** Answers for an engine whose program logs in on its own. Absent: prompts are not allowed. */
  readonly asker?: LoginAsker;
  readonly logger: Logger;
  /** Seconds that an unused connection stays open; undefined: unknown. */
  readonly linger?: number;
  /**
   * Milliseconds: after the key exchange, a login ends with ConnectError `timed-out` when it waits for the server and
   * no data has come for this long. Undefined: no limit.
   */
  readonly silenceLimit?: number;
  onPhase?(phase: ConnectPhase): void;
  /** Undefined: the login waits for nothing. */
  onWait?(wait: LoginWait | undefined): void;
  onServerWords?(words: ServerWords): void;
}

/** Another window of this extension. */
export interface WindowName {
  readonly pid: number;
  /** Untrusted. */
  readonly name: string;
  /** It is the keeper. */
  readonly isKeeper?: boolean;
}

/** A master that the user's own `ssh` made. */
export interface RiddenMaster {
  /** As the master reports it. */
  readonly pid: number;
  /** Of its control socket. */
  readonly path: string;
}

/** A socket of another process, at which programs may use a connection. */
export interface LastingSocket {
  readonly path: string;
  /** The line of known_hosts for a gateway. Undefined: it is the control socket of a master of `ssh`. */
  readonly knownHosts: string | undefined;
}

/** The programs on a connection that outlives this window, as the process that holds it reports them. */
export interface LastingPrograms {
  /** Their `masterId` means nothing in this window. */
  programs(): readonly ProgramSnapshot[];
  readonly onDidChange: Event<void>;
  end(id: string): void;
}

/** Features that not every engine has, so that callers need not know the engine. */
export interface EngineCapabilities {
  readonly rekey: boolean;
}

export type ConnectionEndReason =
  /** We closed or destroyed it. */
  | "closed"
  /** The server sent SSH_MSG_DISCONNECT or closed the socket in order. */
  | "disconnected"
  /** Reset, unreachable, broken pipe. */
  | "lost"
  /** Invalid data (RFC 4253 section 11.1 codes, MAC errors). */
  | "protocol";

export interface ConnectionEnd {
  readonly reason: ConnectionEndReason;
  readonly error?: Error;
  /** The server's message when it ended the connection (SSH_MSG_DISCONNECT). Untrusted. */
  readonly said?: string;
}

export interface EngineConnection {
  readonly info: ConnectionInfo;
  readonly capabilities: EngineCapabilities;
  /** Monotonic milliseconds (performance.now) of the last bytes from the peer. Any data proves that it is alive. */
  readonly lastReceived: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Fires once, also after `close` and `destroy`, and after all channels have ended. */
  readonly onDidClose: Event<ConnectionEnd>;
  /** Undefined while open. */
  readonly ended: ConnectionEnd | undefined;

  /**
   * Opens a session channel (RFC 4254 section 6.1), sends env, pty-req and the shell/exec/subsystem request. Rejects
   * with ChannelError (`refused` with the server's code when it has no room: MaxSessions), or the signal's reason. A
   * refused pty is not a failure: see EngineChannel.ptyRefused.
   */
  openSession(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel>;
  /**
   * RFC 4254 section 7.2. The caller owns the stream.
   * @param originator the origin of the connection, as the server's log shows it
   */
  openDirectTcpip(target: Endpoint, originator: Endpoint, signal: AbortSignal): Promise<Duplex>;
  /**
   * Opens a connection from the server to `target`, as a channel (RFC 4254 section 7.2; OpenSSH's PROTOCOL, section
   * 2.4). It starts paused, like that of `openSession`. Rejects with ChannelError or the signal's reason.
   */
  openForward(target: ForwardAddress, originator: Endpoint, signal: AbortSignal): Promise<EngineChannel>;
  /**
   * Asks the server to listen (RFC 4254 section 7.1). Rejects with ForwardError `refused-by-server`, ChannelError
   * `connection-ended`, or the signal's reason; then the server does not listen.
   */
  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener>;
  /**
   * `keepalive@openssh.com`, want-reply: resolves with the round trip in milliseconds; any reply counts. Rejects with
   * the signal's reason, or ChannelError `connection-ended`.
   */
  ping(signal: AbortSignal): Promise<number>;
  /**
   * Opens a session channel with a window of 0 and closes it at once. Resolves with the round trip in milliseconds; a
   * refusal counts as a reply, too. Every server must reply (RFC 4254 section 5.1), even one that ignores `ping`.
   */
  probeChannel(signal: AbortSignal): Promise<number>;
  /** How long a message sent now may wait behind our own data. Milliseconds. */
  readonly sendDelay: number;
  /** Applies SO_KEEPALIVE to the live socket. */
  setTcpKeepAlive(on: boolean): void;
  /** Passes other programs' channels through. Undefined: the engine can't. */
  readonly relay?: ChannelRelay;
  /** By which plain `ssh` uses it, and which outlives this window. Undefined: there is none. */
  readonly lastingSocket?: () => Promise<LastingSocket | undefined>;
  /** Those that use it by `lastingSocket`, from its first call on. Undefined: its holder does not report them. */
  readonly lastingPrograms?: LastingPrograms;
  /** Its master is an `ssh` of ours. Undefined: it is not. */
  readonly sshMaster?: SshMaster;
  /** The other window of this extension that made the connection. Undefined: this one did. */
  readonly heldBy?: WindowName;
  /** The master of the user's own `ssh` whose connection this is. Undefined: ours. */
  readonly rides?: RiddenMaster;
  /** Says how we want the connection kept, and whether we use it now, where another window holds it. */
  noteUse?(inUse: boolean, policy: UsePolicy): void;
  /** How the other windows on the connection want it kept, where another window holds it. */
  readonly othersUses?: readonly UsePolicy[];
  readonly onDidChangeOthers?: Event<void>;
  /** Starts a new key exchange (RFC 4253 section 9) where `capabilities.rekey`. */
  rekey(): void;
  /** Ends in order: SSH_MSG_DISCONNECT, FIN. Idempotent. */
  close(): void;
  /** Like `close`, but other programs on it go on. Absent: `close` is the same, or knows of them. */
  leave?(): void;
  /** Ends now: the socket is destroyed. Idempotent. */
  destroy(): void;
}

/** One end of a TCP connection. */
export interface Endpoint {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
}

/**
 * What a forward connects to, or where the server listens. On the server: `host` "" is every address, port 0 any free
 * one.
 */
export type ForwardAddress =
  | ({ readonly type: "tcp" } & Endpoint)
  | { readonly type: "unix"; readonly path: string };

/**
 * Handles a connection that came in at the server's listener. Resolves to the user of the channel, which receives it
 * in the turn in which it opened; undefined refuses it.
 * @param originator `address:port` from the server, untrusted; undefined for a unix socket.
 */
export type ForwardedHandler = (
  originator: string | undefined,
) => Promise<((channel: EngineChannel) => void) | undefined>;

/** Disposing cancels it (RFC 4254 section 7.1); accepted connections stay. */
export interface RemoteListener extends Disposable {
  /** The port at which the server listens. Undefined for a unix socket. */
  readonly port?: number;
}

export interface Dimensions {
  readonly columns: number;
  readonly rows: number;
}

export interface PtySpec extends Dimensions {
  /** TERM */
  readonly term: string;
}

export type SessionRequest =
  | { readonly type: "shell" }
  | { readonly type: "exec"; readonly command: string }
  | { readonly type: "subsystem"; readonly name: string };

export interface SessionSpec {
  readonly request: SessionRequest;
  readonly pty?: PtySpec;
  readonly env: Readonly<Record<string, string>>;
  /** Request agent forwarding, and accept the server's agent channels while this session is open. */
  readonly forwardAgent?: boolean;
  /** The session outlives its window where the keeper holds the connection; elsewhere this has no effect. */
  readonly keep?: KeepSpec;
}

/** A session that the keeper holds. If it already does, it is attached, and nothing is opened. */
export interface KeepSpec {
  /** Unique among the sessions of this user on this machine. */
  readonly id: string;
  /** As typed. */
  readonly host: string;
  readonly title: string;
  readonly limits: readonly SessionLimit[];
  /** Milliseconds since its time limit began to count. */
  readonly limitedFor: number;
}

/** Of a session that the keeper holds, when this window was attached to it. */
export interface KeptSession {
  /** Milliseconds since its time limit began to count, and since its last data. */
  readonly limitedFor: number;
  readonly idleFor: number;
  /** Its limits were restarted. */
  extend(): void;
  /** Detaches this window. The session stays. */
  leave(): void;
}

/** A limit that ended a session while no window was attached to it. */
export interface KeptLimit {
  readonly limit: LimitKind;
  readonly seconds: number;
}

/** RFC 4254 section 6.10. `signal` without `SIG`. Both undefined: the server reported neither. */
export interface ChannelExit {
  readonly code?: number;
  readonly signal?: string;
  readonly coreDumped?: boolean;
  readonly message?: string;
}

export type OutputKind = "stdout" | "stderr";

/** The properties of a channel (RFC 4254 section 5), for "Show Session Details". Sizes in bytes. */
export interface ChannelDetails {
  readonly localId?: number;
  readonly remoteId?: number;
  readonly type: string;
  /** The rest of the window, and its size (of the remote window: the most that was ever granted). */
  readonly localWindow?: number;
  readonly localWindowSize?: number;
  readonly remoteWindow?: number;
  readonly remoteWindowSize?: number;
  readonly maxPacketIn?: number;
  readonly maxPacketOut?: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly eofSent: boolean;
  readonly eofReceived: boolean;
  readonly closeSent: boolean;
  readonly closeReceived: boolean;
  readonly requests: readonly {
    readonly name: string;
    readonly detail: string;
    readonly outcome: "accepted" | "refused" | "no reply asked" | "pending";
    /** When it was sent, wall-clock milliseconds. */
    readonly at?: number;
  }[];
  /** The other steps of its life, in order. */
  readonly moments?: readonly ChannelMoment[];
}

/** A step in the life of a channel (RFC 4254 sections 5.1 and 5.3). `at`: wall-clock milliseconds. */
export interface ChannelMoment {
  readonly kind:
    | "opened"
    | "eof-sent"
    | "eof-received"
    | "close-sent"
    | "close-received"
    | "connection-lost"
    | "exit-received";
  readonly at: number;
}

export interface EngineChannel {
  /** A pty was requested and the server refused it: the program runs without one. */
  readonly ptyRefused: boolean;
  /** The keeper holds it. */
  readonly kept?: KeptSession;
  /**
   * Output, in order. The receiver owns the chunks. Listen in the same turn in which `openSession` resolved: the
   * channel starts paused and flows after the first `resume()`.
   */
  readonly onDidReceive: Event<{ readonly kind: OutputKind; readonly data: Uint8Array }>;
  /** Nothing else refers to the memory of the chunks: their receiver may free it (releaseMemory). */
  readonly ownsChunks?: boolean;
  /** The server will send no more (EOF received); fires at most once, after the last data. */
  readonly onDidReceiveEof: Event<void>;
  /**
   * Fires once, after all data has been delivered (or the connection ended). `lost` when the connection ended first.
   */
  readonly onDidClose: Event<{
    readonly exit: ChannelExit;
    readonly lost: boolean;
    /** Of a session that the keeper holds: how the keeper's connection was lost, which may be long ago. */
    readonly lostBy?: MasterEndReason | undefined;
    /** Of a session that the keeper holds: it goes on in another window. */
    readonly moved?: boolean | undefined;
    readonly limit?: KeptLimit | undefined;
  }>;
  /** The data queued for the server has been sent: write again. Also fires when `eof` has been sent. */
  readonly onDidDrain: Event<void>;

  /** Stops reading: the peer's window runs out. Data in flight is bounded by the window. */
  pause(): void;
  resume(): void;
  /** The number of queued bytes that the peer's window has no room for yet. */
  readonly queuedBytes: number;
  /**
   * Sends; returns false when the queue is above its mark (wait for onDidDrain). After the end the data is dropped
   * and it returns false.
   */
  write(data: Uint8Array): boolean;
  /** Sends SSH_MSG_CHANNEL_EOF after the queued data. */
  eof(): void;
  /** window-change, RFC 4254 section 6.7. */
  resize(dimensions: Dimensions): void;
  /** RFC 4254 section 6.9; name without `SIG`. */
  signal(name: string): void;
  /** RFC 4335. @returns false where it can't be sent. */
  sendBreak(milliseconds: number): boolean;
  /** Sends SSH_MSG_CHANNEL_CLOSE now; queued data is dropped. */
  close(): void;
  details(): ChannelDetails;
}
