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
  /** Why the case may hold the event loop for longer than others. */
  readonly why?: string;
}

/** What hostile input costs everybody else, in each case of `test/attack`. Nothing compares. */
export const attackBenchmark: Benchmark = {
  name: "attack",
  about: "the longest block of the event loop in each case of the attack suite, in processor time (no peer)",
  async run(context: BenchContext): Promise<Row[]> {
    const least = new Map<string, Reported>();
    // A burst of garbage collection is not the case's doing: the best of the runs counts.
    const rounds = context.runs ?? 3;
    for (let round = 1; round <= rounds; round++) {
      context.note(`the attack suite, ${round} of ${rounds}`);
      for (const reported of await blocks()) {
        const key = `${reported.file}: ${reported.name}`;
        const before = least.get(key);
        least.set(key, before !== undefined && before.block <= reported.block ? before : reported);
      }
    }
    const sorted = [...least.values()].sort((one, other) => other.block - one.block);
    const above = sorted.filter(({ block }) => block > bound);
    context.note(`${above.length} of ${sorted.length} cases are above the goal of ${bound} ms`);
    for (const { name, block, why = "no reason is known: it is a defect" } of above) {
      context.note(`${block.toFixed(1)} ms: ${name}: ${why}`);
    }
    return sorted.map(({ file, name, block }) => ({
      name: `${file.replace(/^test\/attack\/|\.test\.ts$/g, "")}: ${name.slice(0, 110)}`.replaceAll(
        /[^\x20-\x7e]/g,
        "?",
      ),
      unit: "ms",
      ours: block,
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
