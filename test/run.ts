/**
 * Runs everything: types, lint, unit tests, engine tests, the package, the extension host's tests and the
 * workbench's. All stages run, also after a failure. The last line is `N passed, N failed`. A skipped test counts as
 * failed if `CI` or `SSH_SESSIONS_STRICT` is set: everything that the tests need is available there.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureChromium } from "./setup/chromium.ts";
import { MissingRequirementError } from "./setup/missingRequirement.ts";
import { ensureNextOpenSsh } from "./setup/nextOpenSsh.ts";
import { ensureOpenSshTests } from "./setup/opensshTests.ts";
import { repositoryRoot } from "./setup/repository.ts";
import { ensureSshTools } from "./setup/sshTools.ts";
import { ensureVscodeServer } from "./setup/vscodeServer.ts";
import { runStage, type Stage, type StageCount } from "./stage.ts";

const resultsFolder = join(repositoryRoot, "test-results");

function vitestStage(project: string, minutes: number): Stage {
  const resultsFile = join(resultsFolder, `${project}.json`);
  const vitest = join("node_modules", "vitest", "vitest.mjs");
  return {
    name: project,
    args: [
      vitest,
      "run",
      `--project=${project}`,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${resultsFile}`,
    ],
    minutes,
    results: { kind: "vitest", file: resultsFile },
  };
}

const suiteResults = join(resultsFolder, "extension-host.json");
const stages: readonly Stage[] = [
  {
    name: "types",
    args: [join("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.json"],
    minutes: 5,
  },
  {
    name: "types of the page",
    args: [join("node_modules", "typescript", "bin", "tsc"), "-p", join("src", "webview", "tsconfig.json")],
    minutes: 5,
  },
  {
    name: "lint",
    args: [join("node_modules", "@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings", "."],
    minutes: 5,
  },
  vitestStage("unit", 10),
  vitestStage("engine", 15),
  vitestStage("attack", 15),
  vitestStage("package", 5),
  {
    name: "extension host",
    args: [join("test", "vscode", "run.ts"), "--results", suiteResults],
    minutes: 15,
    results: { kind: "suite", file: suiteResults },
  },
  vitestStage("ui", 20),
];

try {
  await ensureSshTools();
  await ensureNextOpenSsh();
  await ensureOpenSshTests();
  await ensureChromium();
  await ensureVscodeServer();
  await ensureVscodeServer("oldest");
} catch (error) {
  console.error(error instanceof MissingRequirementError ? error.message : error);
  process.exit(1);
}
await rm(resultsFolder, { recursive: true, force: true });

const strict = Boolean(process.env["CI"] || process.env["SSH_SESSIONS_STRICT"]);
const total: StageCount = { passed: 0, failed: 0, skipped: 0 };
const summary: string[] = [];
for (const stage of stages) {
  console.log(`\n=== ${stage.name}`);
  const started = performance.now();
  const count = await runStage(stage);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
  summary.push(`${stage.name}: ${count.passed} passed, ${count.failed} failed${skipped} (${seconds} s)`);
  total.passed += count.passed;
  total.failed += count.failed + (strict ? count.skipped : 0);
  total.skipped += count.skipped;
}
console.log(`\n=== summary\n${summary.join("\n")}`);
if (total.skipped > 0) {
  console.log(`${total.skipped} skipped${strict ? ", counted as failed" : ""}`);
}
process.exitCode = total.failed > 0 ? 1 : 0;
console.log(`${total.passed} passed, ${total.failed} failed`);
