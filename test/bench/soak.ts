import { createCipheriv, createHash, randomInt } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Session } from "../../src/session/sessionTypes.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { healthStack } from "../support/healthStack.ts";
import { activeResources, heldMemory, leftBehind } from "../support/heldMemory.ts";
import { LiveTab } from "../support/liveTab.ts";
import type { TestStack } from "../support/testStack.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";

/** Minutes, unless `--minutes` is given. */
const usualMinutes = 10;
const hostNames = ["one", "two", "three"] as const;
/** Bytes that a checksummed command sends, at most. */
const largestOutput = 4 * 1024 * 1024;
/** An open or a command that takes longer than this, without a pending fault, is stuck. Milliseconds. */
const stuckAfter = 90_000;
/** At rest, this much more memory than at the beginning is a leak. Bytes. */
const mostHeld = 40 * 1024 * 1024;

/** mulberry32: small, seeded, and good enough to choose faults. */
function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

interface Tally {
  opened: number;
  checked: number;
  /** Ended with their connection, or did not open because of a fault. */
  lost: number;
  faults: number;
  wrong: string[];
}

/** The setup of the soak test: three hosts behind a jump host, each behind a faulty proxy. */
class Ground implements AsyncDisposable {
  readonly jump: SshdHost;
  readonly hosts: readonly SshdHost[];
  readonly proxies: readonly FaultProxy[];
  readonly stack: TestStack;

  private constructor(
    jump: SshdHost,
    hosts: readonly SshdHost[],
    proxies: readonly FaultProxy[],
    stack: TestStack,
  ) {
    this.jump = jump;
    this.hosts = hosts;
    this.proxies = proxies;
    this.stack = stack;
  }

  static async prepare(): Promise<Ground> {
    const jump = await startSshd();
    const hosts = await Promise.all(hostNames.map(() => startSshd()));
    const proxies = await Promise.all([jump, ...hosts].map((host) => FaultProxy.start(host)));
    const [toJump, ...toHosts] = proxies;
    const blocks = hosts.map((host, at) =>
      sshConfigBlock(hostNames[at] ?? "", host.via(toHosts[at] ?? host), ["ProxyJump jump"]),
    );
    const config = [sshConfigBlock("jump", jump.via(toJump ?? jump)), ...blocks].join("\n");
    const stack = await healthStack(config, { interval: 2, countMax: 2 });
    return new Ground(jump, hosts, proxies, stack);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack[Symbol.asyncDispose]();
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await Promise.all([this.jump, ...this.hosts].map((host) => host.stop()));
  }
}

/** One command whose output is checked against the checksum that the server reports. */
async function checkedCommand(
  ground: Ground,
  random: (below: number) => number,
  tally: Tally,
): Promise<void> {
  const host = hostNames[random(hostNames.length)] ?? "one";
  const bytes = 1 + random(largestOutput);
  const key = random(1_000_000_000);
  const input = Buffer.alloc(random(200_000), key % 256);
  // The same bytes on both sides: a keystream of a known key; then the checksum of what the server has read.
  const script = `head -c ${bytes} /dev/zero | openssl enc -aes-128-ctr -K ${hex(key)} -iv ${hex(key)} 2>/dev/null; sha256sum >&2`;
  const hash = createHash("sha256");
  let received = 0;
  let said = "";
  let session: Session;
  try {
    session = await ground.stack.service.open({
      host,
      kind: "command",
      request: { type: "exec", command: script },
    });
  } catch {
    tally.lost++;
    return;
  }
  tally.opened++;
  session.onDidReceive(({ kind, data }) => {
    if (kind === "stdout") {
      received += data.length;
      hash.update(data);
    } else {
      said += Buffer.from(data).toString("latin1");
    }
  });
  session.write(input);
  session.eof();
  session.resume();
  const outcome = await session.ended;
  if (outcome.kind !== "exited") {
    tally.lost++;
    return;
  }
  const cipher = createCipheriv("aes-128-ctr", Buffer.from(hex(key), "hex"), Buffer.from(hex(key), "hex"));
  const expected = createHash("sha256")
    .update(cipher.update(Buffer.alloc(bytes)))
    .digest("hex");
  const inputSum = createHash("sha256").update(input).digest("hex");
  if (received !== bytes || hash.digest("hex") !== expected) {
    tally.wrong.push(`${host}: ${received} of ${bytes} bytes, or other ones`);
  } else if (!said.startsWith(inputSum)) {
    tally.wrong.push(`${host}: the server read other input: ${said.slice(0, 100)}`);
  } else {
    tally.checked++;
  }
}

function bytesHeld(): number {
  const { heap, external } = heldMemory();
  return heap + external;
}

function hex(key: number): string {
  return key.toString(16).padStart(32, "0");
}

