import type { Feature } from "./feature.ts";
import { type ForwardsFeatureInit, forwardsFeature } from "./forwards.ts";
import { type ProgramsFeatureInit, programsFeature } from "./programs.ts";
import { type WindowsFeatureInit, windowsFeature } from "./windows.ts";

export type AllFeaturesInit = ForwardsFeatureInit & ProgramsFeatureInit & WindowsFeatureInit;

/** Every feature, in the order of their rows below a connection. */
export function allFeatures(init: AllFeaturesInit): readonly Feature[] {
  return [windowsFeature(init), programsFeature(init), forwardsFeature(init)];
}
