import type { RelayedChannel } from "./relayedChannel.ts";
import type { PastChannels } from "./relayTypes.ts";

/** Counts a program's channels that are over. */
export class PastTotals implements PastChannels {
  connections = 0;
  bytesIn = 0;
  bytesOut = 0;

  add({ isSession, bytesIn, bytesOut }: RelayedChannel): void {
    this.connections += isSession ? 0 : 1;
    this.bytesIn += bytesIn;
    this.bytesOut += bytesOut;
  }
}
