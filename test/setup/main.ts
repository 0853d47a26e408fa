/**
 * Finds or installs what the tests need: `node test/setup/main.ts [ssh] [next] [suite] [browser] [vscode] [oldVscode]`,
 * everything without arguments. Quick and silent if nothing is missing; otherwise prints what it installs, or stops
 * with the command to run.
 */
import { ensureChromium } from "./chromium.ts";
import { MissingRequirementError } from "./missingRequirement.ts";
import { ensureNextOpenSsh } from "./nextOpenSsh.ts";
import { ensureOpenSshTests } from "./opensshTests.ts";
import { ensureSshTools } from "./sshTools.ts";
import { ensureVscodeServer } from "./vscodeServer.ts";

const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  ssh: ensureSshTools,
  next: ensureNextOpenSsh,
  suite: ensureOpenSshTests,
  browser: ensureChromium,
  vscode: () => ensureVscodeServer(),
  oldVscode: () => ensureVscodeServer("oldest"),
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
try {
  for (const name of wanted) {
    const ensure = parts[name];
    if (ensure === undefined) {
      throw new Error(`Unknown part "${name}": use ${Object.keys(parts).join(", ")}.`);
    }
    await ensure();
  }
} catch (error) {
  console.error(error instanceof MissingRequirementError ? error.message : error);
  process.exitCode = 1;
}
