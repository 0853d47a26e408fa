import type { Disposable } from "../../../base/disposable.ts";
import type { Event } from "../../../base/emitter.ts";

/** Why a client of the relay was disconnected. */
export type RelayEnd =
  /** It sent what the protocol forbids, or what would make the server end the connection. */
  | "violation"
  /** The connection has ended. */
  | "connection-ended";

/** Another program whose channels run over our connection. */
export interface RelayClientPort {
  /** Passes an RFC 4254 message to the program, which owns the buffer. Never called after `ended`. */
  send(message: Buffer): void;
  /**
   * The server refuses it a session: the server may be full.
   * @param open the message that opens the session, where it uses nothing else here and may move
   * @returns whether the client moves to another connection. It is then detached here and does not receive the
   * refusal.
   */
  sessionRefused?(open: Buffer | undefined): boolean;
  /**
   * The client is detached, and nothing more is accepted from it. @param text the reason, without text from the
   * client
   */
  ended(reason: RelayEnd, text: string): void;
}

/** A channel of another program. */
export interface RelayedChannelSnapshot {
  /** Its type, and the command or subsystem of a session. Untrusted. */
  readonly type: string;
  readonly command: string | undefined;
  /** The address or path to which a forwarded connection of the program leads. Untrusted. */
  readonly target?: string | undefined;
  /** Channel data, in bytes. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Of a program's channels that are over. */
export interface PastChannels {
  /** Forwarded connections. */
  readonly connections: number;
  /** Channel data, in bytes, also of sessions. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Disposing it closes the program's channels on the server, but not the program's socket. Idempotent. */
export interface RelayedClient extends Disposable {
  /** Handles one whole RFC 4254 message of the program. The relay may change it, and does not keep it. */
  receive(message: Buffer): void;
  readonly channels: readonly RelayedChannelSnapshot[];
  readonly past: PastChannels;
  /** The addresses and paths at which the server listens for it. Untrusted. */
  readonly listeners: readonly string[];
  /** The name that the program reports by `claimVariable`. Untrusted. */
  readonly claim: string | undefined;
  /** The number of its channels that the server counts as sessions (MaxSessions). */
  readonly sessions: number;
}

/** Passes the channels of other programs through a connection. */
export interface ChannelRelay {
  attach(port: RelayClientPort): RelayedClient;
  /** Nothing else is in the memory of the messages for clients. */
  readonly ownsMessages: boolean;
  /** Sessions of all clients. */
  readonly sessions: number;
  /** Clients must not be read now: the connection has enough queued data. */
  readonly congested: boolean;
  /** `congested` may have turned false. */
  readonly onDidDrain: Event<void>;
  /** A client or one of its channels was added or removed. */
  readonly onDidChange: Event<void>;
}

/**
 * A client without a session reports its name by a listener at this path, followed by the name and the process id
 * (`/ssh/1234`). The server is not asked.
 */
export const claimPath = "/ssh-sessions-program/";

/** An environment variable of a client's session in which it reports its name. It is not passed on. */
export const claimVariable = "SSH_SESSIONS_CLIENT";
