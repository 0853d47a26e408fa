import { describe, expect, it } from "vitest";
import { PromptQueue } from "../../../../src/vscode/prompts/promptQueue.ts";

const open = new AbortController().signal;

function question(): { ask(): Promise<string>; asked: boolean; answer(text: string): void; fail(): void } {
  let settle: { resolve(text: string): void; reject(error: Error): void };
  const promise = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const made = {
    asked: false,
    ask: () => {
      made.asked = true;
      return promise;
    },
    answer: (text: string) => settle.resolve(text),
    fail: () => settle.reject(new Error("broken")),
  };
  return made;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the queue of prompts", () => {
  it("asks one question at a time, in order", async () => {
    const queue = new PromptQueue();
    const [first, second] = [question(), question()];
    const answers = [queue.ask(first.ask, open), queue.ask(second.ask, open)];
    await settled();
    expect([first.asked, second.asked]).toEqual([true, false]);
    first.answer("one");
    await settled();
    expect(second.asked).toBe(true);
    second.answer("two");
    expect(await Promise.all(answers)).toEqual(["one", "two"]);
  });

  it("never asks a question whose caller has left", async () => {
    const queue = new PromptQueue();
    const [first, second, third] = [question(), question(), question()];
    const gaveUp = new AbortController();
    const one = queue.ask(first.ask, open);
    const two = queue.ask(second.ask, gaveUp.signal);
    const three = queue.ask(third.ask, open);
    gaveUp.abort();
    expect(await two).toBeUndefined();
    first.answer("one");
    third.answer("three");
    expect([await one, await three]).toEqual(["one", "three"]);
    expect(second.asked).toBe(false);
  });

  it("continues after a question that failed, and informs its caller", async () => {
    const queue = new PromptQueue();
    const [first, second] = [question(), question()];
    const one = queue.ask(first.ask, open);
    const two = queue.ask(second.ask, open);
    first.fail();
    second.answer("two");
    await expect(one).rejects.toThrow("broken");
    expect(await two).toBe("two");
  });
});
