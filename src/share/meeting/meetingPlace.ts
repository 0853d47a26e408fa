import type { Socket } from "node:net";
import type { Disposable } from "../../base/disposable.ts";
import type { JoinOutcome } from "../../engine/window/joinWindow.ts";
import type { TurnOutcome } from "../loginTurn.ts";

/** What a window serves until it is disposed of. Clients that are connected stay so. */
export interface Served extends Disposable {
  /** By which other windows reach it. Never used again. */
  readonly name: string;
}

/** How an attempt to reach another window went. */
export type Reached =
  /** It is a window of this user. The caller owns the socket, which may be connecting still. */
  { readonly kind: "open"; readonly socket: Socket } | NotReached;

export type NotReached =
  /** It does not prove that it belongs to this user. */
  { readonly kind: "stranger"; readonly why: string } | Exclude<JoinOutcome, { readonly kind: "joined" }>;

/**
 * Where the windows of one user on one computer find each other. Nobody but this user gets in: a socket that is handed
 * out, at either end, leads to a process of the same user.
 */
export interface MeetingPlace {
  /** Makes it ready for use, and clears what a crash left behind. @throws ShareError, or the file system's error */
  prepare(): Promise<void>;

  /**
   * Others find this in `others(start)`.
   * @param serve gets the socket of each client, and owns it
   * @throws the system's error
   */
  publish(start: string, serve: (socket: Socket) => void): Promise<Served>;

  /** The names of what is published with this start, also by this window. Never rejects. */
  others(start: string): Promise<readonly string[]>;

  /** @param patience milliseconds @throws only the signal's reason */
  reach(name: string, patience: number, signal: AbortSignal): Promise<Reached>;

  /** What was published as `name` is stale. Never rejects. */
  forget(name: string): Promise<void>;

  /** @param hash of the connection that a login is for @param patience milliseconds */
  takeTurn(hash: string, patience: number, signal: AbortSignal): Promise<TurnOutcome>;

  /**
   * Only one window at a time holds a name. Undefined: another one does.
   * @param serve gets the socket of each window that reaches the holder
   * @throws the system's error
   */
  hold(name: string, serve: (socket: Socket) => void): Promise<Disposable | undefined>;

  /** `stale`: the holder has ended, and the name can be held. @throws only the signal's reason */
  reachHolder(name: string, patience: number, signal: AbortSignal): Promise<Reached>;
}
