import type { MasterCore, MasterState } from "../master/masterTypes.ts";
import type { ReconnectingState } from "../reconnect/reconnectTypes.ts";
import type { SessionSnapshot } from "./sessionTypes.ts";

/** A master with its sessions, for display: a lost one whose sessions wait for a successor is `reconnecting`. */
export interface MasterSnapshot extends Omit<MasterCore, "state"> {
  readonly state: MasterState | ReconnectingState;
  readonly sessions: readonly SessionSnapshot[];
}
