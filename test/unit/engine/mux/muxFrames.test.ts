import { describe, expect, test } from "vitest";
import { MuxFrames } from "../../../../src/engine/mux/muxFrames.ts";

const frame = (text: string): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(text.length);
  return Buffer.concat([head, Buffer.from(text)]);
};

function all(frames: MuxFrames): string[] {
  const found: string[] = [];
  for (let next = frames.next(); next !== undefined; next = frames.next()) {
    found.push(next.toString());
  }
  return found;
}

const texts = ["", "a", "four", "x".repeat(100), "", "y".repeat(1000), "end"];
const stream = Buffer.concat(texts.map(frame));

describe("frames in memory that is used again", () => {
  const long = [5_000, 40_000, 100, 65_000, 70_000, 9_000].map((length, at) => `${at}`.repeat(length));
  const longStream = Buffer.concat(long.map(frame));

  test.each([1_000, 4_097, 30_000, 65_536, longStream.length])(
    "are the same in chunks of %d bytes, if each is read before the next",
    (size) => {
      const frames = new MuxFrames({ reuses: true });
      const found: string[] = [];
      for (let at = 0; at < longStream.length; at += size) {
        frames.push(longStream.subarray(at, at + size));
        found.push(...all(frames));
      }
      expect(found.map((text) => [text[0], text.length])).toEqual(long.map((text) => [text[0], text.length]));
      expect(found).toEqual(long);
      expect(frames.bytes).toBe(0);
    },
  );

  test("are copied into the same memory, and otherwise into their own", () => {
    const memory = (reuses: boolean): number => {
      const frames = new MuxFrames({ reuses });
      const found = new Set<ArrayBufferLike>();
      for (let at = 0; at < longStream.length; at += 4_500) {
        frames.push(Buffer.from(longStream.subarray(at, at + 4_500)));
        for (let next = frames.next(); next !== undefined; next = frames.next()) {
          // A small one is in Node's pool.
          if (next.length > 4_096) {
            found.add(next.buffer);
          }
        }
      }
      return found.size;
    };
    expect([memory(true), memory(false)]).toEqual([2, 5]);
  });
});

describe("frames of chunks that no other code uses", () => {
  const texts = [20_000, 30_000, 10, 300, 40_000, 100_000, 7, 17_000].map((length, at) =>
    `${at}`.repeat(length),
  );
  const stream = Buffer.concat(texts.map(frame));

  test.each([1_000, 16_400, 20_004, 33_000, 65_536, stream.length])(
    "are the same in chunks of %d bytes, and free each large chunk with its last frame",
    (size) => {
      const frames = new MuxFrames({ reuses: true, owns: true });
      const found: string[] = [];
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) {
        const part = stream.subarray(at, at + size);
        const chunk = Buffer.allocUnsafeSlow(part.length);
        part.copy(chunk);
        chunks.push(chunk);
        frames.push(chunk);
        found.push(...all(frames));
      }
      expect(found).toEqual(texts);
      expect(frames.bytes).toBe(0);
      frames.next();
      // What is as small as this may share its memory.
      expect(chunks.filter(({ length }) => length > 16 * 1024)).toEqual([]);
    },
  );

  test("keep a chunk while a part of it waits", () => {
    const frames = new MuxFrames({ reuses: true, owns: true });
    const chunk = Buffer.allocUnsafeSlow(40_000);
    frame("x".repeat(30_000)).copy(chunk);
    frame("y".repeat(20_000)).copy(chunk, 30_004);
    frames.push(chunk);
    expect(frames.next()?.length).toBe(30_000);
    expect(frames.next()).toBeUndefined();
    expect(chunk.length).toBe(40_000);
    frames.push(Buffer.from("y".repeat(30_004 + 20_004 - 40_000)));
    expect(frames.next()?.toString()).toBe("y".repeat(20_000));
    expect(frames.next()).toBeUndefined();
    expect(chunk.length).toBe(0);
  });

  test("are not freed where others may use them", () => {
    const frames = new MuxFrames({ reuses: true });
    const chunk = Buffer.allocUnsafeSlow(20_004);
    frame("x".repeat(20_000)).copy(chunk);
    frames.push(chunk);
    expect(all(frames)).toHaveLength(1);
    expect(chunk.length).toBe(20_004);
  });
});

describe("a stream of frames", () => {
  test.each([1, 2, 3, 4, 5, 7, 64, 110, 1000, stream.length])("is the same in chunks of %d bytes", (size) => {
    const frames = new MuxFrames();
    const found: string[] = [];
    for (let at = 0; at < stream.length; at += size) {
      frames.push(stream.subarray(at, at + size));
      found.push(...all(frames));
    }
    expect(found).toEqual(texts);
    expect(frames.bytes).toBe(0);
  });

  test("is the same if all chunks come before the first is read", () => {
    const frames = new MuxFrames();
    for (let at = 0; at < stream.length; at += 3) {
      frames.push(stream.subarray(at, at + 3));
    }
    expect(all(frames)).toEqual(texts);
  });

  test("continues after bytes to skip, wherever they are cut", () => {
    const sent = Buffer.concat([frame("one"), Buffer.from("???"), frame("two")]);
    for (let cut = 1; cut < sent.length; cut++) {
      const frames = new MuxFrames();
      frames.push(sent.subarray(0, cut));
      const early = frames.next();
      if (early !== undefined) {
        frames.skip(3);
      }
      frames.push(sent.subarray(cut));
      const one = early ?? frames.next();
      if (early === undefined) {
        frames.skip(3);
      }
      expect(one?.toString()).toBe("one");
      expect(all(frames)).toEqual(["two"]);
      expect(frames.bytes).toBe(0);
    }
  });

  test("shares the memory of a chunk that has whole frames, and copies only a frame that is cut", () => {
    const frames = new MuxFrames();
    const chunk = Buffer.concat([frame("whole"), frame("cut").subarray(0, 5)]);
    frames.push(chunk);
    expect(frames.next()?.buffer).toBe(chunk.buffer);
    expect(frames.next()).toBeUndefined();
    const rest = Buffer.concat([frame("cut").subarray(5), frame("next")]);
    frames.push(rest);
    expect(frames.next()?.toString()).toBe("cut");
    const next = frames.next();
    expect([next?.toString(), next?.buffer === rest.buffer]).toEqual(["next", true]);
  });

  test("ends at a frame that is too large, as soon as its length is known", () => {
    const frames = new MuxFrames();
    frames.push(Buffer.from([0xff, 0xff]));
    expect(frames.next()).toBeUndefined();
    frames.push(Buffer.from([0xff, 0xff]));
    frames.push(Buffer.alloc(256 * 1024));
    expect(() => frames.next()).toThrow(RangeError);
  });
});
