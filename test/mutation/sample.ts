/** A plugin for Stryker: tests only a random part of the mutants. The choice depends on the mutant alone, so a second run tests the same. */
import { createHash } from "node:crypto";
import { relative } from "node:path";
import { type Checker, type CheckResult, CheckStatus } from "@stryker-mutator/api/check";
import type { Mutant } from "@stryker-mutator/api/core";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** The share from 0 to 1; Stryker's processes inherit it. Not set: all mutants are tested. */
export const shareVariable = "SSH_SESSIONS_MUTATION_SHARE";

/** Lines are left out, so that a mutant stays in the sample, or outside, when code above it changes. */
function isInSample({ fileName, mutatorName, replacement, location }: Mutant, share: number): boolean {
  const columns = `${location.start.column}-${location.end.column}`;
  const id = [relative(process.cwd(), fileName), columns, mutatorName, replacement].join("\n");
  return createHash("sha256").update(id).digest().readUInt32BE() < share * 2 ** 32;
}

/** Stryker asks it before each mutant; one that is not in the sample counts as one that does not compile. */
class Sample implements Checker {
  async init(): Promise<void> {}

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    const share = Number(process.env[shareVariable] ?? 1);
    return Object.fromEntries(
      mutants.map((mutant): [string, CheckResult] => [
        mutant.id,
        isInSample(mutant, share)
          ? { status: CheckStatus.Passed }
          : { status: CheckStatus.CompileError, reason: "not in the sample" },
      ]),
    );
  }

  async group(mutants: Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, "sample", Sample)];
