import type { RelayedChannelSnapshot } from "../engine/channels/relay/relayTypes.ts";

/** Another program whose channels run over a connection of ours. Frozen. */
export interface ProgramSnapshot {
  readonly id: string;
  readonly masterId: string;
  /** What the program says that it is. Untrusted; undefined: it has not said. */
  readonly name: string | undefined;
  readonly pid: number | undefined;
  /** Wall-clock milliseconds. */
  readonly since: number;
  readonly channels: readonly RelayedChannelSnapshot[];
}
