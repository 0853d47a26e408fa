import type { Event } from "../base/emitter.ts";
import type { ValueSource } from "../config/hostConfig.ts";
import type { ChannelDetails, ChannelExit, Dimensions, OutputKind } from "../engine/connectionEngine.ts";
import type { MasterCore, MasterEndReason } from "../master/masterTypes.ts";

export type SessionKind = "terminal" | "command" | "script" | "subsystem";

/**
 * `channel-timeout`: ssh_config's ChannelTimeout for this kind of session. `global-timeout`: for all channels of a
 * connection together.
 */
export type LimitKind = "time" | "idle" | "channel-timeout" | "global-timeout";

/** A limit that a session has. */
export interface SessionLimit {
  readonly kind: LimitKind;
  readonly seconds: number;
  readonly source: ValueSource;
}

/**
 * A limit and when it ends the session, in wall-clock milliseconds, unless data (except for `time`) or the user moves
 * it.
 */
export interface LimitSnapshot extends SessionLimit {
  readonly endsAt: number;
}

/** How a session ended. */
export type SessionOutcome =
  /** The remote program ended on its own. */
  | { readonly kind: "exited"; readonly code: number | undefined }
  | { readonly kind: "signalled"; readonly signal: string; readonly coreDumped: boolean }
  /** It goes on in another window, which has taken it from the keeper. */
  | { readonly kind: "moved" }
  /** We ended it in order. `exit` is the server's exit status before the close, if any. */
  | { readonly kind: "disconnected"; readonly exit: ChannelExit }
  | { readonly kind: "killed"; readonly exit: ChannelExit }
  /** Its connection was lost. `said`: the server's message, untrusted. */
  | { readonly kind: "lost"; readonly reason: MasterEndReason; readonly said?: string }
  | {
      readonly kind: "limit";
      readonly limit: LimitKind;
      readonly seconds: number;
      /** `seconds` count from when the user extended it. */
      readonly extended?: boolean;
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
  /** Undefined until it has a master. */
  readonly masterId: string | undefined;
  /** The argument that `Host` patterns match. Not enough to reach the host again. */
  readonly alias: string;
  /** As typed, `alias` or `user@alias:port`: it resolves to the same destination again. */
  readonly spec: string;
  /** The name of the folder whose settings apply to it; undefined: no folder has settings of its own. */
  readonly folder: string | undefined;
  /** Its limits, the next one to end it first; empty before it is open and after its end. */
  readonly limits: readonly LimitSnapshot[];
  readonly kind: SessionKind;
  readonly title: string;
  readonly state: SessionState;
  readonly since: number;
  readonly lastActivity: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Its input has ended: SSH_MSG_CHANNEL_EOF was sent. */
  readonly eofSent: boolean;
  readonly outcome: SessionOutcome | undefined;
}

/** What a lost session passes on to the session that continues in its terminal. */
export interface LostSession {
  /** Monotonic milliseconds from which its time limit counts. Undefined: it never opened. */
  readonly limitedFrom: number | undefined;
}

export interface SessionConnection {
  /** Opaque; equal for sessions that can share connections. */
  readonly destinationKey: string;
  readonly master: MasterCore;
}

/**
 * A session channel on one of our masters. Made by SessionManager.open; it ends exactly once, and stays readable
 * afterwards.
 */
export interface Session extends LostSession {
  readonly id: string;
  /** See SessionSnapshot. */
  readonly spec: string;
  readonly state: SessionState;
  /**
   * Fires once more after the end when a session that a signal ended turns out to be lost: its connection was lost
   * within `hangUpPrecedesLoss`, for example because the server shuts down. The outcome in `state` is then `lost`.
   */
  readonly onDidChangeState: Event<SessionState>;
  /** See EngineChannel.onDidReceive: begins paused. */
  readonly onDidReceive: Event<{ readonly kind: OutputKind; readonly data: Uint8Array }>;
  readonly onDidDrain: Event<void>;
  /** A limit is near: shown in the terminal. `extend()` restarts it. */
  readonly onDidWarn: Event<{ readonly limit: LimitKind; readonly secondsLeft: number }>;
  /** Resolves once, with the outcome, after all output was delivered. Never rejects. */
  readonly ended: Promise<SessionOutcome>;
  readonly queuedBytes: number;
  /** The user has ended its input (SSH_MSG_CHANNEL_EOF): later input is dropped. Fires `onDidChangeState`. */
  readonly eofSent: boolean;
  /** See EngineChannel. */
  readonly ptyRefused: boolean;
  /** The server has a pty for it: one was requested and not refused. */
  readonly hasPty: boolean;
  snapshot(): SessionSnapshot;
  /** The connection that carries or carried it; undefined before there is one. */
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
  /** EOF, flush, close, then waits for the server's close until the deadline. Resolves when ended. */
  disconnect(): Promise<void>;
  /**
   * HUP and KILL where the server delivers them, then close without waiting. The session has ended when this returns.
   */
  kill(): void;
  /** Restarts the limits that have warned, or all. */
  extend(): void;
  /** It goes on in the keeper, and this window leaves it. A session that the keeper does not hold is killed. */
  leave(): void;
  /** The keeper holds it. */
  readonly isKept: boolean;
}
