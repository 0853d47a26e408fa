import { afterAll, beforeAll, expect, test } from "vitest";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { FakePrompter } from "../support/authFakes.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { type AttackKind, runBounded } from "./support/bounds.ts";
import { LivingTerminal } from "./support/livingTerminal.ts";

/** Breaks each bound once, to prove that it is enforced. */

let terminal: LivingTerminal;
const kept: unknown[] = [];

beforeAll(async () => {
  terminal = await LivingTerminal.start(new Ssh2Engine());
});

afterAll(() => terminal.stop());

async function broken(kind: AttackKind, body: (size: number) => unknown): Promise<string> {
  const { broken: found } = await runBounded(kind, terminal, body, async () => {
    kept.length = 0;
  });
  return found.join("; ");
}

/** Garbage at the end. */
async function keepsFor(bytes: Buffer, milliseconds: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return bytes.length;
}

function spin(milliseconds: number): void {
  const begun = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(begun);
    if (user + system > milliseconds * 1000) {
      return;
    }
  }
}

/** Many short blocks, none of them long. */
async function toil(milliseconds: number): Promise<void> {
  for (let spent = 0; spent < milliseconds; spent += 10) {
    spin(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const once = { once: "one run is enough" };

test("a cheap case breaks no bound", async () => {
  expect(await broken({ size: 10 }, () => {})).toBe("");
  expect(await broken(once, () => toil(50))).toBe("");
});

test.each<[string, AttackKind, (size: number) => unknown]>([
  ["held is", once, () => kept.push(Buffer.alloc(40e6, 1))],
  ["peak is", once, () => keepsFor(Buffer.alloc(400e6, 1), 100)],
  ["logLines is", once, () => lines(301)],
  ["logLines is 600 for 600", { size: 300 }, (size) => lines(size)],
  ["questions is", once, () => questions(4)],
  ["time is", once, () => toil(2_200)],
  ["block is", once, () => spin(300)],
  ["twice the size takes", { size: 10 }, (size) => toil(size * size)],
])("%s more than allowed: the case fails", async (expected, kind, body) => {
  expect(await broken(kind, body)).toContain(expected);
});

test("an exception changes one bound and no other", async () => {
  const except = { block: { most: 1_000, because: "this test blocks" } };
  expect(await broken({ ...once, except }, () => spin(300))).toBe("");
  expect(await broken({ ...once, except }, () => lines(301))).toContain("logLines is");
});

test("a terminal that gets no reply fails the case", async () => {
  const silent = { during: () => Promise.reject(new Error("line1 never came")) };
  await expect(
    runBounded(
      once,
      silent,
      () => {},
      async () => {},
    ),
  ).rejects.toThrow("never came");
  const slow = {
    during: async <T>(work: () => Promise<T>) => ({ result: await work(), slowest: 11_000 }),
  };
  const { broken: found } = await runBounded(
    once,
    slow,
    () => {},
    async () => {},
  );
  expect(found.join()).toContain("answer is");
});

function lines(count: number): void {
  const logger = new RecordingLogger();
  for (let line = 0; line < count; line++) {
    logger.info("x");
  }
}

async function questions(count: number): Promise<void> {
  const prompter = new FakePrompter();
  for (let question = 0; question < count; question++) {
    await prompter.password(undefined, 1);
  }
}
