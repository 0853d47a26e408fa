import { expect } from "vitest";
import { parseForward } from "../../src/config/forwardSpec.ts";
import type { ForwardSnapshot } from "../../src/forward/forwardTypes.ts";
import { type DetectedPort, PortOffers } from "../../src/forward/portOffers.ts";
import { parseListening } from "../../src/remote/parse/listeningSockets.ts";
import { PrintedPorts } from "../../src/terminal/printedPorts.ts";
import { ManualClock } from "../support/manualClock.ts";
import { attack } from "./support/attackTest.ts";

const where = { host: "web1", masterId: "m1" } as const;

/** A user with a hundred forwards, who dismisses each offer at once. */
function user(): { offers: PortOffers; offered: DetectedPort[]; readonly lookups: number } {
  const offered: DetectedPort[] = [];
  let lookups = 0;
  const spec = parseForward("9000:localhost:9000");
  const forwards = Array.from(
    { length: 100 },
    () =>
      ({ ...where, spec, state: { kind: "listening", since: 0 }, port: 9000 }) as unknown as ForwardSnapshot,
  );
  const offers = new PortOffers({
    clock: new ManualClock(),
    isOn: () => true,
    forwards: () => {
      lookups++;
      return [...forwards];
    },
    offer: async (port) => {
      offered.push(port);
    },
  });
  return {
    offers,
    offered,
    get lookups() {
      return lookups;
    },
  };
}

attack(
  "a program that prints a hundred thousand addresses causes five offers and few lookups",
  { size: 50_000 },
  async (size) => {
    const person = user();
    const printed = new PrintedPorts();
    let found = 0;
    for (let at = 0; at < size; at += 5) {
      const text = Array.from(
        { length: 5 },
        (_, index) => `http://localhost:${((at + index) % 65_000) + 1}/\r\n`,
      );
      for (const { port, scheme } of printed.push(text.join(""))) {
        found++;
        person.offers.detected({ ...where, port, scheme, target: "localhost", how: "printed" });
      }
      // An answered offer makes room for the next one.
      await Promise.resolve();
    }
    expect(found).toBeGreaterThanOrEqual(size);
    expect(person.offered.length).toBeGreaterThan(0);
    expect(person.offered.length).toBeLessThanOrEqual(5);
    expect(person.lookups).toBeLessThan(20);
  },
);

attack("a server with thousands of listening ports causes five offers", { size: 5_000 }, async (size) => {
  const person = user();
  const lines = Array.from({ length: size }, (_, at) => {
    const port = (at + 10_000).toString(16).toUpperCase().padStart(4, "0");
    return `  ${at}: 0100007F:${port} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 ${at} 1`;
  });
  const ports = parseListening(lines, "1000");
  expect(ports).toHaveLength(200);
  for (const { port, host: target } of ports) {
    person.offers.detected({ ...where, port, target, how: "listening" });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(person.offered.map(({ port }) => port)).toEqual([10_000, 10_001, 10_002, 10_003, 10_004]);
  expect(person.lookups).toBeLessThan(20);
});

attack("a program that prints one address for ever is offered once", { size: 50_000 }, async (size) => {
  const person = user();
  const printed = new PrintedPorts();
  for (let at = 0; at < size; at++) {
    for (const { port, scheme } of printed.push("http://localhost:3000/\r\n")) {
      person.offers.detected({ ...where, port, scheme, target: "localhost", how: "printed" });
    }
    if (at % 1000 === 0) {
      // A terminal's output comes in pieces, and others have their turn between them.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  expect(person.offered.map(({ port }) => port)).toEqual([3000]);
  expect(person.lookups).toBe(1);
});
