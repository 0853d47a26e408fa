import { findProgram } from "./findProgram.ts";
import { MissingRequirementError } from "./missingRequirement.ts";

/**
 * For a test whose program the setup installs: it fails where the setup was left out, instead of being skipped unseen.
 * @throws MissingRequirementError
 */
export async function needProgram(name: string): Promise<void> {
  if ((await findProgram(name)) === undefined) {
    throw new MissingRequirementError(`This test needs ${name}.`, "node test/setup/main.ts ssh");
  }
}
