import { describe, expect, test } from "vitest";
import { peerSends } from "../../../support/channelMessages.ts";
import { loneEnd } from "../../../support/channelPipe.ts";

describe("many small pieces", () => {
  test("a million single bytes for a paused channel cost little more than their number", async () => {
    const end = loneEnd();
    const opening = end.table.open("session", 2 * 1024 * 1024, Buffer.alloc(0), new AbortController().signal);
    end.table.receive(peerSends.confirmation(0, 7));
    const channel = await opening;
    const before = process.memoryUsage();
    for (let at = 0; at < 1_000_000; at++) {
      const letter = Buffer.from(String.fromCharCode(97 + (at % 26)));
      end.table.receive(at % 1000 < 500 ? peerSends.data(0, letter) : peerSends.extended(0, 1, letter));
    }
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(60e6);
    let pieces = 0;
    let wrong = 0;
    let at = 0;
    channel.onDidReceive(({ kind, data }) => {
      pieces++;
      for (const byte of data) {
        wrong += byte === 97 + (at % 26) && (kind === "stdout") === at % 1000 < 500 ? 0 : 1;
        at++;
      }
    });
    channel.resume();
    expect([at, wrong]).toEqual([1_000_000, 0]);
    expect(pieces).toBeLessThan(5000);
  });
});
