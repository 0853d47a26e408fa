import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { exclusively } from "../../../src/base/lockFile.ts";
import { findKnownHosts } from "../../../src/trust/knownHosts.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { ed25519Blob, keyText } from "../../support/publicKeys.ts";

const writer = join(import.meta.dirname, "..", "..", "support", "knownHostsWriter.ts");
const rounds = 6;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "windows-"));
  file = join(folder, "known_hosts");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

interface Written {
  readonly refused: readonly string[];
  readonly complaints: readonly string[];
}

/** All begin at the same time. */
async function windows(count: number): Promise<readonly Written[]> {
  const started = await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const child = spawn(process.execPath, [writer, file, `${number}`, `${rounds}`], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      await once(child, "spawn");
      return child;
    }),
  );
  return await Promise.all(
    started.map(async (child) => {
      child.stdin.end();
      return JSON.parse(await text(child.stdout)) as Written;
    }),
  );
}

it.each([2, 4])(
  "%i windows that accept, update and forget keys concurrently lose nothing, and write nothing twice",
  async (count) => {
    const key = keyText(ed25519Blob(1));
    const each = (name: (round: number) => string) =>
      Array.from({ length: rounds }, (_, round) => name(round));
    const before = [
      ...each((round) => `updated${round} ${keyText(ed25519Blob(100 + round))}`),
      ...each((round) => `forgotten${round} ${key}`),
    ];
    await writeFile(file, `kept ${key}\n${before.join("\n")}\n`);
    const written = await windows(count);
    expect(written.flatMap(({ complaints }) => complaints)).toEqual([]);
    const bytes = await readFile(file);
    const keysOf = async (host: string): Promise<readonly number[]> => {
      const { entries, problems } = await findKnownHosts(file, bytes, host);
      expect(problems).toEqual([]);
      return entries.map((entry) => entry.key.at(-1) ?? 0);
    };
    expect(await keysOf("kept")).toEqual([1]);
    let lines = 1;
    for (let round = 0; round < rounds; round++) {
      for (let number = 0; number < count; number++) {
        expect([number, round, await keysOf(`own${number}-${round}`)]).toEqual([number, round, [1]]);
      }
      expect([round, await keysOf(`shared${round}`)]).toEqual([round, [1]]);
      expect([round, await keysOf(`updated${round}`)]).toEqual([round, [200 + round]]);
      expect([round, await keysOf(`forgotten${round}`)]).toEqual([round, []]);
      // The first window's key counts, and each other window refuses its own.
      const [winner = 0, ...others] = await keysOf(`contested${round}`);
      expect([round, others]).toEqual([round, []]);
      const losers = written.flatMap(({ refused }, number) =>
        refused.includes(`contested${round}`) ? [number] : [],
      );
      expect([...losers, winner - 10].sort()).toEqual([...new Array(count).keys()]);
      lines += count + 3;
    }
    expect(bytes.toString().trimEnd().split("\n")).toHaveLength(lines);
    expect((await readdir(folder)).sort()).toEqual(["known_hosts", "known_hosts.old"]);
  },
);

it("a lock that a window has left behind is removed after 5 s, and one in use is not", async () => {
  const clock = new ManualClock();
  let [holder, attempts] = ["dead", 0];
  const removed: string[] = [];
  const files = {
    lock: async () => {
      attempts++;
      // In use: it belongs to another window each time.
      const stamp = holder === "living" ? `${attempts}` : holder;
      return holder === "none"
        ? ({ kind: "taken", lock: "/f.lock" } as const)
        : ({ kind: "held", lock: "/f.lock", stamp } as const);
    },
    unlock: async (lock: string) => {
      removed.push(`${lock} ${Math.floor(clock.monotonic() / 1000)}`);
      holder = "none";
    },
  };
  const done = exclusively(files, { path: "/f" }, async () => "done", clock);
  await clock.advance(5_500);
  expect(await done).toBe("done");
  expect(removed).toEqual(["/f.lock 5", "/f.lock 5"]);
  holder = "living";
  const unlocked = exclusively(files, { path: "/f" }, async () => "without a lock", clock);
  await clock.advance(15_500);
  expect(await unlocked).toBe("without a lock");
  expect(removed).toHaveLength(2);
});
