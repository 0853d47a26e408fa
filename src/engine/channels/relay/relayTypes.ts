import type { Disposable } from "../../../base/disposable.ts";
import type { Event } from "../../../base/emitter.ts";

/** Why a client of the relay was let go. */
export type RelayEnd =
  /** It sent what the protocol does not allow, or what would make the server end the connection. */
  | "violation"
  /** The connection is gone. */
  | "connection-ended";

/** Another program whose channels run over a connection of ours. */
export interface RelayClientPort {
  /** A message of RFC 4254 for the program, which owns the buffer. Never called after `ended`. */
  send(message: Buffer): void;
  /**
   * The server refuses its first session, and it has nothing else here: the server may be full.
   * @param open the message that asks for the session.
   * @returns whether it is attached elsewhere now. It is detached here then, and does not hear of the refusal.
   */
  sessionRefused?(open: Buffer): boolean;
  /** It is detached: nothing more is taken from it. @param text says what it did, without its own words. */
  ended(reason: RelayEnd, text: string): void;
}

/** A channel of another program. */
export interface RelayedChannelSnapshot {
  /** Its type, and what runs in a session. Untrusted. */
  readonly type: string;
  readonly command: string | undefined;
  /** Channel data, in bytes. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Disposing it closes the program's channels on the server, and nothing else. Idempotent. */
export interface RelayedClient extends Disposable {
  /** What the program sends: a message of RFC 4254, whole. Its buffer is owned by the relay from now on. */
  receive(message: Buffer): void;
  readonly channels: readonly RelayedChannelSnapshot[];
  /** What the program says that it is, from `claimVariable`. Untrusted. */
  readonly claim: string | undefined;
  /** Of its channels, those that the server counts as sessions (MaxSessions). */
  readonly sessions: number;
}

/** Passes the channels of other programs through a connection. */
export interface ChannelRelay {
  attach(port: RelayClientPort): RelayedClient;
  /** Sessions of all clients. */
  readonly sessions: number;
  /** Nothing is to be read from the clients: the connection has as much as it should hold. */
  readonly congested: boolean;
  /** `congested` may have turned false. */
  readonly onDidDrain: Event<void>;
  /** A client, or one of its channels, came or went. */
  readonly onDidChange: Event<void>;
}

/** A client sends it as an environment variable of its session, to say what it is. It is not passed on. */
export const claimVariable = "SSH_SESSIONS_CLIENT";
