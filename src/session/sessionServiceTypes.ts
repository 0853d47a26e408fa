import type { Disposable } from "../base/disposable.ts";
import type { Event } from "../base/emitter.ts";
import type { ChannelDetails } from "../engine/connectionEngine.ts";
import type { LoginNews } from "../master/masterTypes.ts";
import type { LostConnection, ReconnectHolder, ReconnectTicket } from "../reconnect/reconnectTypes.ts";
import type { MasterSnapshot } from "./masterSnapshotTypes.ts";
import type { OpenSessionRequest } from "./openSessionTypes.ts";
import type { LimitKind, Session, SessionSnapshot } from "./sessionTypes.ts";

/** The result of "Reconnect Now". */
export type ReconnectNowResult =
  /** It was waiting to reconnect, and an attempt has started. */
  | "reconnecting"
  /** It replies: nothing was done. */
  | "answers"
  /** It has ended. Terminals that lost their sessions during the probe reconnect. */
  | "ended"
  /** It did not reply to one more probe, and was given up as `unresponsive`: its terminals reconnect. */
  | "no-answer";

/** The interface to all live objects. Owned by the composition root. */
export interface SessionService extends Disposable {
  /**
   * Masters (live, connecting, and lost ones that are still shown) with their sessions. Frozen. While terminals wait
   * for a lost one's successor, it is `reconnecting` and has the sessions that they lost; the attempts are not shown
   * beside it.
   */
  masters(): readonly MasterSnapshot[];
  /** How the last sessions ended, newest first, until cleared. */
  history(): readonly SessionSnapshot[];
  clearHistory(): void;
  /** The details of a session's channel, also after it closed. Undefined: it had none, or they are no longer kept. */
  channelDetails(sessionId: string): ChannelDetails | undefined;
  /** Something in `masters()` or `history()` changed. Coalesced by the views, not here. */
  readonly onDidChange: Event<void>;
  /** A session comes near one of its limits. */
  readonly onDidWarn: Event<{
    readonly session: Session;
    readonly limit: LimitKind;
    readonly secondsLeft: number;
  }>;
  /**
   * Opens a session on the existing master, or on a new one. Rejects with ConfigError, ConnectError, HostKeyError,
   * AuthError, ChannelError or CancelledError; nothing stays open then.
   */
  open(request: OpenSessionRequest, signal?: AbortSignal): Promise<Session>;
  /** Logs in without a session: the master lingers at once. Resolves to the master's id. */
  connect(host: string, signal?: AbortSignal, onLogin?: (news: LoginNews) => void): Promise<string>;
  session(id: string): Session | undefined;
  /**
   * For a terminal whose session was lost: waits for another connection together with all others of its destination.
   * An attempt may start before this returns.
   */
  reconnect(lost: Session, holder: ReconnectHolder): ReconnectTicket;
  /** Like `reconnect`, for another holder that lost its connection. */
  rejoin(lost: LostConnection, holder: ReconnectHolder): ReconnectTicket;
  /**
   * "Reconnect Now". For a `reconnecting` master it starts the next attempt. A suspect or hung one gets one more
   * probe, and is given up without a reply.
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
  /** Starts a new key exchange (RFC 4253 section 9). @returns false if the engine can't, or the master has ended. */
  rekey(masterId: string): boolean;
  /** Probes this master (or all) at once. */
  probe(masterId?: string): void;
  /** The machine woke up, or its addresses changed: all masters are probed, and waiting holders reconnect now. */
  environmentChanged(): void;
  /**
   * Settings or ssh_config changed: every live master reads keepalive and linger again. Sessions keep their initial
   * limits. Never rejects.
   */
  refreshPolicies(): Promise<void>;
}
