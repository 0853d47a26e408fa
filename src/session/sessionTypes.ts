import type { Event } from "../base/emitter.ts";
import type { ValueSource } from "../config/hostConfig.ts";
import type { ChannelDetails, ChannelExit, Dimensions, OutputKind } from "../engine/connectionEngine.ts";
import type { MasterCore, MasterEndReason } from "../master/masterTypes.ts";

export type SessionKind = "terminal" | "command" | "script" | "subsystem";

/** `channel-timeout`: ssh_config's ChannelTimeout for this kind of session. `global-timeout`: for all of a connection together. */
export type LimitKind = "time" | "idle" | "channel-timeout" | "global-timeout";

/** A limit that a session has. */
export interface SessionLimit {
  readonly kind: LimitKind;
  readonly seconds: number;
  readonly source: ValueSource;
}

/** A limit and when it ends the session, in wall-clock milliseconds, unless data (but for `time`) or a person moves it. */
export interface LimitSnapshot extends SessionLimit {
  readonly endsAt: number;
}

/** How a session ended. */
export type SessionOutcome =
  /** The remote program ended by itself. */
  | { readonly kind: "exited"; readonly code: number | undefined }
  | { readonly kind: "signalled"; readonly signal: string; readonly coreDumped: boolean }
  /** We ended it in order. `exit` is what the server said before the close, if anything. */
  | { readonly kind: "disconnected"; readonly exit: ChannelExit }
  | { readonly kind: "killed"; readonly exit: ChannelExit }
  /** The connection went away under it. `said`: the server's own words, untrusted. */
  | { readonly kind: "lost"; readonly reason: MasterEndReason; readonly said?: string }
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
  /** The name of the folder whose settings count for it; undefined: no folder has settings of its own. */
  readonly folder: string | undefined;
  /** What limits it, the one that would end it first first; none before it is open and after its end. */
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

/** What a session that is lost leaves to the one that goes on in its terminal. */
export interface LostSession {
  /** Monotonic milliseconds from which its time limit counts. Undefined: it never opened. */
  readonly limitedFrom: number | undefined;
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
  /**
   * Fires once more after the end when a session that a signal ended turns out to be lost: its connection was lost within
   * `hangUpPrecedesLoss`, as when the server shuts down. The outcome in `state` is `lost` then.
   */
  readonly onDidChangeState: Event<SessionState>;
  /** See EngineChannel.onDidReceive: begins paused. */
  readonly onDidReceive: Event<{ readonly kind: OutputKind; readonly data: Uint8Array }>;
  readonly onDidDrain: Event<void>;
  /** A limit is near: shown in the terminal. `extend()` re-arms it. */
  readonly onDidWarn: Event<{ readonly limit: LimitKind; readonly secondsLeft: number }>;
  /** Resolves once, with the outcome, after all output was delivered. Never rejects. */
  readonly ended: Promise<SessionOutcome>;
  readonly queuedBytes: number;
  /** A person has ended its input (SSH_MSG_CHANNEL_EOF): what is written later is dropped. Fires `onDidChangeState`. */
  readonly eofSent: boolean;
  /** See EngineChannel. */
  readonly ptyRefused: boolean;
  /** There is a pty on the server: one was asked for, and not refused. */
  readonly hasPty: boolean;
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
