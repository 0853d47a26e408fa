import { expect, it } from "vitest";
import { OutgoingBacklog } from "../../../src/engine/outgoingBacklog.ts";

const plenty = Number.POSITIVE_INFINITY;

it("recently sent data delays a message on a slow link", () => {
  const backlog = new OutgoingBacklog();
  expect(backlog.delay(0, plenty)).toBe(0);
  backlog.sent(40 * 1024, 1000);
  expect(backlog.delay(1000, plenty)).toBe(10_000);
  expect(backlog.delay(5000, plenty)).toBe(6000);
  backlog.sent(4 * 1024, 5000);
  expect(backlog.delay(5000, plenty)).toBe(7000);
  expect(backlog.delay(100_000, plenty)).toBe(0);
});

it("the delay counts only data that the peer has not acknowledged", () => {
  const backlog = new OutgoingBacklog();
  backlog.sent(100_000_000, 0);
  expect(backlog.delay(0, 0)).toBe(0);
  expect(backlog.delay(0, 8 * 1024)).toBe(2000);
});
