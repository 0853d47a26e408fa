import fc from "fast-check";
import { expect, test } from "vitest";
import { InputQueue } from "../../../src/terminal/inputQueue.ts";
import { FakeSession } from "./support/fakeSession.ts";

test("everything arrives complete and in order, however the reader consumes it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 5 }),
      (sizes, rooms) => {
        const session = new FakeSession();
        session.room = rooms[0] ?? 1;
        const queue = new InputQueue(session);
        const all = sizes.map((size, index) => Buffer.alloc(size, index + 1));
        for (const data of all) {
          expect(queue.push(data)).toBe(true);
        }
        const wanted = Buffer.concat(all);
        for (let turn = 0; queue.blocked || session.inputBytes.length < wanted.length; turn++) {
          session.drain(rooms[turn % rooms.length] ?? 1);
        }
        expect(session.inputBytes.equals(wanted)).toBe(true);
      },
    ),
    { seed: 20240616, numRuns: 50 },
  );
});

test("a blocked reader keeps the rest queued; text without room is refused completely", () => {
  const session = new FakeSession();
  session.room = 1;
  const queue = new InputQueue(session, 100_000);
  expect(queue.push(Buffer.alloc(90_000))).toBe(true);
  expect(queue.blocked).toBe(true);
  expect(session.inputBytes.length).toBe(32 * 1024);
  expect(queue.push(Buffer.alloc(50_000))).toBe(false);
  session.drain();
  expect(session.inputBytes.length).toBe(90_000);
  expect(queue.push(Buffer.alloc(50_000))).toBe(true);
});

test("nothing is sent after it was disposed", () => {
  const session = new FakeSession();
  session.room = 1;
  const queue = new InputQueue(session);
  queue.push(Buffer.alloc(90_000));
  queue.dispose();
  session.drain();
  expect(session.inputBytes.length).toBe(32 * 1024);
  expect(session.hasListeners).toBe(false);
});
