import { setTimeout as delay } from "node:timers/promises";
import { buildExtension } from "../setup/buildExtension.ts";
import { ensureChromium } from "../setup/chromium.ts";
import { ensureVscodeServer } from "../setup/vscodeServer.ts";
import { BareTerminal } from "./bareTerminal.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { floodKinds, writeFloodFiles } from "./floodFiles.ts";
import { interleaved, median, percentile } from "./measure.ts";
import { growthDuring, residentMemory } from "./residentMemory.ts";
import { type TerminalKind, TerminalWindow } from "./terminalWindow.ts";
import { buildUnbounded } from "./unboundedBuild.ts";

const fileBytes = 64 * 1024 * 1024;
/** How long `yes` has been running when Ctrl+C is pressed. Milliseconds. */
const floodTime = 5000;
/** Without flow control, the output queued in that time takes minutes. */
const unboundedFloodTime = 1500;
const flood = "yes 'all work and no play makes a dull terminal'";

/** The effect of a flood of output on a terminal, in the real workbench, over loopback. */
export const terminalBenchmark: Benchmark = {
  name: "terminal",
  about: "our terminal beside VS Code's own on the same machine, with `ssh` in it where the row says so",
  run: async (context) => {
    await ensureVscodeServer();
    await ensureChromium();
    context.note("building");
    await buildExtension();
    // First: it has to be the only extension host.
    const bareGrowth = await growthOfBareTerminal(context);
    const window = await TerminalWindow.open();
    try {
      for (const kind of ["local", "ours", "ssh"] as const) {
        await window.openTerminal(kind, kind);
      }
      const host = { bareGrowth, before: residentMemory().extensionHost };
      const interrupted = await interruptRows(window, context);
      return [
        ...interrupted,
        ...(await throughputRows(window, context, host)),
        ...(await latencyRows(window, context)),
        ...(await unboundedRows(interrupted, context)),
      ];
    } finally {
      await window.close();
    }
  },
};

/** Of the extension host, in MB. */
interface HostMemory {
  /** While an extension only writes, the same total amount. */
  readonly bareGrowth: number;
  /** Before the first flood. */
  readonly before: number;
}

async function interruptRows(window: TerminalWindow, context: BenchContext): Promise<Row[]> {
  const press = async (kind: TerminalKind): Promise<number> => {
    context.note(`Ctrl+C, ${kind}`);
    await window.show(kind);
    return await interrupt(window, kind, floodTime);
  };
  const options = { runs: context.runs ?? 5, warmUp: 1 };
  const local = await interleaved(
    () => press("ours"),
    () => press("local"),
    options,
  );
  const bar = { of: "ratio", value: 1.5 } as const;
  return [
    { name: "Ctrl+C in a flood, to the prompt", unit: "ms", ...local, bar },
    {
      name: "the same, beside ssh",
      unit: "ms",
      ours: local.ours,
      peer: median([await press("ssh"), await press("ssh"), await press("ssh")]),
    },
  ];
}

/** Milliseconds from Ctrl+C to the prompt. */
async function interrupt(window: TerminalWindow, name: string, after: number): Promise<number> {
  const { probe } = window;
  await probe.input(name, `${flood}\r`);
  await delay(after);
  const pressed = await probe.press("Control+c");
  return (await probe.word(name, "prompt", pressed)) - pressed;
}

async function throughputRows(
  window: TerminalWindow,
  context: BenchContext,
  host: HostMemory,
): Promise<Row[]> {
  const rows: Row[] = [];
  let hostGrowth = 0;
  const windowGrowth: Record<TerminalKind, number[]> = { ours: [], local: [], ssh: [] };
  for (const { name, path, bytes } of await writeFloodFiles(window.folder, fileBytes)) {
    const rate = async (kind: TerminalKind): Promise<number> => {
      context.note(`${name}, ${kind}`);
      await window.show(kind);
      await window.collectGarbage();
      const before = residentMemory();
      const { result, grown } = await growthDuring(before, () => window.run(kind, `cat ${path}`));
      if (result === undefined) {
        context.note("it stopped: once more, in another terminal");
        await window.replace(kind, kind);
        return await rate(kind);
      }
      windowGrowth[kind].push(grown.window);
      if (kind === "ours") {
        hostGrowth = Math.max(hostGrowth, before.extensionHost + grown.extensionHost - host.before);
      }
      return bytes / 1e6 / (result / 1000);
    };
    const rates = await interleaved(
      () => rate("ours"),
      () => rate("local"),
      { runs: floodRuns(context), warmUp: 0 },
    );
    rows.push({
      name: `cat: ${name}`,
      unit: "MB/s",
      ...rates,
      bar: { of: "ratio", value: 2, least: true },
    });
  }
  return [
    ...rows,
    {
      name: "window's memory: growth in a cat",
      unit: "MB",
      ours: median(windowGrowth.ours),
      peer: median(windowGrowth.local),
      bar: { of: "ratio", value: 1 },
    },
    {
      name: "extension host's memory: growth over all of it, beside a bare extension",
      unit: "MB",
      ours: hostGrowth,
      peer: host.bareGrowth,
      bar: { of: "ours", value: 32 },
    },
  ];
}

