import { expect, test } from "vitest";
import { Replies } from "../../../../src/engine/channels/replies.ts";

/** The bytes of replies that may wait. */
const most = 64 * 1024;

function onWire(congested: boolean) {
  const wire = { congested, sent: 0, send: () => void wire.sent++, sendData: () => {} };
  return { wire, replies: new Replies(wire) };
}

/** How many of `count` replies were sent. */
function sends(replies: Replies, count: number): number {
  return Array.from({ length: count }, () => replies.send(Buffer.alloc(0))).filter((sent) => sent).length;
}

test("a peer that does not read its replies gets a limited number of them", () => {
  const { wire, replies } = onWire(true);
  expect([sends(replies, most), sends(replies, 2), wire.sent]).toEqual([most, 0, most]);
  replies.wereTaken();
  expect(sends(replies, 1)).toBe(1);
});

test("a peer that reads its replies gets all of them", () => {
  const { replies } = onWire(false);
  expect(sends(replies, most + 2)).toBe(most + 2);
});
