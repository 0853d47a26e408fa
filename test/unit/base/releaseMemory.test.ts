import { expect, test } from "vitest";
import { releaseMemory } from "../../../src/base/releaseMemory.ts";

test("the memory of a large piece that is alone in it is freed", () => {
  const packet = Buffer.allocUnsafeSlow(32 * 1024 + 30);
  releaseMemory(packet.subarray(10, 10 + 32 * 1024));
  expect([packet.length, packet.buffer.byteLength]).toEqual([0, 0]);
});

test.each([
  ["a small piece, whose memory may be a pool", Buffer.alloc(16 * 1024), 0, 16 * 1024],
  ["a piece beside another one", Buffer.alloc(64 * 1024), 0, 32 * 1024],
  ["the end of a buffer", Buffer.alloc(64 * 1024), 32 * 1024, 64 * 1024],
])("the memory of %s is not freed", (_, buffer, from, to) => {
  buffer.fill(7);
  const { length } = buffer;
  releaseMemory(buffer.subarray(from, to));
  expect(buffer.length).toBe(length);
  expect(buffer.every((byte) => byte === 7)).toBe(true);
});
