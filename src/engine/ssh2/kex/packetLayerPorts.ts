import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import type { ServerGreeting } from "../../transport/serverGreeting.ts";
import type { RekeyLimitSetting } from "./rekeyLimit.ts";

export interface PacketLayerHost {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly greeting: ServerGreeting;
  readonly rekeyLimit: RekeyLimitSetting;
  /** SERVICE_ACCEPT, EXT_INFO, or a message from 50 to 79 but a banner, before the login. Undefined: ssh2 handles it. */
  login?(payload: Buffer): void;
  /** Stops or resumes the reading of the socket. */
  hold(on: boolean): void;
  /** The server doesn't know a message of ours: that with this sequence number (RFC 4253 section 11.4). */
  unimplemented(sequence: number): void;
  /** What was queued during a key exchange has gone out. */
  exchanged(): void;
}

/** Where messages of the connection protocol go. */
export interface ConnectionReceiver {
  /** A message with a number from 80 to 127, after the login. */
  receive(message: Buffer): void;
  /** One that came before the login. */
  tooEarly(): void;
}
