import { beforeEach, describe, expect, it } from "vitest";
import { RedrawPolicy, type ShownRow } from "../../../../src/vscode/views/redrawPolicy.ts";

const row = (over: Partial<ShownRow<string>> = {}): ShownRow<string> => ({
  ...{ row: "m1", parent: undefined, children: [], text: "web1 12 ms", lasting: "every 30 s", counts: true },
  ...over,
});

describe("redrawing of a row", () => {
  let policy: RedrawPolicy<string>;
  beforeEach(() => {
    policy = new RedrawPolicy();
    policy.next([row()], ["m1"], 0);
  });

  it("everything, if top-level rows were added, removed or moved", () => {
    expect(policy.next([row(), row({ row: "m2" })], ["m1", "m2"], 1)).toBe("all");
    expect(policy.next([row(), row({ row: "m2" })], ["m2", "m1"], 2)).toBe("all");
    expect(policy.next([row({ row: "m2" })], ["m2"], 3)).toBe("all");
  });

  it("only the parent row, if rows below it were added, removed or moved", () => {
    const below = (...children: string[]) => [
      row({ children }),
      ...children.map((child) => row({ row: child, parent: "m1" })),
      row({ row: "m2" }),
    ];
    policy.next(below("s1"), ["m1", "m2"], 1);
    expect(policy.next(below("s1", "s2"), ["m1", "m2"], 2)).toEqual(["m1"]);
    expect(policy.next(below("s2", "s1"), ["m1", "m2"], 3)).toEqual(["m1"]);
    expect(policy.next(below("s1"), ["m1", "m2"], 4)).toEqual(["m1"]);
    expect(policy.next(below("s1"), ["m1", "m2"], 5)).toEqual([]);
  });

  it("nothing below a redrawn row: VS Code redraws it as well", () => {
    const tree = (master: string, session: string, login: string) => [
      row({ text: master, children: ["s1"] }),
      row({ row: "s1", parent: "m1", text: session, children: ["l1"] }),
      row({ row: "l1", parent: "s1", text: login }),
    ];
    policy.next(tree("a", "b", "c"), ["m1"], 1);
    expect(policy.next(tree("a2", "b2", "c2"), ["m1"], 2)).toEqual(["m1"]);
    expect(policy.next(tree("a2", "b3", "c3"), ["m1"], 3)).toEqual(["s1"]);
    expect(policy.next(tree("a2", "b3", "c4"), ["m1"], 4)).toEqual(["l1"]);
    expect(policy.next(tree("a3", "b3", "c5"), ["m1"], 5)).toEqual(["m1"]);
  });

  it("nothing without a change", () => {
    expect(policy.next([row()], ["m1"], 1000)).toEqual([]);
  });

  it("if its text changes", () => {
    expect(policy.next([row({ text: "web1 13 ms" })], ["m1"], 1000)).toEqual(["m1"]);
    expect(policy.next([row({ text: "web1 13 ms" })], ["m1"], 2000)).toEqual([]);
  });

  it("at once if a setting changed, also with an open hover and also for a number alone", () => {
    policy.hovered("m1", 1000);
    expect(policy.next([row({ lasting: "every 5 s" })], ["m1"], 1050)).toEqual(["m1"]);
    expect(policy.next([row({ lasting: "every 5 s" })], ["m1"], 2050)).toEqual([]);
  });

  it("not for numbers alone while its hover is open, and afterwards", () => {
    policy.hovered("m1", 1000);
    expect(policy.next([row({ text: "web1 13 ms" })], ["m1"], 2000)).toEqual([]);
    expect(policy.next([row({ text: "web1 hung 3 s" })], ["m1"], 3000)).toEqual(["m1"]);
    policy.hovered("m1", 4000);
    expect(policy.next([row({ text: "web1 hung 9 s" })], ["m1"], 13_900)).toEqual([]);
    expect(policy.next([row({ text: "web1 hung 10 s" })], ["m1"], 14_000)).toEqual(["m1"]);
  });

  it("if its hover is too old", () => {
    policy.hovered("m1", 1000);
    expect(policy.next([row()], ["m1"], 31_000)).toEqual([]);
    expect(policy.next([row()], ["m1"], 31_001)).toEqual(["m1"]);
    expect(policy.next([row()], ["m1"], 90_000)).toEqual([]);
  });

  it("not for an old hover that was closed because the parent row was redrawn", () => {
    const tree = (text: string) => [
      row({ text, children: ["s1"] }),
      row({ row: "s1", parent: "m1", text: "s" }),
    ];
    policy.next(tree("a"), ["m1"], 1);
    policy.hovered("s1", 1000);
    expect(policy.next(tree("b"), ["m1"], 2000)).toEqual(["m1"]);
    expect(policy.next(tree("b"), ["m1"], 40_000)).toEqual([]);
  });
});
