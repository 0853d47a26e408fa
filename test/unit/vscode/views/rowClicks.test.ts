import { expect, test } from "vitest";
import { RowClicks } from "../../../../src/vscode/views/rowClicks.ts";
import { ManualClock } from "../../../support/manualClock.ts";

test("the second click of a double click does nothing; another row and a later click do", async () => {
  const clock = new ManualClock();
  const clicks = new RowClicks(clock);
  const [web, db] = [{}, {}];
  expect([clicks.accept(web), clicks.accept(web), clicks.accept(db), clicks.accept(web)]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  await clock.advance(500);
  expect(clicks.accept(web)).toBe(true);
});
