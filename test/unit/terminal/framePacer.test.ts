import { describe, expect, test } from "vitest";
import { FramePacer } from "../../../src/terminal/framePacer.ts";

const begin = "\u001b[?2026h";
const end = "\u001b[?2026l";

const limits = { shortestHold: 100, longestHold: 300, draw: 10, patience: 1000 };

describe("frame pacer", () => {
  test("a terminal that keeps up is left alone", () => {
    const pacer = new FramePacer();
    expect(pacer.atMark(0, 0, false)).toBe("");
    expect(pacer.atMark(1000, 1000, false)).toBe("");
    expect(pacer.holding).toBe(false);
    expect(pacer.waiting).toBe(false);
  });

  test("holds, then waits until the terminal has caught up and had time for a frame", () => {
    const pacer = new FramePacer(limits);
    expect(pacer.atMark(0, 0, true)).toBe(begin);
    expect(pacer.holding).toBe(true);
    expect(pacer.atMark(10, 99, true)).toBe("");
    expect(pacer.atMark(20, 100, true)).toBe(end);
    expect(pacer.holding).toBe(false);
    expect(pacer.waiting).toBe(true);
    // Output before the terminal's position has to be parsed first.
    expect(pacer.waitingTime).toBe(1000);
    expect(pacer.atMark(30, 150, true)).toBe("");
    pacer.acknowledged(10, 160);
    expect(pacer.waitingTime).toBe(1000);
    pacer.acknowledged(20, 200);
    expect(pacer.waitingTime).toBe(10);
    expect(pacer.goOn(20, 210, true)).toBe(begin);
    expect(pacer.holding).toBe(true);
    expect(pacer.waiting).toBe(false);
  });

  test("without a reply, or without further output, it leaves the terminal alone", () => {
    for (const answered of [true, false]) {
      const pacer = new FramePacer(limits);
      pacer.atMark(0, 0, true);
      pacer.atMark(10, 100, true);
      if (answered) {
        pacer.acknowledged(10, 110);
      }
      expect(pacer.goOn(10, 1100, !answered)).toBe("");
      expect(pacer.holding).toBe(false);
      expect(pacer.waiting).toBe(false);
    }
  });

  test("the time between two floods does not count as that of a frame", () => {
    const pacer = new FramePacer(limits);
    pacer.atMark(0, 0, true);
    pacer.atMark(10, 100, true);
    pacer.acknowledged(10, 110);
    expect(pacer.goOn(10, 120, false)).toBe("");
    expect(pacer.atMark(20, 1000, true)).toBe(begin);
    pacer.acknowledged(30, 1010);
    expect(pacer.atMark(40, 1100, true)).toBe(end);
  });

  test("ends early when the terminal has caught up", () => {
    const pacer = new FramePacer(limits);
    pacer.atMark(0, 0, true);
    expect(pacer.atMark(10, 5, false)).toBe(end);
  });

  test("released early, it holds again only after a frame", () => {
    const pacer = new FramePacer(limits);
    expect(pacer.release(0)).toBe("");
    pacer.atMark(0, 0, true);
    expect(pacer.release(50)).toBe(end);
    expect(pacer.holding).toBe(false);
    expect(pacer.atMark(10, 59, true)).toBe("");
    expect(pacer.atMark(20, 60, true)).toBe(begin);
  });

  test("holds four times as long as drawing took, within the limits", () => {
    for (const { drawing, hold } of [
      { drawing: 20, hold: 100 },
      { drawing: 40, hold: 160 },
      { drawing: 500, hold: 300 },
    ]) {
      const pacer = new FramePacer(limits);
      pacer.atMark(0, 0, true);
      pacer.atMark(10, 100, true);
      pacer.acknowledged(10, 200);
      expect(pacer.goOn(10, 210, true)).toBe(begin);
      pacer.acknowledged(20, 200 + drawing);
      expect(pacer.atMark(30, 210 + hold - 1, true)).toBe("");
      expect(pacer.atMark(40, 210 + hold, true)).toBe(end);
    }
  });
});
