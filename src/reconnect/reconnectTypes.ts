import type { Disposable } from "../base/disposable.ts";
import type { MasterCore, MasterEndReason } from "../master/masterTypes.ts";

/**
 * How an attempt may get its connection: by a login that may ask questions, by a login that fails rather than ask, or
 * by none: then only a connection that is already there is shared.
 */
export type LoginMode = "attended" | "unattended" | "none";

/** `auto`: without being asked, when no prompt is needed; `ask`: when the person says so; `never`: not in this tab. */
export type ReconnectMode = "auto" | "ask" | "never";

/** What was lost: the connection, and who shares it. */
export interface LostConnection {
  /** Opaque: equal for everything that can share one connection. */
  readonly destinationKey: string;
  /** The master as it ended; undefined when there never was one. */
  readonly master: MasterCore | undefined;
}

/** Something that held a connection, lost it, and wants another one: the session of a terminal, for example. */
export interface ReconnectHolder {
  /** It may be reconnected without a person asking for it. */
  readonly automatic: boolean;
  /** Open again now, and answer through the ticket. */
  attempt(login: LoginMode): void;
  /** The next attempt begins at `until` (wall-clock milliseconds); undefined: when a person asks for it. */
  wait(until: number | undefined): void;
  /** Its attempt failed while other holders of the destination still try: what comes next depends on them. */
  waitForOthers(): void;
  /** A person stopped the reconnection elsewhere. The ticket is void. */
  stop(): void;
}

/** A holder's place among those that wait. Dispose when it is open again, or when it no longer waits. */
export interface ReconnectTicket extends Disposable {
  /** A person wants the next attempt now. It is made for all holders of the destination. */
  now(): void;
  /** The attempt failed. */
  failed(error: Error): void;
}

/**
 * What is shown in place of a lost master while holders wait for its successor. Times are wall-clock milliseconds.
 */
export interface ReconnectingState {
  readonly kind: "reconnecting";
  readonly since: number;
  /** Why the master was lost. */
  readonly reason: MasterEndReason;
  readonly attempting: boolean;
  /** When the next attempt begins. Undefined: one is under way, or it begins when a person asks for it. */
  readonly until: number | undefined;
  /** Why the last attempt failed. */
  readonly error?: Error;
}
