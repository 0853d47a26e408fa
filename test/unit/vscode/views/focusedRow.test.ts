import { describe, expect, it } from "vitest";
import { FocusedRow } from "../../../../src/vscode/views/focusedRow.ts";
import { Row, type RowSource } from "../../../../src/vscode/views/row.ts";
import { ManualClock } from "../../../support/manualClock.ts";

const row = (key: string): Row => new Row({} as RowSource, key, undefined);
const [first, second] = [row("first"), row("second")];

/** The row that a key acts on, after these selections of the view. */
function focused(...selections: readonly (readonly Row[])[]): string | undefined {
  const found = new FocusedRow(new ManualClock());
  for (const selection of selections) {
    found.update(selection);
  }
  return found.row()?.key;
}

describe("the focused row of a view", () => {
  it.each([
    ["joined the selection and left it", [[first], [first, second], [first]], "second"],
    ["left the selection and returned", [[first], [], [first]], "first"],
    ["joined an empty selection and left it", [[], [second], []], "second"],
    ["is the only one that was ever selected", [[second], []], "second"],
  ])("is the one that %s", (_, selections, key) => {
    expect(focused(...selections)).toBe(key);
  });

  it.each([
    ["another row has been clicked", [[first], [second]]],
    ["a row has been clicked after another and again", [[first], [second], [first]]],
    ["only one of two toggles has arrived", [[first], [first, second]]],
    ["nothing has been selected", []],
  ])("is not known if %s", (_, selections) => {
    expect(focused(...selections)).toBeUndefined();
  });

  it("serves several keys that are pressed at once, and none that is pressed later without a focus", async () => {
    const clock = new ManualClock();
    const found = new FocusedRow(clock);
    for (const selection of [[first], [], [first], [], [first]]) {
      found.update(selection);
    }
    expect([found.row()?.key, found.row()?.key]).toEqual(["first", "first"]);
    await clock.advance(3_000);
    expect(found.row()).toBeUndefined();
  });
});
