import type { Feature } from "./feature.ts";
import { type ForwardsFeatureInit, forwardsFeature } from "./forwards.ts";
import { type ProgramsFeatureInit, programsFeature } from "./programs.ts";

export interface AllFeaturesInit extends ForwardsFeatureInit, ProgramsFeatureInit {}

/** Every feature, in the order of their rows below a connection. The caller disposes them. */
export function allFeatures(init: AllFeaturesInit): readonly Feature[] {
  return [programsFeature(init), forwardsFeature(init)];
}
