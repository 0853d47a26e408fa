import { expect, test } from "vitest";
import { JoinedBytes } from "../../../src/base/joinedBytes.ts";

test("pieces of all sizes come back in order", () => {
  const joined = new JoinedBytes();
  const sizes = [1, 0, 5000, 3, 4095, 4096, 1, 70_000, 2];
  const pieces = sizes.map((size, index) => Buffer.alloc(size, index));
  for (const piece of pieces) {
    joined.push(piece);
  }
  expect(joined.length).toBe(sizes.reduce((sum, size) => sum + size));
  expect(joined.take().equals(Buffer.concat(pieces))).toBe(true);
  expect([joined.length, joined.take()]).toEqual([0, Buffer.alloc(0)]);
});

test("a million single bytes cost little more than a million bytes", () => {
  const before = process.memoryUsage();
  const joined = new JoinedBytes();
  for (let at = 0; at < 1_000_000; at++) {
    joined.push(Buffer.of(at % 256));
  }
  const after = process.memoryUsage();
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(50e6);
  const all = joined.take();
  expect(all).toHaveLength(1_000_000);
  expect(all.every((byte, at) => byte === at % 256)).toBe(true);
});

test("a small piece is not changed if its sender reuses the buffer", () => {
  const joined = new JoinedBytes();
  const piece = Buffer.of(1);
  joined.push(piece);
  piece[0] = 2;
  expect(joined.take()).toEqual(Buffer.of(1));
});
