import { authSurvivors } from "./kept/authSurvivors.ts";
import { channelSurvivors } from "./kept/channelSurvivors.ts";
import { connectionSurvivors } from "./kept/connectionSurvivors.ts";
import type { KeptSurvivor } from "./kept/keptSurvivor.ts";
import { policySurvivors } from "./kept/policySurvivors.ts";
import { trustSurvivors } from "./kept/trustSurvivors.ts";

/** The survivors that stay, each with its reason. */
export const keptSurvivors: readonly KeptSurvivor[] = [
  ...channelSurvivors,
  ...trustSurvivors,
  ...authSurvivors,
  ...policySurvivors,
  ...connectionSurvivors,
];
