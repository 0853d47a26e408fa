import type { Disposable } from "../base/disposable.ts";
import type { Event } from "../base/emitter.ts";
import type {
  ChannelDetails,
  ChannelExit,
  Dimensions,
  OutputKind,
  SessionRequest,
} from "../engine/connectionEngine.ts";
import type { MasterCore, MasterEndReason } from "../master/masterTypes.ts";

export type SessionKind = "terminal" | "command" | "script" | "subsystem";

/** Which limit ended a session. */
export type LimitKind = "time" | "idle" | "channel-timeout";

/** How a session ended. */
export type SessionOutcome =
  /** The remote program ended by itself. */
  | { readonly kind: "exited"; readonly code: number | undefined }
  | { readonly kind: "signalled"; readonly signal: string; readonly coreDumped: boolean }
  /** We ended it in order. `exit` is what the server said before the close, if anything. */
  | { readonly kind: "disconnected"; readonly exit: ChannelExit }
  | { readonly kind: "killed"; readonly exit: ChannelExit }
  /** The connection went away under it. */
  | { readonly kind: "lost"; readonly reason: MasterEndReason }
  | {
      readonly kind: "limit";
      readonly limit: LimitKind;
      readonly seconds: number;
      readonly exit: ChannelExit;
    }
  /** It never opened. */
  | { readonly kind: "failed"; readonly error: Error };

export type SessionState =
  | { readonly kind: "opening"; readonly since: number }
  | { readonly kind: "open"; readonly since: number }
  /** EOF, close or signal sent; waiting for the server. */
  | { readonly kind: "ending"; readonly since: number; readonly how: "disconnect" | "kill" | "limit" }
  | { readonly kind: "ended"; readonly since: number; readonly outcome: SessionOutcome };

/** A session as plain frozen data. Times are wall-clock milliseconds. */
export interface SessionSnapshot {
  /** Unique for the life of the extension host, e.g. `s12`. */
  readonly id: string;
  /** Undefined until a master is there. */
  readonly masterId: string | undefined;
  /** The argument that `Host` patterns match. Not enough to reach the host again. */
  readonly alias: string;
  /** What was typed, as `alias` or `user@alias:port`: resolved again, it leads to the same destination. */
  readonly spec: string;
  readonly kind: SessionKind;
  readonly title: string;
  readonly state: SessionState;
  readonly since: number;
  readonly lastActivity: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly outcome: SessionOutcome | undefined;
}

export interface MasterSnapshot extends MasterCore {
  readonly sessions: readonly SessionSnapshot[];
}

/** What a session that is lost leaves to the one that goes on in its terminal. */
export interface LostSession {
  /** Monotonic milliseconds from which its time limit counts. Undefined: it never opened. */
  readonly limitedFrom: number | undefined;
}

/** What to open. `env` is added to what SendEnv and SetEnv of the host give. */
export interface OpenSessionRequest {
  /** Alias, or `user@host:port`. */
  readonly host: string;
  readonly kind: SessionKind;
  readonly title?: string;
  readonly request: SessionRequest;
  /** Undefined: no pty. */
  readonly pty?: { readonly term: string; readonly dimensions: Dimensions };
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds; undefined: the host's own limits (settings, ChannelTimeout) decide. 0: none. */
  readonly timeLimitSeconds?: number;
  readonly idleLimitSeconds?: number;
  /** Default true. False: a login that would have to ask fails with AuthError `nothing-to-try` instead (reconnects). */
  readonly allowPrompts?: boolean;
  /**
   * Default true. False: only on a connection that is there; rejects with ChannelError `connection-ended` where there is
   * none that has room.
   */
  readonly mayLogIn?: boolean;
  /** Use exactly this master; rejects with ChannelError `connection-ended` when it is gone. */
  readonly onMaster?: string;
  /**
   * The session that was lost and that this one goes on for, in the same terminal. Its time limit goes on counting, and
   * until the connection is there only the destination's reconnection is seen, not the attempt.
   */
  readonly inPlaceOf?: LostSession;
  /**
   * Default true. False, for what the extension itself looks up on a server: it is in no snapshot, no event and no
   * history, and with `onMaster` it neither keeps the master nor restarts its linger.
   */
  readonly remembered?: boolean;
}

export interface SessionConnection {
  /** Opaque: the same for sessions that share connections. */
  readonly destinationKey: string;
  readonly master: MasterCore;
}

