import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import type { ServerGreeting } from "../../transport/serverGreeting.ts";
import type { RekeyLimitSetting } from "./rekeyLimit.ts";

export interface PacketLayerHost {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly greeting: ServerGreeting;
  readonly rekeyLimit: RekeyLimitSetting;
  /**
   * SERVICE_ACCEPT, EXT_INFO, or a message from 50 to 79 except a banner, before the login. Undefined: ssh2 handles
   * it.
   */
  login?(payload: Buffer): void;
  /** Pauses or resumes reading from the socket. */
  hold(on: boolean): void;
  /** The server does not support our message with this sequence number (RFC 4253 section 11.4). */
  unimplemented(sequence: number): void;
  /** Messages that were queued during a key exchange have been sent. */
  exchanged(): void;
}

/** Receives the messages of the connection protocol. */
export interface ConnectionReceiver {
  /** A message with a number from 80 to 127, after the login. */
  receive(message: Buffer): void;
  /** A message that came before the login. */
  tooEarly(): void;
}
