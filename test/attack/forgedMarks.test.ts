import { describe, expect } from "vitest";
import { Tab } from "../unit/terminal/support/tab.ts";
import { attack } from "./support/attackTest.ts";

const block = `${"x".repeat(79)}\n`.repeat(400);

/** A terminal that never replies, flooded until it pauses its program. */
async function floodedTab(): Promise<Tab> {
  const tab = new Tab();
  tab.stopAnswering();
  await tab.open();
  while (!tab.session.paused) {
    tab.session.send(block);
  }
  return tab;
}

describe("a program that forges replies to flow marks", () => {
  attack(
    "its own queries with close, old or guessed numbers are neither acknowledged nor answered",
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
          // Each reply is a message from the editor to the extension host.
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
    "replies that were given before have no effect",
    { once: "the terminal has given only so many replies" },
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
