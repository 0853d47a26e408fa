import { describe, expect, test } from "vitest";
import { idleKey } from "../../../src/terminal/idleKeys.ts";
import { Outage } from "../../../src/terminal/outage.ts";
import { TypedAhead } from "../../../src/terminal/typedAhead.ts";

describe("a key in a tab whose session is not open", () => {
  test.each([
    ["opening", "\u0003", "cancel"],
    ["opening", "\u0004", "cancel"],
    ["opening", "\u001b", "typed"],
    ["opening", "\r", "typed"],
    ["waiting", "\r", "reconnect now"],
    ["waiting", "\u001b", "cancel"],
    ["waiting", "\u0003", "cancel"],
    ["waiting", "\u001b[A", "typed"],
    ["waiting", "r", "typed"],
    ["ended", "r", "reopen"],
    ["ended", "R", "reopen"],
    ["ended", "\r", "close"],
    ["ended", "\u0004", "close"],
    ["ended", "\u001b", "typed"],
    ["ended", "x", "typed"],
  ] as const)("%s, %j: %s", (state, key, meaning) => {
    expect(idleKey(state, key)).toBe(meaning);
  });
});

describe("keys typed ahead", () => {
  test("are not sent if the user reopens the session", () => {
    const typed = new TypedAhead();
    typed.reopens();
    typed.add("m -rf x", true);
    expect(typed.take()).toBe("");
    expect(typed.takeDropped()).toBe(7);
  });

  test("are sent once, in order, when a session opens", () => {
    const typed = new TypedAhead();
    typed.add("ls", true);
    typed.add("\r", true);
    expect(typed.take()).toBe("ls\r");
    expect(typed.take()).toBe("");
    expect(typed.takeDropped()).toBe(0);
  });

  test("are dropped and counted if they were meant for a lost shell", () => {
    const typed = new TypedAhead();
    typed.add("rm -rf x", false);
    expect(typed.take()).toBe("");
    expect(typed.takeDropped()).toBe(8);
    expect(typed.takeDropped()).toBe(0);
  });

  test("are dropped and counted if the attempt fails", () => {
    const typed = new TypedAhead();
    typed.add("abc", true);
    typed.drop();
    expect(typed.take()).toBe("");
    expect(typed.takeDropped()).toBe(3);
  });

  test("do not include a terminal's reply to an ended program", () => {
    const typed = new TypedAhead();
    typed.add("\u001b[1;1R", true);
    expect(typed.take()).toBe("");
    expect(typed.takeDropped()).toBe(0);
  });

  test("are limited to 64 KiB: text that does not fit is dropped completely", () => {
    const typed = new TypedAhead();
    typed.add("a".repeat(65_535), true);
    typed.add("bc", true);
    typed.add("d", true);
    expect(typed.takeDropped()).toBe(2);
    expect(typed.take()).toBe(`${"a".repeat(65_535)}d`);
  });
});

describe("an outage", () => {
  const lost = { limitedFrom: 5 };

  test("lasts from the loss to the next session", () => {
    const outage = new Outage();
    expect(outage.end(1_000)).toBeUndefined();
    outage.begin(1_000, "web1: connection lost", lost);
    expect(outage.lost).toBe(lost);
    expect(outage.end(4_400)).toBe(3);
    expect(outage.lost).toBeUndefined();
    expect(outage.end(9_000)).toBeUndefined();
    expect(outage.text).toBe("web1: connection lost");
  });

  test("shows the same failure once, and a different one again", () => {
    const outage = new Outage();
    outage.begin(0, "", lost);
    expect(outage.attemptFailed("unreachable", false)).toBe(true);
    expect(outage.attemptFailed("unreachable", false)).toBe(false);
    expect(outage.attemptFailed("refused", true)).toBe(true);
    outage.end(1);
    outage.begin(2, "", lost);
    expect(outage.attemptFailed("refused", true)).toBe(true);
  });

  test("needs the user after a login that did, until another attempt shows otherwise", () => {
    const outage = new Outage();
    outage.begin(0, "", lost);
    outage.attemptFailed("refused", true);
    expect(outage.needsPerson).toBe(true);
    outage.attemptCancelled();
    expect(outage.needsPerson).toBe(false);
    outage.attemptFailed("refused", true);
    outage.end(1);
    expect(outage.needsPerson).toBe(false);
  });
});
