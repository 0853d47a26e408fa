import { expect, test } from "vitest";
import { OpeningTurns } from "../../../../src/vscode/terminals/openingTurns.ts";

test("a terminal has its turn when the one before it has passed its own, in whatever order they start", async () => {
  const turns = new OpeningTurns();
  const order: number[] = [];
  const started = [turns.next(), turns.next(), turns.next()].map((turn, index) => ({
    start: async () => {
      await turn.ready;
      order.push(index);
      turn.pass();
      turn.pass();
    },
  }));
  await Promise.all(started.reverse().map(async ({ start }) => await start()));
  expect(order).toEqual([0, 1, 2]);
});
