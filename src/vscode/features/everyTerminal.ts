import { shareEverywhere } from "../commands/shareEverywhere.ts";
import { stopSharingEverywhere } from "../commands/stopSharingEverywhere.ts";
import { EveryTerminalSharing, type EveryTerminalSharingInit } from "../terminals/everyTerminalSharing.ts";
import type { Feature } from "./feature.ts";

export type EveryTerminalFeatureInit = EveryTerminalSharingInit;

/** Our connections in every terminal of the computer. Its programs are those of the feature `programs`. */
export function everyTerminalFeature(init: EveryTerminalFeatureInit): Feature {
  const sharing = new EveryTerminalSharing(init);
  return {
    liveRows: () => [],
    commands: {
      "sshSessions.shareEverywhere": shareEverywhere(sharing),
      "sshSessions.stopSharingEverywhere": stopSharingEverywhere(sharing),
    },
    start: () => sharing.start(),
  };
}
