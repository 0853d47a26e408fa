import { beforeEach, describe, expect, it } from "vitest";
import { RedrawPolicy, type ShownRow } from "../../../../src/vscode/views/redrawPolicy.ts";

const row = (over: Partial<ShownRow> = {}): ShownRow => ({
  ...{ key: "m1", text: "web1 12 ms", lasting: "every 30 s", counts: true },
  ...over,
});

describe("when a row is drawn anew", () => {
  let policy: RedrawPolicy;
  beforeEach(() => {
    policy = new RedrawPolicy();
    policy.next([row()], "m1", 0);
  });

  it("everything, when rows came or went", () => {
    expect(policy.next([row(), row({ key: "m2" })], "m1 m2", 1)).toBe("all");
    expect(policy.next([row({ key: "m2" })], "m2", 2)).toBe("all");
  });

  it("not while nothing changed", () => {
    expect(policy.next([row()], "m1", 1000)).toEqual([]);
  });

  it("when its text reads differently", () => {
    expect(policy.next([row({ text: "web1 13 ms" })], "m1", 1000)).toEqual(["m1"]);
    expect(policy.next([row({ text: "web1 13 ms" })], "m1", 2000)).toEqual([]);
  });

  it("at once when a setting changed, also under an open hover and also by a number alone", () => {
    policy.hovered("m1", 1000);
    expect(policy.next([row({ lasting: "every 5 s" })], "m1", 1050)).toEqual(["m1"]);
    expect(policy.next([row({ lasting: "every 5 s" })], "m1", 2050)).toEqual([]);
  });

  it("not for numbers alone while its hover is read, and for them once that is over", () => {
    policy.hovered("m1", 1000);
    expect(policy.next([row({ text: "web1 13 ms" })], "m1", 2000)).toEqual([]);
    expect(policy.next([row({ text: "web1 hung 3 s" })], "m1", 3000)).toEqual(["m1"]);
    policy.hovered("m1", 4000);
    expect(policy.next([row({ text: "web1 hung 9 s" })], "m1", 13_900)).toEqual([]);
    expect(policy.next([row({ text: "web1 hung 10 s" })], "m1", 14_000)).toEqual(["m1"]);
  });

  it("when its hover has become old", () => {
    policy.hovered("m1", 1000);
    expect(policy.next([row()], "m1", 31_000)).toEqual([]);
    expect(policy.next([row()], "m1", 31_001)).toEqual(["m1"]);
    expect(policy.next([row()], "m1", 90_000)).toEqual([]);
  });
});
