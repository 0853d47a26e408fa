import { findProgram } from "./findProgram.ts";
import { MissingRequirementError } from "./missingRequirement.ts";

/**
 * For a test whose program the setup installs: it fails without the setup instead of being skipped silently.
 * @throws MissingRequirementError
 */
export async function needProgram(name: string): Promise<void> {
  if ((await findProgram(name)) === undefined) {
    throw new MissingRequirementError(`This test needs ${name}.`, "node test/setup/main.ts ssh");
  }
}
