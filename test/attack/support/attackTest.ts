/**
 * All tests of `test/attack` are made with `attack`: each runs beside a terminal on a good connection of the same
 * engine, and within the bounds of `bounds.ts`. `test/unit/attackSuite.test.ts` allows no other tests.
 */
import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Ssh2Engine } from "../../../src/engine/ssh2/ssh2Engine.ts";
import type { TestStack } from "../../support/testStack.ts";
import { type AttackKind, runBounded } from "./bounds.ts";
import { LivingTerminal } from "./livingTerminal.ts";

/** Also used by the terminal. */
export const engine = new Ssh2Engine();

let terminal: LivingTerminal | undefined;
const cleanups: (() => unknown)[] = [];

/** Registers what to call when the run of a case has ended and its cost is known, the newest first. */
export function defer(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

const setups: (() => unknown)[] = [];

/** Registers, once per file, how each run of its cases begins. It counts for the bounds. */
export function beforeRun(setup: () => unknown): void {
  setups.push(setup);
}

async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
}

beforeAll(async () => {
  terminal = await LivingTerminal.start(engine);
});

afterAll(() => terminal?.stop());

/** The terminal's stack, for attacks by its other hosts. */
export function livingStack(): TestStack {
  if (terminal === undefined) {
    throw new Error("the terminal has not been started");
  }
  return terminal.stack;
}

async function runCase(kind: AttackKind, body: (size: number) => unknown): Promise<void> {
  if (terminal === undefined) {
    throw new Error("the terminal has not been started");
  }
  const run = async (size: number): Promise<void> => {
    for (const setup of setups) {
      await setup();
    }
    await body(size);
  };
  const { broken, cost } = await runBounded(kind, terminal, run, cleanUp);
  const report = process.env["SSH_SESSIONS_ATTACK_REPORT"];
  if (report !== undefined) {
    const { currentTestName: name, testPath = "" } = expect.getState();
    const file = relative(process.cwd(), testPath);
    const why = kind.except?.block?.because;
    appendFileSync(report, `${JSON.stringify({ file, name, why, ...cost })}\n`);
  }
  expect(broken).toEqual([]);
}

interface Attack {
  /** `body` receives the size if the kind has one. */
  (name: string, kind: AttackKind, body: (size: number) => unknown, timeout?: number): void;
  each<Row extends readonly [unknown, ...unknown[]]>(
    rows: readonly Row[],
  ): (name: string, kind: AttackKind, body: (...given: [...Row, size: number]) => unknown) => void;
}

export const attack: Attack = Object.assign(
  (name: string, kind: AttackKind, body: (size: number) => unknown, timeout?: number): void =>
    test(name, timeout === undefined ? {} : { timeout }, () => runCase(kind, body)),
  {
    each:
      <Row extends readonly [unknown, ...unknown[]]>(rows: readonly Row[]) =>
      (name: string, kind: AttackKind, body: (...given: [...Row, size: number]) => unknown): void =>
        test.each(rows.map((row) => [...row]))(name, (...row: unknown[]) =>
          runCase(kind, (size) => body(...([...row, size] as [...Row, size: number]))),
        ),
  },
);

/** Why a case with one message, or a few, has no size. */
export const oneMessage = { once: "a single message is sent" } as const;
export const onePeer = { once: "the server misbehaves once, and chooses no size" } as const;

/** Random inputs, most of them small. The bounds apply to all of them together, except for the time. */
export const fuzz = {
  once: "the inputs are random, also in their size",
  except: {
    time: { most: 600_000, because: "a fuzzer runs as long as requested" },
    peak: { most: 400e6, because: "the inputs are made here, and most of them is garbage" },
    logLines: { most: Number.POSITIVE_INFINITY, because: "each of many thousand inputs may leave a line" },
  },
} as const satisfies AttackKind;
