import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostBlock } from "../vscode/suite/blockInHost.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";

/** Milliseconds that no case may block the event loop, which all extensions of a window share. */
const bound = 50;

const root = join(import.meta.dirname, "..", "..");

interface Reported {
  readonly file: string;
  readonly name: string;
  readonly block: number;
  /** Why the case may block the event loop for longer than others. */
  readonly why?: string;
}

type HostBlockOf = HostBlock & { readonly name: string };

/** The cost of hostile input for everything else, in each case of `test/attack`. There is no peer to compare with. */
export const attackBenchmark: Benchmark = {
  name: "attack",
  about: "the longest block of the event loop in each case of the attack suite, in processor time (no peer)",
  async run(context: BenchContext): Promise<Row[]> {
    const least = new Map<string, Reported>();
    // A burst of garbage collection is not caused by the case: the best of the runs counts.
    const rounds = context.runs ?? 3;
    for (let round = 1; round <= rounds; round++) {
      context.note(`the attack suite, ${round} of ${rounds}`);
      for (const reported of await blocks()) {
        const key = `${reported.file}: ${reported.name}`;
        const before = least.get(key);
        least.set(key, before !== undefined && before.block <= reported.block ? before : reported);
      }
    }
    const hosted = await blocksInHost(context);
    const sorted = [...least.values()].sort((one, other) => other.block - one.block);
    const all = [...hosted, ...sorted];
    const above = all.filter(({ block }) => block > bound);
    context.note(`${above.length} of ${all.length} cases are above the goal of ${bound} ms`);
    for (const { name, block, why = "no reason is known: it is a defect" } of above) {
      context.note(`${block.toFixed(1)} ms: ${name}: ${why}`);
    }
    const rowOf = (name: string, ours: number): Row => ({
      name: name.slice(0, 130).replaceAll(/[^\x20-\x7e]/g, "?"),
      unit: "ms",
      ours,
      peer: undefined,
      bar: { of: "ours", value: bound },
    });
    return all.map(({ file, name, block }) =>
      rowOf(`${file.replace(/^test\/attack\/|\.test\.ts$/g, "")}: ${name}`, block),
    );
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
  return run([vitest, "run", "--project", "attack", "--no-file-parallelism", "--reporter=dot"], env);
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
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
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`The attacks failed: ${said}`))));
  });
}

/** The same in the real extension host, with the hostile servers in a separate process. */
async function blocksInHost(context: BenchContext): Promise<readonly Reported[]> {
  context.note("the attacks on the extension host");
  const folder = await mkdtemp(join(tmpdir(), "attack-"));
  const report = join(folder, "report");
  try {
    const script = join(root, "test", "vscode", "run.ts");
    await run([script, "--grep", "attacks on the extension host"], { SSH_SESSIONS_HOST_BLOCKS: report });
    const blocks = JSON.parse(await readFile(report, "utf8")) as HostBlockOf[];
    return blocks
      .map(({ name, wall, processor = wall }) => ({
        file: "the real extension host",
        name,
        block: processor,
      }))
      .sort((one, other) => other.block - one.block);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
