import type { Feature } from "./feature.ts";
import { type ForwardsFeatureInit, forwardsFeature } from "./forwards.ts";
import { type ProgramsFeatureInit, programsFeature } from "./programs.ts";

export type AllFeaturesInit = ForwardsFeatureInit & ProgramsFeatureInit;

/** Every feature, in the order of their rows below a connection. */
export function allFeatures(init: AllFeaturesInit): readonly Feature[] {
  return [programsFeature(init), forwardsFeature(init)];
}
