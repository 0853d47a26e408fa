import { expect, test } from "vitest";
import { assembleAlgorithms, openSshAlgorithms } from "../../../src/config/algorithmLists.ts";

const names = { offered: ["a1", "a2", "b1"], known: ["a1", "a2", "a3", "b1", "b2"] };

test.each([
  ["a2,b1", ["a2", "b1"]],
  ["+b2,a1", ["a1", "a2", "b1", "b2"]],
  ["^b1,b2", ["b1", "b2", "a1", "a2"]],
  ["-a*", ["b1"]],
  ["-a1,b1", ["a2"]],
  ["a?", ["a1", "a2", "a3"]],
  ["+a*", ["a1", "a2", "b1", "a3"]],
  ["x1", ["x1"]],
])("%s", (list, expected) => {
  expect(assembleAlgorithms(list, names)).toEqual(expected);
});

test("everything that is offered is known", () => {
  for (const { offered, known } of Object.values(openSshAlgorithms)) {
    expect(offered.filter((name) => !known.includes(name))).toEqual([]);
    expect(new Set(offered).size).toBe(offered.length);
  }
});