function floodRuns({ runs }: BenchContext): number {
  return runs ?? 3;
}

/** The growth of the extension host when an extension only writes, the same total amount. */
async function growthOfBareTerminal(context: BenchContext): Promise<number> {
  context.note("a bare extension's terminal");
  const bare = await BareTerminal.open(fileBytes);
  try {
    const { grown } = await growthDuring(residentMemory(), async () => {
      for (let run = 0; run < floodRuns(context) * floodKinds; run++) {
        await bare.run();
      }
    });
    return grown.extensionHost;
  } finally {
    await bare.close();
  }
}

async function latencyRows(window: TerminalWindow, context: BenchContext): Promise<Row[]> {
  const rows = await echoRows(window, "idle", ["ours", "local", "ssh"], context);
  for (const kind of ["ours", "local", "ssh"] as const) {
    await window.openTerminal(kind, `${kind} flood 1`);
  }
  rows.push(...(await echoRows(window, "beside a flood", ["ours", "local", "ssh"], context, 1)));
  for (const kind of ["ours", "local"] as const) {
    await window.openTerminal(kind, `${kind} flood 2`);
    await window.openTerminal(kind, `${kind} flood 3`);
  }
  rows.push(...(await echoRows(window, "beside three floods", ["ours", "local"], context, 3)));
  return rows;
}

/** Echo of a key in the terminals of the named kinds, while `floods` others of the same kind flood. */
async function echoRows(
  window: TerminalWindow,
  situation: string,
  kinds: readonly TerminalKind[],
  context: BenchContext,
  floods = 0,
): Promise<Row[]> {
  const times: Record<TerminalKind, number[]> = { ours: [], local: [], ssh: [] };
  const { probe } = window;
  for (let round = 0; round < (context.runs ?? 4); round++) {
    for (const kind of round % 2 === 0 ? kinds : [...kinds].reverse()) {
      context.note(`echo ${situation}, ${kind}`);
      const others = Array.from({ length: floods }, (_, index) => `${kind} flood ${index + 1}`);
      await window.show(kind);
      for (const name of others) {
        await probe.input(name, `${flood}\r`);
      }
      await delay(floods > 0 ? 2000 : 200);
      times[kind].push(...(await echoes(window, kind)));
      for (const name of others) {
        const stopped = await probe.input(name, "\u0003");
        await probe.word(name, "prompt", stopped);
      }
    }
  }
  const row = (share: number, peer: TerminalKind): Row => ({
    name: `echo ${situation}${peer === "ssh" ? ", beside ssh" : ""}, ${share === 0.5 ? "median" : "99 %"}`,
    unit: "ms",
    ours: percentile(times.ours, share),
    peer: percentile(times[peer], share),
    ...(floods === 3 ? { bar: { of: "ours", value: 100 } as const } : {}),
  });
  return kinds.slice(1).flatMap((peer) => [row(0.5, peer), row(0.99, peer)]);
}

async function echoes(window: TerminalWindow, name: string): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < 50; count++) {
    times.push(await window.probe.echo(name, "x"));
    await delay(20 + 20 * Math.random());
  }
  // Clears the line.
  await window.probe.echo(name, "Control+u");
  return times;
}

async function unboundedRows(interrupted: readonly Row[], context: BenchContext): Promise<Row[]> {
  context.note("building without flow control");
  const unbounded = await buildUnbounded();
  try {
    const window = await TerminalWindow.open(unbounded.extensionPath);
    try {
      await window.openTerminal("ours", "ours");
      await window.show("ours");
      context.note("Ctrl+C without flow control");
      const { result, grown } = await growthDuring(residentMemory(), () =>
        interrupt(window, "ours", unboundedFloodTime),
      );
      const peer = interrupted[0]?.peer;
      return [
        {
          name: `without flow control: Ctrl+C after ${unboundedFloodTime / 1000} s`,
          unit: "ms",
          ours: result,
          peer,
        },
        {
          name: "without flow control: memory of all processes, growth",
          unit: "MB",
          ours: grown.all,
          peer: undefined,
        },
      ];
    } finally {
      await window.close();
    }
  } finally {
    await unbounded.remove();
  }
}
