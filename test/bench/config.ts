import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { configEnvironment } from "../../src/config/configEnvironment.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import { repositoryRoot } from "../setup/repository.ts";
import { FakeSettings } from "../support/configFixtures.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { interleaved, median, timed } from "./measure.ts";

const run = promisify(execFile);

const fileCount = 200;
const hostsInFile = 50;

/** A large ssh_config. The list has no peer; resolving a host is compared with `ssh -G`. */
export const configBenchmark: Benchmark = {
  name: "config",
  about: "10,000 hosts in 200 included files: listed, and one of them resolved, beside `ssh -G`",
  run: async (context) => {
    const home = await mkdtemp(join(tmpdir(), "ssh-sessions-bench-"));
    try {
      await writeHosts(home);
      return [...(await listing(home, context)), await resolving(home, context)];
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function writeHosts(home: string): Promise<void> {
  await mkdir(join(home, ".ssh/conf.d"), { recursive: true, mode: 0o700 });
  await mkdir(join(home, "etc"));
  const options = { mode: 0o600 };
  // An absolute path: `ssh -F` would look for others in the real home folder.
  const include = `Include ${join(home, ".ssh/conf.d")}/*\nHost *\n  ServerAliveInterval 30\n`;
  await writeFile(join(home, ".ssh/config"), include, options);
  for (let file = 0; file < fileCount; file++) {
    const blocks = Array.from({ length: hostsInFile }, (_, index) =>
      [
        `Host ${nameOf(file, index)}`,
        `  HostName 10.1.${file}.${index}`,
        "  User alice",
        "  Port 2200",
        `  IdentityFile ~/.ssh/id_${file}`,
        "",
      ].join("\n"),
    );
    await writeFile(
      join(home, `.ssh/conf.d/${String(file).padStart(3, "0")}.conf`),
      blocks.join("\n"),
      options,
    );
  }
}

function nameOf(file: number, index: number): string {
  return `host${file}-${index}`;
}

/** In a new process each time: reading, and compiling the code that reads. */
async function listing(home: string, { runs = 7, note }: BenchContext): Promise<Row[]> {
  const probe = join(repositoryRoot, "test", "bench", "configProbe.ts");
  const found: { readonly cold: number; readonly warm: number; readonly block: number }[] = [];
  for (let i = 0; i < runs; i++) {
    note(`list ${i + 1}`);
    const { stdout } = await run(process.execPath, [probe, home]);
    found.push(JSON.parse(stdout) as (typeof found)[number]);
  }
  const row = (name: string, key: "cold" | "warm" | "block", most: number): Row => ({
    name,
    unit: "ms",
    ours: median(found.map((values) => values[key])),
    peer: undefined,
    bar: { of: "ours", value: most },
  });
  return [
    row("list of 10,000 hosts, first time", "cold", 300),
    row("list of 10,000 hosts, nothing changed", "warm", 100),
    row("longest block of the event loop in the first", "block", 50),
  ];
}

/** The last host of the last file; the resolver has read the files, but has not resolved this host. */
async function resolving(home: string, { runs = 15, note }: BenchContext): Promise<Row> {
  note("resolve");
  const settings = new FakeSettings();
  settings.configFile = join(home, ".ssh/config");
  const resolver = createHostResolver({
    settings,
    clock: systemClock,
    logger: silentLogger,
    environment: configEnvironment({ homedir: home, systemFolder: join(home, "etc") }),
  });
  try {
    await resolver.hosts();
    let next = 0;
    const alias = (): string => nameOf(fileCount - 1, next++ % hostsInFile);
    const { ours, peer } = await interleaved(
      () => timed(() => resolver.resolve(alias())),
      () => timed(() => run("ssh", ["-G", "-F", settings.configFile, alias()])),
      { runs: Math.min(runs, hostsInFile / 2 - 2) },
    );
    return { name: "a host resolved", unit: "ms", ours, peer, bar: { of: "ratio", value: 2 } };
  } finally {
    resolver.dispose();
  }
}
