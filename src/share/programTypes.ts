import type { PastChannels, RelayedChannelSnapshot } from "../engine/channels/relay/relayTypes.ts";

/** Another program, or another window of this extension, whose channels run over our connection. Frozen. */
export interface ProgramSnapshot {
  readonly id: string;
  readonly masterId: string;
  /** The name that the program reports, or the window's. Untrusted; undefined: it has reported none. */
  readonly name: string | undefined;
  readonly pid: number | undefined;
  /** Wall-clock milliseconds. */
  readonly since: number;
  /** It goes on when this window closes or leaves the connection. */
  readonly outlivesWindow?: boolean;
  /** The addresses and paths at which the server listens for it. Untrusted. */
  readonly listeners?: readonly string[];
  /** What an `ssh` without a session was called with. Untrusted. */
  readonly call?: string;
  /** What it was called with, where nobody here knows its channels: on a master of `ssh`. Untrusted. */
  readonly calledWith?: string;
  /** False: nobody here knows its process or its channels. */
  readonly canEnd?: boolean;
  readonly channels: readonly RelayedChannelSnapshot[];
  readonly past?: PastChannels;
}
