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
  /** What the channel of a session is made of, or was when it closed. Undefined: it had none, or is forgotten. */
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
   * Opens a session, on the master that is there, or on a new one. Rejects with ConfigError, ConnectError, HostKeyError,
   * AuthError, ChannelError or CancelledError; nothing is left open then.
   */
  open(request: OpenSessionRequest, signal?: AbortSignal): Promise<Session>;
  /** Logs in without a session: the master lingers at once. Resolves to the master's id. */
  connect(host: string, signal?: AbortSignal, onLogin?: (news: LoginNews) => void): Promise<string>;
  session(id: string): Session | undefined;
  /**
   * For a terminal whose session was lost: waits for another connection together with all others of its destination. An
   * attempt may begin before this returns.
   */
  reconnect(lost: Session, holder: ReconnectHolder): ReconnectTicket;
  /** As `reconnect`, for something else that lost its connection: a forward. */
  rejoin(lost: LostConnection, holder: ReconnectHolder): ReconnectTicket;
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
