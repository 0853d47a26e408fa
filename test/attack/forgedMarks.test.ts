import { describe, expect } from "vitest";
import { Tab } from "../unit/terminal/support/tab.ts";
import { attack } from "./support/attackTest.ts";

const block = `${"x".repeat(79)}\n`.repeat(400);

/** A terminal that answers nothing, flooded until it holds its program back. */
async function floodedTab(): Promise<Tab> {
  const tab = new Tab();
  tab.stopAnswering();
  await tab.open();
  while (!tab.session.paused) {
    tab.session.send(block);
  }
  return tab;
}

describe("a program that forges the answers to flow marks", () => {
  attack(
    "by queries of its own with numbers near, old or guessed is neither acknowledged nor answered",
    { size: 50_000 },
    async (size) => {
      const tab = await floodedTab();
      const marks = [...tab.written.matchAll(/\u001b\[\?(\d{10})\$p/g)].map(([, number]) => Number(number));
      expect(marks.length).toBeGreaterThan(3);
      const seen = new Set(marks);
      for (let guess = 0; guess < size; guess++) {
        const number = 1_000_000_000 + ((guess * 11_459) % 1_147_483_648);
        if (!seen.has(number)) {
          tab.controller.input(`\u001b[?${number};0$y`);
        }
        if (guess % 100 === 0) {
          // Each answer is a message of the editor's to the extension host.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      for (const number of marks.flatMap((mark) => [mark - 1, mark + 1])) {
        tab.controller.input(`\u001b[?${number};0$y`);
      }
      expect(tab.session.paused).toBe(true);
      expect(tab.session.input).toBe("");
    },
  );

  attack(
    "by answers that were given before",
    { once: "the terminal has only given so many answers" },
    async () => {
      const tab = await floodedTab();
      const answer = (): void => {
        for (const [, number] of first) {
          tab.controller.input(`\u001b[?${number};0$y`);
        }
      };
      const first = [...tab.written.matchAll(/\u001b\[\?(\d{10})\$p/g)];
      answer();
      expect(tab.session.paused).toBe(false);
      while (!tab.session.paused) {
        tab.session.send(block);
      }
      answer();
      expect(tab.session.paused).toBe(true);
      expect(tab.session.input).toBe("");
    },
  );
});
