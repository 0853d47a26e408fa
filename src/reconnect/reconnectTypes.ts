import type { Disposable } from "../base/disposable.ts";
import type { MasterCore, MasterEndReason } from "../master/masterTypes.ts";

/**
 * How an attempt may get its connection: by a login that may prompt, by a login that fails rather than prompts, or by
 * no login, which means only by sharing an existing connection.
 */
export type LoginMode = "attended" | "unattended" | "none";

/** `auto`: automatically, when no prompt is needed; `ask`: when the user asks for it; `never`: not in this tab. */
export type ReconnectMode = "auto" | "ask" | "never";

/** What was lost: the connection, and what it was shared by. */
export interface LostConnection {
  /** Opaque; equal for all that can share a connection. */
  readonly destinationKey: string;
  /** The ended master; undefined when there never was one. */
  readonly master: MasterCore | undefined;
}

/** The owner of something that lost its connection and wants another one, for example a terminal's session. */
export interface ReconnectHolder {
  /** It may be reconnected without a request by the user. */
  readonly automatic: boolean;
  /** Open again now, and report the result through the ticket. */
  attempt(login: LoginMode): void;
  /** The next attempt starts at `until` (wall-clock milliseconds); undefined: when the user asks for it. */
  wait(until: number | undefined): void;
  /** Its attempt failed while other holders of the destination still try: the next step depends on them. */
  waitForOthers(): void;
  /** The user stopped the reconnection elsewhere. The ticket is void. */
  stop(): void;
}

/** A holder's registration. Dispose it when the holder is open again or no longer waits. */
export interface ReconnectTicket extends Disposable {
  /** The user wants the next attempt now. It is made for all holders of the destination. */
  now(): void;
  /** The attempt failed. */
  failed(error: Error): void;
}

/** Shown instead of a lost master while holders wait for its successor. Times are wall-clock milliseconds. */
export interface ReconnectingState {
  readonly kind: "reconnecting";
  readonly since: number;
  /** Why the master was lost. */
  readonly reason: MasterEndReason;
  readonly attempting: boolean;
  /** When the next attempt starts. Undefined: one is running, or it starts when the user asks for it. */
  readonly until: number | undefined;
  /** Why the last attempt failed. */
  readonly error?: Error;
}
