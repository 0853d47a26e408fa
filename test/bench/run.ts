/**
 * `npm run bench [-- NAME… --json FILE --runs N --minutes N --seed N --full]`: measures ours beside OpenSSH's own programs,
 * alternately in one run. Without a name: all. A busy machine is slow for both, so compare the ratios.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus, platform } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { MissingRequirementError } from "../setup/missingRequirement.ts";
import { ensureSshTools } from "../setup/sshTools.ts";
import type { Row } from "./benchmark.ts";
import { benchmarks } from "./benchmarks.ts";
import { jsonText, tableText } from "./report.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    runs: { type: "string" },
    minutes: { type: "string" },
    seed: { type: "string" },
    full: { type: "boolean", default: false },
  },
});
const number = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
const [runs, minutes, seed] = [values.runs, values.minutes, values.seed].map(number);
const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0 || (runs !== undefined && !(Number.isInteger(runs) && runs > 0))) {
  console.error(
    `usage: npm run bench -- [NAME…] [--json FILE] [--runs N] [--minutes N] [--seed N] [--full]\n`,
  );
  for (const benchmark of benchmarks) {
    console.error(`  ${benchmark.name.padEnd(14)}${benchmark.about}`);
  }
  process.exit(2);
}

try {
  await ensureSshTools();
  const chosen = benchmarks.filter(({ name, onlyByName }) =>
    positionals.length === 0 ? !onlyByName : positionals.includes(name),
  );
  const [cpu] = cpus();
  console.log(
    `${cpus().length} x ${cpu?.model.trim() || "CPU"}, ${platform()} ${arch()}, Node ${process.version}`,
  );
  const rows: Row[] = [];
  for (const benchmark of chosen) {
    console.log(`\n${benchmark.name}: ${benchmark.about}\n`);
    const found = await benchmark.run({
      runs,
      minutes,
      seed,
      full: values.full,
      note: (text) => console.error(`  … ${text}`),
    });
    console.log(tableText(found));
    rows.push(...found);
  }
  if (values.json !== undefined) {
    await mkdir(dirname(resolve(values.json)), { recursive: true });
    await writeFile(values.json, jsonText(rows));
  }
} catch (error) {
  console.error(error instanceof MissingRequirementError ? error.message : error);
  process.exitCode = 1;
}
// Node 24 sometimes spins in its own cleanup after sockets were reset (uv_run in Environment::CleanupHandles, seen
// with gdb), so exit here. Everything that was started has been stopped.
process.exit();
