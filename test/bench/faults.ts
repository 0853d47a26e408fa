import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FaultProxy } from "../lab/faultProxy.ts";
import { Netns, netnsUnavailable } from "../lab/netns.ts";
import { nextOutput, SshClient } from "../lab/sshClient.ts";
import { type SshConfigEntry, sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { exited } from "../lab/watchdog.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { median, timed } from "./measure.ts";
import { knownDead, OwnStacks } from "./ownStack.ts";

/** How long until a dead server is detected. Both meet the same fault at the same moment. */
export const faultsBenchmark: Benchmark = {
  name: "faults",
  about:
    "from the fault to the session's end, beside `ssh -o ServerAliveInterval=1 -o ServerAliveCountMax=3`",
  run: async (context) => {
    const host = await startSshd();
    const proxy = await FaultProxy.start(host);
    try {
      return [
        ...(await eachFault(host.via(proxy), throughProxy(host, proxy), context)),
        ...(await behindJump(host, context)),
        ...(await acrossNetwork(context)),
        await afterWake(host, proxy, context),
      ];
    } finally {
      await proxy.stop();
      await host.stop();
    }
  },
};

interface Fault {
  readonly name: string;
  begin(): void | Promise<void>;
  /** Restores the network for the next run. */
  end(): void | Promise<void>;
}

/** As the sessions' own policy reports: see OwnStacks. */
const samePolicy = ["ServerAliveInterval 1", "ServerAliveCountMax 3"];

function throughProxy(host: SshdHost, proxy: FaultProxy): readonly Fault[] {
  return [
    { name: "server stopped (SIGSTOP)", begin: () => host.freeze(), end: () => host.thaw() },
    { name: "network silent", begin: () => proxy.freeze(), end: () => proxy.thaw() },
    {
      name: "network silent towards us only",
      begin: () => proxy.freeze("toClient"),
      end: () => proxy.thaw(),
    },
    {
      name: "network silent towards the server only",
      begin: () => proxy.freeze("toServer"),
      end: () => proxy.thaw(),
    },
    { name: "connection reset", begin: () => proxy.drop(), end: () => {} },
    {
      name: "server processes killed",
      begin: () => {
        for (const connection of host.connections()) {
          host.kill(connection);
        }
      },
      end: () => {},
    },
  ];
}

async function behindJump(host: SshdHost, context: BenchContext): Promise<Row[]> {
  const jump = await startSshd();
  try {
    const faults: Fault[] = [
      { name: "jump host stopped (SIGSTOP)", begin: () => jump.freeze(), end: () => jump.thaw() },
      {
        name: "jump host's processes killed",
        begin: () => {
          for (const connection of jump.connections()) {
            jump.kill(connection);
          }
        },
        end: () => {},
      },
    ];
    return await eachFault(host, faults, context, sshConfigBlock("jump", jump, samePolicy));
  } finally {
    await jump.stop();
  }
}

async function acrossNetwork(context: BenchContext): Promise<Row[]> {
  const reason = netnsUnavailable();
  if (reason !== undefined) {
    context.note(`left out what needs network namespaces: ${reason}`);
    return [];
  }
  const netns = await Netns.start();
  const host = await startSshd({ address: netns.innerAddress, wrap: netns.wrap });
  try {
    const faults: Fault[] = [
      { name: "packets dropped", begin: () => netns.dropPackets(), end: () => netns.passPackets() },
      { name: "cable pulled", begin: () => netns.linkDown(), end: () => netns.linkUp() },
      { name: "our address gone", begin: () => netns.removeAddress(), end: () => netns.addAddress() },
      {
        name: "firewall has forgotten us (reset at the next packet)",
        begin: () => netns.rejectPackets(),
        end: () => netns.passPackets(),
      },
    ];
    return await eachFault(host, faults, context);
  } finally {
    await host.stop();
    await netns.stop();
  }
}

async function eachFault(
  entry: SshConfigEntry,
  faults: readonly Fault[],
  context: BenchContext,
  jump?: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const fault of faults) {
    context.note(fault.name);
    const runs: Meeting[] = [];
    for (let run = 0; run < (context.runs ?? 5); run++) {
      runs.push(await meet(entry, fault, jump));
    }
    const seconds = (what: keyof Meeting): number => median(runs.map((run) => run[what])) / 1000;
    const peer = seconds("peer");
    rows.push(
      { name: `${fault.name}: noticed`, unit: "s", ours: seconds("noticed"), peer },
      { name: `${fault.name}: session ended`, unit: "s", ours: seconds("ended"), peer },
    );
  }
  return rows;
}

/** Milliseconds since the fault. `ssh` detects it by ending. */
interface Meeting {
  readonly noticed: number;
  readonly ended: number;
  readonly peer: number;
}

/** @param jump ssh_config of the host `jump`, through which both connect */
async function meet(entry: SshConfigEntry, fault: Fault, jump?: string): Promise<Meeting> {
  const way = jump === undefined ? [] : ["ProxyJump jump"];
  const client = await SshClient.for(entry, [...samePolicy, ...way]);
  await appendFile(client.configFile, jump ?? "");
  const stacks = new OwnStacks(client.configFile);
  const stack = stacks.create();
  try {
    const child = client.spawn("echo up; cat");
    const session = await stack.service.open({
      host: "lab",
      kind: "command",
      request: { type: "exec", command: "echo up; cat" },
    });
    const up = new Promise((resolve) => session.onDidReceive(resolve));
    session.resume();
    await Promise.all([up, nextOutput(child)]);
    // Somewhere between two probes.
    await delay(500 + 1000 * Math.random());
    const begun = performance.now();
    const since = (): number => performance.now() - begun;
    const all = Promise.all([
      knownDead(stack.service).then(since),
      session.ended.then(since),
      once(child, "exit").then(since),
    ]);
    await fault.begin();
    const [noticed, ended, peer] = await all;
    await fault.end();
    return { noticed, ended, peer };
  } finally {
    stack.dispose();
    stacks.dispose();
    await client.stop();
  }
}

/** How long the machine sleeps. Longer changes nothing. */
const sleepMs = 5_000;

/**
 * The network vanishes during sleep (both processes are stopped): from the wake-up until the master is known to be
 * dead.
 */
async function afterWake(host: SshdHost, proxy: FaultProxy, context: BenchContext): Promise<Row> {
  const found = { ours: [] as number[], peer: [] as number[] };
  for (let run = 0; run < (context.runs ?? 3); run++) {
    context.note(`sleep ${run + 1}`);
    const client = await SshClient.for(host.via(proxy), samePolicy);
    const program = fileURLToPath(new URL("./sleeper.ts", import.meta.url));
    const own = spawn(process.execPath, [program, client.configFile], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      const child = client.spawn("echo up; cat");
      const lines = createInterface({ input: own.stdout });
      await Promise.all([nextOutput(child), once(lines, "line")]);
      own.kill("SIGSTOP");
      child.kill("SIGSTOP");
      proxy.freeze();
      await delay(sleepMs);
      own.kill("SIGCONT");
      child.kill("SIGCONT");
      const [ours, peer] = await Promise.all([
        timed(() => once(lines, "line")),
        timed(() => once(child, "exit")),
      ]);
      found.ours.push(ours / 1000);
      found.peer.push(peer / 1000);
    } finally {
      own.kill("SIGKILL");
      await exited(own);
      await client.stop();
      proxy.drop();
      proxy.thaw();
    }
  }
  const bar = { of: "ours", value: 2 } as const;
  return {
    name: "known to be dead after a wake",
    unit: "s",
    ours: median(found.ours),
    peer: median(found.peer),
    bar,
  };
}
