import { readFileSync } from "node:fs";
import { parseForward } from "../../src/config/forwardSpec.ts";
import { freePort } from "../lab/freePort.ts";
import { SshClient } from "../lab/sshClient.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { heldMemory } from "../support/heldMemory.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { LoadProcess } from "./loadProcess.ts";
import { interleaved, median, percentile } from "./measure.ts";
import { OwnStacks } from "./ownStack.ts";

/** Both use this one, because their preferences differ. */
const ciphers = "aes128-gcm@openssh.com";

/**
 * Connections that begin in the same moment: more than `ssh` can take meanwhile and the 128 that the system keeps for
 * it (SSH_LISTEN_BACKLOG in its sshd.h), and not more than it keeps for a listener of Node (511).
 */
const burst = 500;

/** The same port of the server, forwarded by us and by `ssh -N -L`. */
interface Sides {
  readonly load: LoadProcess;
  readonly ours: number;
  readonly peer: number;
  /** The target itself, and a plain proxy to it: no forward can be faster. */
  readonly target: number;
  readonly proxy: number;
  /** The process `ssh`. */
  readonly ssh: number;
}

/** Local forwards: connections, bytes, delays and memory. */
export const forwardsBenchmark: Benchmark = {
  name: "forwards",
  about: `in process, beside \`ssh -N -L\`, both with ${ciphers}; client and target are processes of their own`,
  run: async (context) => {
    const host = await startSshd({ sshd: { MaxSessions: 10 } });
    const client = await SshClient.for(host, [`Ciphers ${ciphers}`]);
    const stacks = new OwnStacks(client.configFile);
    const stack = stacks.create();
    const [load, server, proxies] = [new LoadProcess(), new LoadProcess(), new LoadProcess()];
    try {
      const [target = 0] = await server.ask({ kind: "serve" });
      const [proxy = 0] = await proxies.ask({ kind: "proxy", port: target });
      const [ours, peer] = [await freePort(), await freePort()];
      const spec = parseForward(`-L ${ours}:127.0.0.1:${target}`);
      const { state } = await stack.forwards.start({ host: "lab", spec, origin: { kind: "person" } });
      if (state.kind !== "listening") {
        throw new Error(`ours is ${state.kind}`);
      }
      const ssh = client.spawn("", ["-N", "-L", `${peer}:127.0.0.1:${target}`]);
      await until(
        () =>
          load.ask({ kind: "round-trips", port: peer, count: 1 }).then(
            () => true,
            () => false,
          ),
        "ssh",
      );
      const sides: Sides = { load, ours, peer, target, proxy, ssh: ssh.pid ?? 0 };
      return [
        ...(await connections(sides, context)),
        ...(await throughput(sides, context)),
        ...(await latency(sides, context)),
        ...(await idle(sides, context)),
      ];
    } finally {
      load.dispose();
      server.dispose();
      proxies.dispose();
      stack.dispose();
      stacks.dispose();
      await client.stop();
      await host.stop();
    }
  },
};

async function connections(
  { load, ours, peer, target, proxy, ssh }: Sides,
  context: BenchContext,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [lanes, count] of [
    [1, 200],
    [20, 600],
    [burst, burst],
  ] as const) {
    context.note(`connections, ${lanes} at a time`);
    const rate = async (port: number): Promise<number> => {
      const [time = 0] = await load.ask({ kind: "connections", port, count, lanes });
      return (count / time) * 1000;
    };
    const used = { time: 0, processor: 0 };
    const found = await interleaved(
      () => rate(ours),
      async () => {
        const before = processorTime(ssh);
        const value = await rate(peer);
        used.processor += processorTime(ssh) - before;
        used.time += (count / value) * 1000;
        return value;
      },
      { runs: context.runs ?? 7, warmUp: 2 },
    );
    const manner =
      lanes === 1 ? "one after the other" : `${lanes} ${lanes === burst ? "in one moment" : "at a time"}`;
    const name = `connections a second, ${manner}`;
    rows.push({ name, unit: "count", ...found, bar: { of: "ratio", value: 2, least: true } });
    if (lanes === burst) {
      context.note(
        `${name}: for \`ssh\` this is the second after which TCP repeats a connect that was dropped`,
      );
    } else {
      // The work of the server, the client and the target remains: no forward can be faster.
      const limit = found.peer * (used.time / (used.time - used.processor));
      rows.push({
        name: "the same if `ssh` needed no processor time",
        unit: "count",
        ours: limit,
        peer: found.peer,
      });
    }
    for (const [instead, port] of [
      ["a TCP proxy in Node", proxy],
      ["no forward at all", target],
    ] as const) {
      const limit = await interleaved(
        () => rate(port),
        () => rate(peer),
        { runs: Math.min(3, context.runs ?? 3), warmUp: 1 },
      );
      rows.push({ name: `the same with ${instead} in place of ours`, unit: "count", ...limit });
    }
  }
  return rows;
}

