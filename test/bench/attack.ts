import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";

/** Milliseconds that no case may hold the event loop, which all extensions of a window share. */
const bound = 50;

const root = join(import.meta.dirname, "..", "..");

interface Reported {
  readonly file: string;
  readonly name: string;
  readonly block: number;
}

/** What hostile input costs everybody else, in each case of `test/attack`. Nothing compares. */
export const attackBenchmark: Benchmark = {
  name: "attack",
  about: "the longest block of the event loop in each case of the attack suite (no peer)",
  async run(context: BenchContext): Promise<Row[]> {
    const least = new Map<string, number>();
    // A burst of garbage collection is not the case's doing: the best of the runs counts.
    const rounds = context.runs ?? 3;
    for (let round = 1; round <= rounds; round++) {
      context.note(`the attack suite, ${round} of ${rounds}`);
      for (const { file, name, block } of await blocks()) {
        const key = `${file.replace(/^test\/attack\/|\.test\.ts$/g, "")}: ${name.slice(0, 110)}`;
        least.set(key, Math.min(block, least.get(key) ?? Number.POSITIVE_INFINITY));
      }
    }
    return [...least].map(([name, ours]) => ({
      name: name.replaceAll(/[^\x20-\x7e]/g, "?"),
      unit: "ms",
      ours,
      peer: undefined,
      bar: { of: "ours", value: bound },
    }));
  },
};

/** Runs the suite with small fuzzers. */
async function blocks(): Promise<readonly Reported[]> {
  const folder = await mkdtemp(join(tmpdir(), "attack-"));
  const report = join(folder, "report");
  try {
    await suite({
      SSH_SESSIONS_ATTACK_REPORT: report,
      ...{ SSH_SESSIONS_FUZZ: "20000", FUZZ: "0.1", FUZZ_RUNS: "200" },
    });
    const lines = (await readFile(report, "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line) as Reported);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function suite(env: Readonly<Record<string, string>>): Promise<void> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--project", "attack", "--no-file-parallelism", "--reporter=dot"];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said = (said + data.toString("utf8")).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`The attack suite failed: ${said}`)),
    );
  });
}
