/** A plugin for Stryker: tests only a random part of the mutants. The choice depends on the mutant alone, so a second run tests the same. */
import { createHash } from "node:crypto";
import { relative } from "node:path";
import { type Checker, type CheckResult, CheckStatus } from "@stryker-mutator/api/check";
import type { Mutant } from "@stryker-mutator/api/core";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** The share from 0 to 1; Stryker's processes inherit it. If not set, all mutants are tested. */
export const shareVariable = "SSH_SESSIONS_MUTATION_SHARE";

/** Line numbers are not used, so that changes above a mutant don't move it into or out of the sample. */
function isInSample({ fileName, mutatorName, replacement, location }: Mutant, share: number): boolean {
  const columns = `${location.start.column}-${location.end.column}`;
  const id = [relative(process.cwd(), fileName), columns, mutatorName, replacement].join("\n");
  return createHash("sha256").update(id).digest().readUInt32BE() < share * 2 ** 32;
}

/** Stryker calls it before each mutant; one outside the sample counts as one that does not compile. */
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
