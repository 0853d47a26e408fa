import type { ChannelDetails } from "../engine/connectionEngine.ts";
import type { SessionSnapshot } from "./sessionTypes.ts";

/** A session after its end. */
export interface EndedSession {
  readonly snapshot: SessionSnapshot;
  /** Undefined: its channel never opened. */
  readonly channel: ChannelDetails | undefined;
  /** Its title is the command that it ran, which may hold a secret. */
  readonly isTitledByCommand: boolean;
}

/** Keeps ended sessions beyond the life of the window's processes. Newest first. */
export interface EndedStorage {
  load(): readonly EndedSession[];
  store(ended: readonly EndedSession[]): void;
}
