import { expect, it } from "vitest";
import { parseAddKeysToAgent } from "../../../src/config/addKeysToAgent.ts";

it("AddKeysToAgent is read as written, and as `ssh -G` prints it", () => {
  expect(parseAddKeysToAgent("yes")).toEqual({ mode: "yes" });
  expect(parseAddKeysToAgent("true")).toEqual({ mode: "yes" });
  expect(parseAddKeysToAgent("ask")).toEqual({ mode: "ask" });
  expect(parseAddKeysToAgent("confirm")).toEqual({ mode: "confirm" });
  expect(parseAddKeysToAgent("confirm 5m")).toEqual({ mode: "confirm", seconds: 300 });
  expect(parseAddKeysToAgent("1h30m")).toEqual({ mode: "yes", seconds: 5400 });
  expect(parseAddKeysToAgent("3600")).toEqual({ mode: "yes", seconds: 3600 });
  expect(parseAddKeysToAgent("no")).toBeUndefined();
  expect(parseAddKeysToAgent("false")).toBeUndefined();
  expect(parseAddKeysToAgent("")).toBeUndefined();
});