/** One of our channels on a master. Made by SessionManager.open; ends exactly once, and then stays readable. */
export interface Session extends LostSession {
  readonly id: string;
  /** See SessionSnapshot. */
  readonly spec: string;
  readonly state: SessionState;
  readonly onDidChangeState: Event<SessionState>;
  /** See EngineChannel.onDidReceive: begins paused. */
  readonly onDidReceive: Event<{ readonly kind: OutputKind; readonly data: Uint8Array }>;
  readonly onDidDrain: Event<void>;
  /** A limit is near: shown in the terminal. `extend()` re-arms it. */
  readonly onDidWarn: Event<{ readonly limit: LimitKind; readonly secondsLeft: number }>;
  /** Resolves once, with the outcome, after all output was delivered. Never rejects. */
  readonly ended: Promise<SessionOutcome>;
  readonly queuedBytes: number;
  snapshot(): SessionSnapshot;
  /** The connection that it rides or rode on; undefined until there is one. */
  connection(): SessionConnection | undefined;
  details(): ChannelDetails | undefined;
  rename(title: string): void;
  pause(): void;
  resume(): void;
  write(data: Uint8Array): boolean;
  eof(): void;
  resize(dimensions: Dimensions): void;
  signal(name: string): void;
  sendBreak(milliseconds: number): boolean;
  /** EOF, flush, close, wait for the server's close, but no longer than the deadline. Resolves when ended. */
  disconnect(): Promise<void>;
  /** HUP and KILL where the server obeys, then close without waiting. The session has ended when this returns. */
  kill(): void;
  /** Re-arms the limits that have warned, or all. */
  extend(): void;
}

/**
 * How an attempt to reconnect may get its connection: by a login in which questions may be asked, by one that rather fails
 * than ask anything, or by none: only a connection that is there is shared.
 */
export type AttemptLogin = "attended" | "unattended" | "none";

/** A terminal whose session was lost, as what reconnects it sees it. */
export interface ReconnectingTerminal {
  /** It may be reconnected without anybody asking for it. */
  readonly byItself: boolean;
  /** Open the next session now, and answer through the ticket. */
  attempt(login: AttemptLogin): void;
  /** The next attempt begins at `until` (wall-clock milliseconds); undefined: when a person says so. */
  wait(until: number | undefined): void;
  /** Its attempt failed, and others of its destination still try: what comes next depends on them. */
  waitForOthers(): void;
  /** A person stopped it elsewhere. The ticket is void. */
  stop(): void;
}

/** A terminal's place among those that wait. Dispose when its session is open, or when it no longer waits. */
export interface ReconnectTicket extends Disposable {
  /** A person wants the next attempt now; it is made for all terminals of the destination. */
  now(): void;
  /** The attempt did not succeed. */
  failed(error: Error): void;
}

/** What came of a person's wish to reconnect a connection now. */
export type ReconnectNowResult =
  /** It was waited for, and an attempt is under way. */
  | "reconnecting"
  /** There is no reason to: nothing was done. */
  | "answers"
  /** It is gone. Terminals that lost their sessions with it while it was asked reconnect. */
  | "ended"
  /** It did not answer when it was asked once more, and was given up as `unresponsive`: its terminals reconnect. */
  | "no-answer";

/** The door to everything live. Owned by the composition root. */
export interface SessionService extends Disposable {
  /**
   * Masters (live, connecting, and lost ones that still have something to show) with their sessions. Frozen. While
   * terminals wait for a lost one's successor it is `reconnecting`, with the sessions that they lost; the attempts are not
   * shown beside it.
   */
  masters(): readonly MasterSnapshot[];
  /** How the last sessions ended, newest first, until cleared. */
  history(): readonly SessionSnapshot[];
  clearHistory(): void;
  /** Something in `masters()` or `history()` changed. Coalesced by the views, not here. */
  readonly onDidChange: Event<void>;
  /** A session comes near one of its limits. */
  readonly onDidWarn: Event<{
    readonly session: Session;
    readonly limit: LimitKind;
    readonly secondsLeft: number;
  }>;
  /**
   * Opens a session, on the master that is there, or on a new one. Rejects with ConfigError, ConnectError, HostKeyError,
   * AuthError, ChannelError or CancelledError; nothing is left open then.
   */
  open(request: OpenSessionRequest, signal?: AbortSignal): Promise<Session>;
  /** Logs in without a session: the master lingers at once. Resolves to the master's id. */
  connect(host: string, signal?: AbortSignal): Promise<string>;
  session(id: string): Session | undefined;
  /**
   * For a terminal whose session was lost: waits for another connection together with all others of its destination. An
   * attempt may begin before this returns.
   */
  reconnect(lost: Session, terminal: ReconnectingTerminal): ReconnectTicket;
  /**
   * At once, because a person says so. For a `reconnecting` master: its next attempt. One that is suspect or hung is asked
   * once more, and given up if it does not answer.
   */
  reconnectNow(masterId: string): Promise<ReconnectNowResult>;
  /** The terminals of a `reconnecting` master stop waiting. Others are ignored. */
  stopReconnecting(masterId: string): void;
  /** A master (all its sessions in order, then the connection) or a session. Unknown ids are ignored. */
  disconnect(id: string): Promise<void>;
  /** At once: for a master the socket is destroyed. */
  kill(id: string): void;
  disconnectAll(): Promise<void>;
  killAll(): void;
  /** Asks for new keys (RFC 4253 section 9). @returns false where the engine can't, or the master is gone. */
  rekey(masterId: string): boolean;
  /** Probes this master (or all) at once. */
  probe(masterId?: string): void;
  /** The machine woke up, or its addresses changed: all masters are probed, and what waits to reconnect tries now. */
  environmentChanged(): void;
  /**
   * Settings or ssh_config changed: every live master takes keepalive and linger anew. Sessions keep the limits that they
   * began with. Never rejects.
   */
  refreshPolicies(): Promise<void>;
}
