import { expect, test } from "vitest";
import { Typing } from "../../../src/terminal/typing.ts";
import { ManualClock } from "../../support/manualClock.ts";

test("others pause while the user types in one terminal, and for a second after the last key", async () => {
  const clock = new ManualClock();
  const typing = new Typing(clock);
  const [one, other] = [{}, {}];
  expect(typing.restFor(one)).toBe(0);
  typing.typed(one, "a");
  expect(typing.restFor(one)).toBe(0);
  expect(typing.restFor(other)).toBeGreaterThan(0);
  await clock.advance(999);
  expect(typing.restFor(other)).toBeGreaterThan(0);
  typing.typed(other, "a");
  expect(typing.restFor(other)).toBe(0);
  expect(typing.restFor(one)).toBeGreaterThan(0);
  await clock.advance(1000);
  expect(typing.restFor(one)).toBe(0);
});

test("a terminal's replies to a program do not count as typing, similar keys do", () => {
  const one = {};
  const rests = (text: string): boolean => {
    const typing = new Typing(new ManualClock());
    typing.typed(one, text);
    return typing.restFor({}) > 0;
  };
  const cursor = "\u001b[24;80R";
  for (const report of [
    "\u001b[?1;2c",
    "\u001b[>0;276;0c",
    "\u001b[0n",
    "\u001b[?997;1n",
    cursor,
    cursor + cursor,
    "\u001b[?2026;2$y",
    "\u001b[4;2$y",
    "\u001b[8;24;80t",
    "\u001b[?1u",
    "\u001b[I",
    "\u001b[O",
    "\u001b]11;rgb:1e1e/1e1e/1e1e\u001b\\",
    "\u001b]52;c;YQ==\u0007",
    "\u001bP1$r0m\u001b\\",
    "\u001bP>|xterm.js(6.0.0)\u001b\\",
    "\u001b_Gi=31;OK\u001b\\",
  ]) {
    expect(rests(report), JSON.stringify(report)).toBe(false);
  }
  for (const key of [
    "a",
    "\u0003",
    "\u001b",
    "\u001b[A",
    "\u001bOP",
    "\u001bOR",
    "\u001b]",
    "\u001bP",
    "\u001b[15~",
    "\u001b[97;5u",
    "\u001b[Z",
    "\u001b[<0;3;4M",
    "\u001b[200~pasted\u001b[201~",
    `${cursor}a`,
  ]) {
    expect(rests(key), JSON.stringify(key)).toBe(true);
  }
});