/** One fault, and its end. */
async function fault(ground: Ground, random: (below: number) => number): Promise<void> {
  const proxy = ground.proxies[random(ground.proxies.length)];
  const connections = proxy?.connections ?? [];
  const one = connections[random(Math.max(1, connections.length))];
  const direction = (["both", "toServer", "toClient"] as const)[random(3)] ?? "both";
  switch (random(7)) {
    case 0:
      proxy?.drop();
      break;
    case 1:
      one?.drop();
      break;
    case 2:
      one?.halfClose(random(2) === 0 ? "client" : "server");
      break;
    case 3:
      proxy?.freeze(direction);
      await delay(random(8000));
      proxy?.thaw(direction);
      break;
    case 4:
      proxy?.limit({ bytesPerSecond: 8 * 1024 * (1 + random(64)), delayMs: random(100) }, direction);
      await delay(random(5000));
      proxy?.limit({}, direction);
      break;
    case 5:
      await proxy?.refuse();
      await delay(random(3000));
      await proxy?.accept();
      break;
    case 6:
      proxy?.cutAfter(
        random(6000),
        random(2) === 0 ? "toClient" : "toServer",
        random(2) === 0 ? "reset" : "end",
      );
      await delay(random(2000));
      proxy?.cutAfter(undefined);
      break;
  }
}

/** Fails with what is stuck. */
async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const tooLate = delay(stuckAfter, undefined, { signal: late.signal }).then(() => {
    throw new Error(`stuck: ${what}`);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    late.abort();
    tooLate.catch(() => {});
  }
}

async function soak(minutes: number, seed: number, note: (text: string) => void): Promise<readonly Row[]> {
  const random = seededRandom(seed);
  const tally: Tally = { opened: 0, checked: 0, lost: 0, faults: 0, wrong: [] };
  await using ground = await Ground.prepare();
  const { service } = ground.stack;
  const tabs = hostNames.map((name) => new LiveTab(ground.stack, undefined, name));
  await Promise.all(tabs.map((tab) => tab.prompt()));
  const before = { memory: bytesHeld(), resources: activeResources() };
  const until = performance.now() + minutes * 60_000;
  const loop = async (act: () => Promise<void>): Promise<void> => {
    while (performance.now() < until) {
      await act();
      await delay(random(300));
    }
  };
  const commands = Array.from({ length: 4 }, () =>
    loop(() => inTime("a command", checkedCommand(ground, random, tally))),
  );
  const faults = loop(async () => {
    await delay(500 + random(2500));
    await fault(ground, random);
    tally.faults++;
  });
  const typing = loop(async () => {
    const tab = tabs[random(tabs.length)];
    tab?.resize(60 + random(60), 20 + random(10));
    tab?.type("echo soak\r");
    await delay(random(500));
  });
  await Promise.all([...commands, faults, typing]);
  note(
    `seed ${seed}: ${tally.faults} faults, ${tally.opened} commands, ${tally.lost} lost with their connection`,
  );
  // Every tab reconnects, whatever happened to it.
  for (const tab of tabs) {
    await inTime(
      `a tab that is ${tab.controller.state.kind}`,
      (async () => {
        while (tab.controller.state.kind !== "open") {
          tab.type(tab.controller.state.kind === "ended" ? "r" : "\r");
          await delay(1000);
        }
      })(),
    );
    tab.written = "";
    tab.type("\u0003\recho back-$((40+2))\r");
    await inTime("a tab that came back", tab.waitFor(/^back-42$/m));
  }
  const stuck = service
    .masters()
    .flatMap(({ sessions }) => sessions)
    .filter(({ kind, state }) => kind === "command" && state.kind !== "ended");
  for (const tab of tabs) {
    tab.written = "";
    tab.controller.dispose();
  }
  await service.disconnectAll();
  service.clearHistory();
  const resources = await leftBehind(before.resources, activeResources);
  const held = bytesHeld() - before.memory;
  const failures = [
    ...tally.wrong,
    ...stuck.map(({ id, state }) => `${id} is ${state.kind} though nothing is on its way`),
    ...resources.map((resource) => `left behind: ${resource}`),
    ...(held > mostHeld ? [`${held} bytes more are held`] : []),
    ...(tally.checked === 0 ? ["no command came through: this proves nothing"] : []),
  ];
  if (failures.length > 0) {
    throw new Error(`soak with seed ${seed} failed:\n${failures.join("\n")}`);
  }
  return [
    { name: "commands checked", unit: "count", ours: tally.checked, peer: undefined },
    { name: "faults", unit: "count", ours: tally.faults, peer: undefined },
    {
      name: "memory held more",
      unit: "KB",
      ours: held / 1024,
      peer: undefined,
      bar: { of: "ours", value: mostHeld / 1024 },
    },
  ];
}

export const soakBenchmark: Benchmark = {
  name: "soak",
  about:
    "random opens, cuts, freezes and half-closes on three hosts behind a jump host, checksummed (--minutes, --seed)",
  onlyByName: true,
  run: ({ minutes = usualMinutes, seed = randomInt(2 ** 31), note }: BenchContext) => {
    note(`${minutes} minutes, seed ${seed}`);
    return soak(minutes, seed, note);
  },
};
