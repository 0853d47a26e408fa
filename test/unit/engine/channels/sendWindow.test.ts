import { describe, expect, test } from "vitest";
import { SendWindow } from "../../../../src/engine/channels/sendWindow.ts";

function makeFlow(window: number, packet: number) {
  const sent: string[] = [];
  const outlet = {
    congested: false,
    parked: 0,
    drains: 0,
    send: (data: Uint8Array) => void sent.push(Buffer.from(data).toString()),
    sendEof: () => void sent.push("<eof>"),
    park: () => void outlet.parked++,
    drained: () => void outlet.drains++,
  };
  const flow = new SendWindow(outlet);
  flow.open(window, packet);
  return { flow, sent, outlet };
}

const highMark = 256 * 1024;

describe("the sending side of a channel", () => {
  test("splits at the peer's packet size and stops at its window", () => {
    const { flow, sent } = makeFlow(5, 2);
    flow.write(Buffer.from("abcdefg"));
    expect(sent).toEqual(["ab", "cd", "e"]);
    expect([flow.queued, flow.window]).toEqual([2, 0]);
    flow.grant(10);
    expect(sent.at(-1)).toBe("fg");
  });

  test("sends EOF after the queued data, once", () => {
    const { flow, sent } = makeFlow(2, 100);
    flow.write(Buffer.from("abc"));
    flow.eof();
    flow.eof();
    expect([sent, flow.eofSent]).toEqual([["ab"], false]);
    flow.grant(1);
    flow.grant(1);
    flow.eof();
    expect([sent, flow.eofSent]).toEqual([["ab", "c", "<eof>"], true]);
    expect(flow.write(Buffer.from("late"))).toBe(false);
  });

  test("drops data that the peer no longer reads, and blocks no writer", () => {
    const { flow, sent, outlet } = makeFlow(2, 100);
    expect(flow.write(Buffer.alloc(highMark + 2))).toBe(false);
    flow.discard();
    expect([flow.queued, outlet.drains]).toEqual([0, 1]);
    expect(flow.write(Buffer.alloc(2 * highMark))).toBe(true);
    flow.grant(1_000_000);
    expect([flow.queued, sent]).toEqual([0, ["\0\0"]]);
    flow.eof();
    expect(sent.at(-1)).toBe("<eof>");
  });

  test("returns false above the mark, and calls back when most of it is sent", () => {
    const { flow, outlet } = makeFlow(0, 32 * 1024);
    expect(flow.write(Buffer.alloc(highMark - 1))).toBe(true);
    expect(flow.write(Buffer.alloc(1))).toBe(false);
    flow.grant(highMark / 2);
    expect([outlet.drains, flow.write(Buffer.alloc(1))]).toEqual([0, false]);
    flow.grant(highMark / 2);
    expect([outlet.drains, flow.write(Buffer.alloc(1))]).toEqual([1, true]);
  });

  test("calls back when a quarter of the mark is left", () => {
    const { flow, outlet } = makeFlow(0, 32 * 1024);
    flow.write(Buffer.alloc(highMark));
    flow.grant((highMark / 4) * 3 - 1);
    expect(outlet.drains).toBe(0);
    flow.grant(1);
    expect([outlet.drains, flow.queued]).toEqual([1, highMark / 4]);
  });

  test("sends no message for a write without data", () => {
    const { flow, sent } = makeFlow(10, 10);
    expect([flow.write(Buffer.alloc(0)), sent]).toEqual([true, []]);
  });

  test("waits while the socket is full, and sends one packet in its turn", () => {
    const { flow, sent, outlet } = makeFlow(100, 2);
    outlet.congested = true;
    flow.write(Buffer.from("abcdef"));
    expect([sent, outlet.parked]).toEqual([[], 1]);
    outlet.congested = false;
    flow.pump(1);
    expect([sent, outlet.parked]).toEqual([["ab"], 2]);
    flow.pump();
    expect([sent, outlet.parked]).toEqual([["ab", "cd", "ef"], 2]);
  });

  test("sends nothing after the close, whatever the peer grants", () => {
    const { flow, sent } = makeFlow(1, 10);
    flow.write(Buffer.from("abc"));
    flow.eof();
    flow.close();
    flow.grant(100);
    expect([sent, flow.queued, flow.write(Buffer.from("x"))]).toEqual([["a"], 0, false]);
  });

  test("a peer without a packet size doesn't stop it", () => {
    const { flow, sent } = makeFlow(10, 0);
    flow.write(Buffer.from("abc"));
    expect(sent.join("")).toBe("abc");
  });
});
