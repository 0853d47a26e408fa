import { performance } from "node:perf_hooks";
import { heldMemory } from "../../support/heldMemory.ts";
import { shownSoFar } from "../../support/shownSoFar.ts";
import type { LivingTerminal } from "./livingTerminal.ts";
import { attackersTime, longestBlock } from "./longestBlock.ts";

/** What one run of a case may cost. The process also contains the attacker. */
export interface Bounds {
  /**
   * Peak of heap and buffers, in bytes. Garbage counts until it is collected, so a busy machine sees up to twice as
   * much as an idle one.
   */
  readonly peak: number;
  /** Bytes that are still reachable at the end, before anything is cleaned up. */
  readonly held: number;
  readonly logLines: number;
  /** Questions to the user. */
  readonly questions: number;
  /** Milliseconds of processor time, without the attacker's. */
  readonly time: number;
  /** Processor time for twice the size, divided by that for the size once. */
  readonly growth: number;
  /** Milliseconds of processor time in which the event loop had no turn. `npm run bench -- attack` has the goal of 50. */
  readonly block: number;
  /** Milliseconds until a terminal on another connection echoes a line: far above what a busy machine needs. */
  readonly answer: number;
}

export const bounds: Bounds = {
  peak: 300e6,
  held: 32e6,
  logLines: 300,
  questions: 3,
  time: 2_000,
  growth: 2.5,
  block: 250,
  answer: 10_000,
};

/** A bound that differs from the default, and why. */
export interface Exception {
  readonly most: number;
  readonly because: string;
}

/**
 * How large an attack is: `size`, with which the case is run, and with twice as much; or why a size makes no sense,
 * for example for one message. All bounds apply unless a case names an exception.
 */
export type AttackKind = ({ readonly size: number } | { readonly once: string }) & {
  readonly except?: { readonly [Bound in keyof Bounds]?: Exception };
};

export interface Cost {
  readonly peak: number;
  readonly held: number;
  readonly logLines: number;
  readonly questions: number;
  readonly time: number;
  readonly block: number;
  readonly answer: number;
}

export interface Verdict {
  /** The exceeded bounds, as text; empty if there are none. */
  readonly broken: readonly string[];
  /** Of the largest run. */
  readonly cost: Cost;
}

/** Processor time below this is noise, and counts as this much: the growth within it is meaningless. */
const noise = 60;

/** Runs a case within its bounds. `cleanUp` follows each run, when its cost is known. */
export async function runBounded(
  kind: AttackKind,
  terminal: Pick<LivingTerminal, "during">,
  body: (size: number) => unknown,
  cleanUp: () => Promise<void>,
): Promise<Verdict> {
  const most = (bound: keyof Bounds): number => kind.except?.[bound]?.most ?? bounds[bound];
  const run = async (size: number): Promise<Cost> => {
    try {
      return await costOfRun(terminal, () => body(size));
    } finally {
      await cleanUp();
    }
  };
  const broken: string[] = [];
  const check = (cost: Cost, size: string): void => {
    for (const bound of ["peak", "held", "logLines", "questions", "time", "block", "answer"] as const) {
      if (cost[bound] > most(bound)) {
        broken.push(`${bound} is ${Math.round(cost[bound])}${size}: more than ${most(bound)}`);
      }
    }
  };
  if ("once" in kind) {
    const cost = await run(1);
    check(cost, "");
    return { broken, cost };
  }
  let once = await run(kind.size);
  let twice = await run(2 * kind.size);
  const factor = (): number => twice.time / Math.max(once.time, noise);
  // The first run warms up: its result is too high. Another process may slow down any single run.
  for (let time = 0; time < 3 && twice.time > noise && (time === 0 || factor() > most("growth")); time++) {
    once = quicker(once, await run(kind.size));
    if (factor() > most("growth")) {
      twice = quicker(twice, await run(2 * kind.size));
    }
  }
  check(twice, ` for ${2 * kind.size}`);
  if (factor() > most("growth")) {
    broken.push(
      `twice the size takes ${factor().toFixed(1)} times as long (${Math.round(twice.time)} ms): more than ${most("growth")}`,
    );
  }
  return { broken, cost: twice };
}

function quicker(one: Cost, other: Cost): Cost {
  return one.time <= other.time ? one : other;
}

const reached = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

async function costOfRun(terminal: Pick<LivingTerminal, "during">, body: () => unknown): Promise<Cost> {
  const before = heldMemory();
  const start = reached();
  const { logLines, questions } = shownSoFar;
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, reached() - start);
  };
  const looking = setInterval(look, 20);
  const processor = process.cpuUsage();
  const attackers = attackersTime();
  try {
    const { result, slowest } = await terminal.during(() =>
      longestBlock(async () => {
        await body();
      }),
    );
    const { user, system } = process.cpuUsage(processor);
    const time = (user + system) / 1000 - (attackersTime() - attackers);
    look();
    const after = heldMemory();
    return {
      peak,
      held: after.heap + after.external - before.heap - before.external,
      logLines: shownSoFar.logLines - logLines,
      questions: shownSoFar.questions - questions,
      time,
      block: result.block,
      answer: slowest,
    };
  } finally {
    clearInterval(looking);
  }
}

/** Rejects a promise that takes longer. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work;
  const took = performance.now() - begun;
  if (took > milliseconds) {
    throw new Error(`It took ${Math.round(took)} ms; at most ${milliseconds} are allowed`);
  }
  return result;
}
