import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { KeeperGround, residentKiB } from "../support/keeperGround.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { KeeperRounds } from "./keeperRounds.ts";

const usualReloads = 20;
/** Of the rounds, each so many-th one kills the extension host. */
const killEvery = 4;
const floods = 50;
/** For each session with nobody attached: its screen, 1,000 lines above it, and what waits. Bytes. */
const mostForSession = 8 * 1024 * 1024;

async function soak(reloads: number, note: (text: string) => void): Promise<readonly Row[]> {
  await using rounds = await KeeperRounds.prepare();
  const before = rounds.keeperMemory();
  const kills = Math.ceil(reloads / killEvery);
  const from = performance.now();
  try {
    for (let round = 1; round <= reloads; round++) {
      await rounds.reload();
      note(`reload ${round} of ${reloads} (${rounds.checkedLines} lines checked)`);
      if (round % killEvery === 0 || round === reloads) {
        await rounds.killHost();
        note("the extension host was killed");
      }
    }
  } catch (error) {
    await rounds.picture();
    throw error;
  }
  const seconds = (performance.now() - from) / 1000;
  const held = rounds.keeperMemory() - before;
  const { logins } = rounds;
  await rounds.end();
  if (logins !== 1) {
    throw new Error(`there were ${logins} logins`);
  }
  return [
    { name: "reloads", unit: "count", ours: reloads, peer: undefined },
    { name: "kills of the extension host", unit: "count", ours: kills, peer: undefined },
    { name: "lines of output checked", unit: "count", ours: rounds.checkedLines, peer: undefined },
    { name: "bytes pasted and checked", unit: "count", ours: rounds.pastedBytes, peer: undefined },
    { name: "keeper's memory held more", unit: "KB", ours: held, peer: undefined },
    { name: "time", unit: "s", ours: seconds, peer: undefined },
  ];
}

/** The keeper's memory while sessions write without an end and no window reads. */
async function memory(note: (text: string) => void): Promise<readonly Row[]> {
  const host = await startSshd();
  try {
    await using ground = await KeeperGround.prepare(host);
    const window = await ground.window("one");
    const go = join(ground.folder, "go");
    for (let session = 0; session < floods; session++) {
      const command = `echo ready; until [ -e ${go} ]; do sleep 0.2; done; exec yes ${"y".repeat(60)}`;
      await window.ask({ do: "open", command, keep: `flood-${session}` });
    }
    const [pid = 0] = await ground.keepers();
    await window.kill();
    const before = await residentKiB(pid);
    await writeFile(go, "");
    let [last, most] = [0, 0];
    await until(
      async () => {
        const now = await residentKiB(pid);
        const isStill = Math.abs(now - last) < 256;
        last = now;
        most = Math.max(most, now);
        await delay(2_000);
        return isStill;
      },
      "memory that does not grow",
      300_000,
    );
    note(`${floods} floods: ${Math.round(before / 1024)} MiB before, ${Math.round(most / 1024)} MiB at most`);
    return [
      {
        name: `memory of ${floods} floods`,
        unit: "KB",
        ours: most - before,
        peer: undefined,
        bar: { of: "ours", value: (floods * mostForSession) / 1024 },
      },
    ];
  } finally {
    await host.stop();
  }
}

export const keeperBenchmark: Benchmark = {
  name: "keeper",
  about:
    "six busy terminals over reloads and kills of the extension host, all bytes checked; memory without a window (--runs reloads)",
  onlyByName: true,
  run: async ({ runs = usualReloads, note }: BenchContext) => [
    ...(await soak(runs, note)),
    ...(await memory(note)),
  ],
};
