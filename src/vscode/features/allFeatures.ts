import { type EveryTerminalFeatureInit, everyTerminalFeature } from "./everyTerminal.ts";
import type { Feature } from "./feature.ts";
import { type ForwardsFeatureInit, forwardsFeature } from "./forwards.ts";
import { type KeeperFeatureInit, keeperFeature } from "./keeper.ts";
import { type ProgramsFeatureInit, programsFeature } from "./programs.ts";
import { type UserMastersFeatureInit, userMastersFeature } from "./userMasters.ts";
import { type WindowsFeatureInit, windowsFeature } from "./windows.ts";

export type AllFeaturesInit = ForwardsFeatureInit &
  ProgramsFeatureInit &
  WindowsFeatureInit &
  UserMastersFeatureInit &
  KeeperFeatureInit &
  EveryTerminalFeatureInit;

/** Every feature, in the order of their rows below a connection and at the top. */
export function allFeatures(init: AllFeaturesInit): readonly Feature[] {
  return [
    windowsFeature(init),
    programsFeature(init),
    forwardsFeature(init),
    userMastersFeature(init),
    keeperFeature(init),
    everyTerminalFeature(init),
  ];
}
