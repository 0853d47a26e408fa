import { expect, it } from "vitest";
import { WholeLines } from "../../../../src/engine/transport/wholeLines.ts";
import { ManualClock } from "../../../support/manualClock.ts";

function collector() {
  const clock = new ManualClock();
  const taken: string[] = [];
  const lines = new WholeLines(clock, (text) => taken.push(text));
  return { clock, taken, lines };
}

it("joins lines that arrive in pieces", async () => {
  const { clock, taken, lines } = collector();
  lines.add("error: code");
  await clock.advance(200);
  lines.add("space not ");
  await clock.advance(200);
  lines.add("found\nsecond\nthi");
  expect(taken).toEqual(["error: codespace not found\nsecond\n"]);
  lines.add("rd");
  lines.dispose();
  lines.dispose();
  expect(taken).toEqual(["error: codespace not found\nsecond\n", "third"]);
});

it("does not delay a question without a line end", async () => {
  const { clock, taken, lines } = collector();
  lines.add("Continue (yes/no)? ");
  expect(taken).toEqual([]);
  await clock.advance(250);
  expect(taken).toEqual(["Continue (yes/no)? "]);
});

it("keeps no more of an endless line than it would show", () => {
  const { taken, lines } = collector();
  for (let piece = 0; piece < 100; piece++) {
    lines.add("x".repeat(1000));
  }
  expect(taken.join("")).toHaveLength(99_000);
});
