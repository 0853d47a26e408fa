import { describe, expect, test } from "vitest";
import { ReceiveWindow } from "../../../../src/engine/channels/receiveWindow.ts";
import { settle } from "../../../support/manualClock.ts";

function makeFlow(size = 1000, onData: (text: string) => void = () => {}) {
  const told: string[] = [];
  let granted = 0;
  const flow = new ReceiveWindow(size, {
    data: (kind, data) => {
      const text = `${kind}:${Buffer.from(data).toString()}`;
      told.push(text);
      onData(text);
    },
    grant: (bytes) => {
      granted += bytes;
    },
    eof: () => told.push("eof"),
    closed: () => told.push("closed"),
  });
  return { flow, told, granted: () => granted };
}

const bytes = (length: number): Buffer => Buffer.alloc(length, "x");

describe("the receiving side of a channel", () => {
  test("keeps everything, including the end, until the first resume", () => {
    const { flow, told } = makeFlow();
    flow.receive("stdout", Buffer.from("a"));
    flow.receive("stderr", Buffer.from("b"));
    flow.eof();
    flow.close("wait");
    expect(told).toEqual([]);
    flow.resume();
    expect(told).toEqual(["stdout:a", "stderr:b", "eof", "closed"]);
  });

  test("delivers in order data that arrives while a listener handles earlier data", () => {
    const { flow, told } = makeFlow(1000, (text) => {
      if (text === "stdout:a") {
        flow.receive("stdout", Buffer.from("b"));
        flow.eof();
      }
    });
    flow.resume();
    flow.receive("stdout", Buffer.from("a"));
    expect(told).toEqual(["stdout:a", "stdout:b", "eof"]);
  });

  test("gives back no more than the window, even if a little more arrived", () => {
    const { flow, granted } = makeFlow(1000);
    expect([flow.receive("stdout", bytes(1000)), flow.receive("stdout", bytes(50))]).toEqual([
      "kept",
      "excess",
    ]);
    flow.resume();
    expect([flow.window, granted()]).toEqual([1000, 1000]);
  });

  test("gives back no more than the window in several steps, either", () => {
    const { flow, granted } = makeFlow(1000);
    for (const length of [250, 250, 250, 250]) {
      flow.receive("stdout", bytes(length));
    }
    // Of another kind, so that it is delivered apart from the rest.
    flow.receive("stderr", bytes(50));
    flow.resume();
    flow.receive("stdout", bytes(250));
    expect([flow.window, granted()]).toEqual([1000, 1250]);
  });

  test("gives the window back only for delivered data", () => {
    const { flow, granted } = makeFlow(1000);
    flow.receive("stdout", bytes(600));
    expect([flow.window, granted()]).toEqual([400, 0]);
    flow.resume();
    expect([flow.window, granted()]).toEqual([1000, 600]);
    flow.pause();
    flow.receive("stdout", bytes(1000));
    expect([flow.window, granted()]).toEqual([0, 600]);
  });

  test("gives the window back for skipped data", () => {
    const { flow, granted } = makeFlow(1000);
    flow.skip(300);
    expect([flow.window, granted()]).toEqual([1000, 300]);
  });

  test("keeps the order when a listener pauses and resumes during delivery", () => {
    const { flow, told } = makeFlow(1000, (text) => {
      if (text === "stderr:b") {
        flow.pause();
        flow.resume();
      }
      if (text === "stdout:c") {
        flow.pause();
      }
    });
    flow.receive("stdout", Buffer.from("a"));
    flow.receive("stderr", Buffer.from("b"));
    flow.receive("stdout", Buffer.from("c"));
    flow.receive("stderr", Buffer.from("d"));
    flow.resume();
    expect(told).toEqual(["stdout:a", "stderr:b", "stdout:c"]);
    flow.resume();
    expect(told.at(-1)).toBe("stderr:d");
  });

  test("detects a peer that ignores the window", () => {
    const { flow } = makeFlow(1000);
    expect(flow.receive("stdout", bytes(1000))).toBe("kept");
    expect(flow.receive("stdout", bytes(60))).toBe("excess");
    expect(flow.receive("stdout", bytes(40))).toBe("excess");
    expect(flow.receive("stdout", bytes(1))).toBe("exceeded");
  });

  test("an end with held data waits, drops it, or delivers it", async () => {
    for (const [rest, expected] of [
      ["wait", []],
      ["drop", ["closed"]],
      ["deliver", ["stdout:late", "closed"]],
    ] as const) {
      const { flow, told } = makeFlow();
      flow.resume();
      flow.pause();
      flow.receive("stdout", Buffer.from("late"));
      flow.close(rest);
      expect(told).toEqual(expected);
    }
  });

  test("an end before there is a listener is reported a moment later", async () => {
    const { flow, told } = makeFlow();
    flow.receive("stdout", Buffer.from("early"));
    flow.close("deliver");
    expect(told).toEqual([]);
    await settle();
    expect(told).toEqual(["stdout:early", "closed"]);
  });
});
