import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PieceQueue } from "../../../../src/engine/channels/pieceQueue.ts";

type Step =
  | { readonly push: number; readonly kind: "stdout" | "stderr" }
  | { readonly shift: number }
  | { readonly clear: true };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    push: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
      { weight: 2, arbitrary: fc.integer({ min: 2000, max: 2100 }) },
      { weight: 1, arbitrary: fc.integer({ min: 16_000, max: 33_000 }) },
    ),
    kind: fc.constantFrom("stdout" as const, "stderr" as const),
  }),
  fc.record({ shift: fc.integer({ min: 1, max: 30 }) }),
  fc.constant({ clear: true as const }),
);

describe("queued output", () => {
  test("is returned byte for byte, in order and by kind, whatever was pushed and taken in between", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new PieceQueue();
        let model: string[] = [];
        let next = 0;
        const take = (): boolean => {
          const piece = queue.shift();
          if (piece === undefined) {
            return false;
          }
          const expected = model.splice(0, piece.data.length);
          expect([...piece.data].map((byte) => `${piece.kind}${byte}`)).toEqual(expected);
          return true;
        };
        for (const each of steps) {
          if ("push" in each) {
            const data = Buffer.from(Array.from({ length: each.push }, () => next++ % 251));
            queue.push(each.kind, data);
            for (const byte of data) {
              model.push(`${each.kind}${byte}`);
            }
          } else if ("shift" in each) {
            for (let count = 0; count < each.shift && take(); count++) {
              expect(queue.length).toBe(model.length);
            }
          } else {
            queue.clear();
            model = [];
          }
          expect(queue.length).toBe(model.length);
        }
        while (take()) {
          // Until it is empty.
        }
        expect([queue.length, model.length]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test("an empty piece is ignored", () => {
    const queue = new PieceQueue();
    queue.push("stderr", Buffer.alloc(0));
    expect([queue.length, queue.shift()]).toEqual([0, undefined]);
  });

  test("a piece that was taken is not changed by later ones", () => {
    const queue = new PieceQueue();
    queue.push("stdout", Buffer.from("ab"));
    const first = queue.shift();
    queue.push("stdout", Buffer.from("cd"));
    expect(Buffer.from(first?.data ?? []).toString()).toBe("ab");
    expect(Buffer.from(queue.shift()?.data ?? []).toString()).toBe("cd");
  });

  test("large pieces are returned as pushed, without a copy, however many are queued", () => {
    const queue = new PieceQueue();
    const pieces = Array.from({ length: 300 }, () => Buffer.alloc(4096));
    for (const piece of pieces) {
      queue.push("stderr", piece);
    }
    for (const piece of pieces) {
      expect(queue.shift()?.data.buffer).toBe(piece.buffer);
    }
    expect(queue.shift()).toBeUndefined();
  });

  test("neighbours of one kind are joined, and a change of the kind separates them", () => {
    const queue = new PieceQueue();
    for (const [kind, text] of [
      ["stdout", "a"],
      ["stdout", "b"],
      ["stderr", "c"],
      ["stderr", "d"],
      ["stdout", "e"],
    ] as const) {
      queue.push(kind, Buffer.from(text));
    }
    const taken = [queue.shift(), queue.shift(), queue.shift(), queue.shift()];
    expect(taken.map((piece) => piece && `${piece.kind}:${Buffer.from(piece.data)}`)).toEqual([
      "stdout:ab",
      "stderr:cd",
      "stdout:e",
      undefined,
    ]);
  });

  test("single bytes taken one by one share a block", () => {
    const queue = new PieceQueue();
    const blocks = new Set<unknown>();
    for (let at = 0; at < 10_000; at++) {
      queue.push("stdout", Buffer.of(at % 256));
      blocks.add(queue.shift()?.data.buffer);
    }
    expect(blocks.size).toBe(1);
  });
});
