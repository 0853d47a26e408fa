/**
 * `npm run test:mutation` breaks the code in small ways (StrykerJS) and counts how often the unit tests notice; `npm
 * run test:mutation -- trust auth` does so for these parts only, `-- src/trust/randomart.ts` for these files,
 * `--share 0.2` tests a random fifth of the mutants, and `--concurrency 1` runs one at a time instead of three. It
 * writes to `test-results/mutation`: a list of survivors for each part, and the state that lets the next run test only
 * what changed.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { MutantResult } from "@stryker-mutator/api/core";
import { Stryker } from "@stryker-mutator/core";
import { repositoryRoot } from "../setup/repository.ts";
import { keptSurvivors } from "./keptSurvivors.ts";
import { score, scoreTable, survivorList, survivorsOf, unusedReasons } from "./mutationScore.ts";
import { shareVariable } from "./sample.ts";
import { testTimeoutVariable } from "./testTimeout.ts";

/** The code that is broken. String literals and log lines are left out: texts have their own tests. */
const parts: Readonly<Record<string, readonly string[]>> = {
  channels: ["src/engine/channels/**/*.ts"],
  trust: ["src/trust/**/*.ts"],
  // The agent for security keys consists of OpenSSH's programs: test/engine/securityKeys.test.ts runs them.
  auth: ["src/auth/**/*.ts", "!src/auth/securityKeys/**"],
  policies: [
    "src/config/channelTimeouts.ts",
    "src/config/connectionPolicy.ts",
    "src/config/effectiveValues.ts",
    "src/config/hostPolicies.ts",
    "src/config/openSshTime.ts",
    "src/config/rekeyLimit.ts",
    "src/config/settingValues.ts",
    "src/session/limitPolicy.ts",
  ],
  master: ["src/master/**/*.ts"],
  reconnect: ["src/reconnect/**/*.ts"],
  session: ["src/session/**/*.ts", "!src/session/limitPolicy.ts"],
};

const results = join("test-results", "mutation");

/** The tests of these parts take up to 4 s on a busy machine, because they use files, programs or random data. */
const slowParts: readonly string[] = ["channels", "trust", "policies", "files"];

async function mutate(part: string, files: readonly string[]): Promise<readonly MutantResult[]> {
  process.env[testTimeoutVariable] = slowParts.includes(part) ? "4000" : "2000";
  return await new Stryker({
    mutate: [...files],
    testRunner: "vitest",
    vitest: { configFile: join("test", "mutation", "vitest.config.ts") },
    plugins: [
      "@stryker-mutator/vitest-runner",
      join(import.meta.dirname, "logCalls.ts"),
      join(import.meta.dirname, "sample.ts"),
    ],
    ignorers: ["log-calls"],
    mutator: { excludedMutations: ["StringLiteral"] },
    coverageAnalysis: "perTest",
    // Code that runs once, when a file is loaded, costs a run of all tests for each mutant. Only the policies' tables
    // are worth that.
    ignoreStatic: part !== "policies",
    incremental: true,
    incrementalFile: join(results, share === undefined ? `${part}.incremental.json` : `${part}.sample.json`),
    tempDirName: join(results, "sandbox"),
    ignorePatterns: ["dist", "dist-test", "docs", "media", "test-results", ".vscode-test"],
    // Its preparation of a tsconfig needs the API of TypeScript 6, and vitest reads none.
    tsconfigFile: "none",
    // A test that waits for ever has its own limit; this one is for endless loops.
    timeoutMS: 30_000,
    concurrency: Number(concurrency),
    reporters: process.stdout.isTTY ? ["progress"] : ["progress-append-only"],
    allowConsoleColors: process.stdout.isTTY,
    checkers: share === undefined ? [] : ["sample"],
  }).runMutationTest();
}

const {
  positionals: asked,
  values: { share, concurrency },
} = parseArgs({
  allowPositionals: true,
  options: { share: { type: "string" }, concurrency: { type: "string", default: "3" } },
});
if (share !== undefined) {
  process.env[shareVariable] = share;
}
const askedFiles = asked.filter((name) => name.endsWith(".ts"));
const unknown = asked.filter((name) => !(name in parts || askedFiles.includes(name)));
if (unknown.length > 0) {
  throw new Error(`Unknown part: ${unknown.join(", ")}. The parts: ${Object.keys(parts).join(", ")}`);
}

process.chdir(repositoryRoot);
await mkdir(results, { recursive: true });
const scores = [];
const stale: string[] = [];
for (const [part, files] of Object.entries({ ...parts, files: askedFiles })) {
  if (files.length > 0 && (asked.length === 0 || asked.includes(part) || part === "files")) {
    const all = await mutate(part, files);
    // Code that runs when a file is loaded and again in tests: Stryker breaks it only after the load, so no test
    // notices.
    const mutants = part === "policies" ? all : all.filter(({ static: runsAtLoad }) => runsAtLoad !== true);
    const survivors = await survivorsOf(mutants, keptSurvivors);
    await writeFile(join(results, `${part}.survivors.txt`), survivorList(survivors));
    scores.push(score(part, mutants, survivors));
    if (share === undefined) {
      stale.push(...unusedReasons(survivors, mutants, keptSurvivors));
    }
  }
}
console.log(scoreTable(scores));
if (stale.length > 0) {
  console.log(`These reasons apply to no survivor any more:\n${stale.join("\n")}`);
}