/** Milliseconds that a process has used, to a hundredth of a second (proc(5): utime, stime). */
function processorTime(pid: number): number {
  const [user = 0, system = 0] =
    readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ").slice(11, 13).map(Number) ?? [];
  return (user + system) * 10;
}

async function throughput({ load, ours, peer }: Sides, context: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const streams of [1, 50]) {
    context.note(`${streams} streams`);
    const bytes = 100_000_000;
    const rate = async (port: number): Promise<number> => {
      const [time = 0] = await load.ask({ kind: "download", port, streams, bytes });
      return bytes / 1000 / time;
    };
    const found = await interleaved(
      () => rate(ours),
      () => rate(peer),
      { runs: context.runs ?? 5, warmUp: 1 },
    );
    const bar = { of: "ratio", value: 0.5, least: true } as const;
    rows.push({ name: streams === 1 ? "one stream" : `${streams} streams`, unit: "MB/s", ...found, bar });
  }
  return rows;
}

async function latency({ load, ours, peer }: Sides, context: BenchContext): Promise<Row[]> {
  context.note("delays");
  const shares = {
    middle: [] as { ours: number; peer: number }[],
    high: [] as { ours: number; peer: number }[],
  };
  const times = (port: number): Promise<readonly number[]> =>
    load.ask({ kind: "round-trips", port, count: 2000 });
  for (let round = 0; round < (context.runs ?? 7) + 1; round++) {
    const [first, second] = round % 2 === 0 ? [ours, peer] : [peer, ours];
    const found = new Map([[first, await times(first)]]);
    found.set(second, await times(second));
    const [own, theirs] = [found.get(ours) ?? [], found.get(peer) ?? []];
    if (round > 0) {
      shares.middle.push({ ours: median(own), peer: median(theirs) });
      shares.high.push({ ours: percentile(own, 0.99), peer: percentile(theirs, 0.99) });
    }
  }
  const row = (name: string, found: readonly { ours: number; peer: number }[], value: number): Row => ({
    name,
    unit: "ms",
    ours: median(found.map((each) => each.ours)),
    peer: median(found.map((each) => each.peer)),
    bar: { of: "ratio", value },
  });
  return [
    row("one byte there and back", shares.middle, 2),
    row("the same, 99 % are faster", shares.high, 2.5),
  ];
}

/** A thousand open connections. For ours, the process's memory; for `ssh`, its resident memory. */
async function idle({ load, ours, peer, ssh }: Sides, context: BenchContext): Promise<Row[]> {
  context.note("a thousand connections at once");
  const count = 1000;
  const resident = (): number =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${ssh}/status`, "latin1"))?.[1] ?? 0);
  const held = (): number => {
    const { heap, external } = heldMemory();
    return (heap + external) / 1024;
  };
  const before = { ours: held(), peer: resident() };
  const [up = 0] = await load.ask({ kind: "hold", port: ours, count });
  const after = held();
  await load.ask({ kind: "release" });
  const [peerUp = 0] = await load.ask({ kind: "hold", port: peer, count });
  const peerAfter = resident();
  await load.ask({ kind: "release" });
  return [
    {
      name: "open at the same time",
      unit: "count",
      ours: up,
      peer: peerUp,
      bar: { of: "ours", value: count, least: true },
    },
    {
      name: "memory for each idle connection",
      unit: "KB",
      ours: (after - before.ours) / count,
      peer: (peerAfter - before.peer) / count,
      bar: { of: "ours", value: 50 },
    },
  ];
}
