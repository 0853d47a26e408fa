import { expect, test } from "vitest";
import { DetailsHistory } from "../../../src/session/detailsHistory.ts";

test("rates are in bytes per second, and unknown for the first sample and for a counter that was reset", () => {
  const history = new DetailsHistory();
  expect(history.rates()).toEqual([]);
  history.add({ at: 10_000, bytesIn: 100, bytesOut: 1000 });
  history.add({ at: 10_500, bytesIn: 300, bytesOut: 1000 });
  history.add({ at: 12_500, bytesIn: 0, bytesOut: 1500 });
  expect(history.rates()).toEqual([
    { in: undefined, out: undefined },
    { in: 400, out: 0 },
    { in: undefined, out: 250 },
  ]);
});

test("the last 300 samples are kept, and a clock that was set back restarts them", () => {
  const history = new DetailsHistory();
  for (let at = 1; at <= 301; at++) {
    history.add({ at, bytesIn: 0, bytesOut: 0 });
  }
  expect([history.samples.length, history.samples[0]?.at, history.samples.at(-1)?.at]).toEqual([300, 2, 301]);
  history.add({ at: 301, bytesIn: 5, bytesOut: 0 });
  expect(history.samples).toEqual([{ at: 301, bytesIn: 5, bytesOut: 0 }]);
});
