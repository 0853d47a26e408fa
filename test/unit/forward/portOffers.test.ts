import { expect, test } from "vitest";
import { parseForward } from "../../../src/config/forwardSpec.ts";
import { withoutDetection } from "../../../src/forward/forwardEntries.ts";
import type { ForwardSnapshot } from "../../../src/forward/forwardTypes.ts";
import { type DetectedPort, PortOffers, type PortOffersInit } from "../../../src/forward/portOffers.ts";
import { ManualClock } from "../../support/manualClock.ts";

const port = (number: number, over: Partial<DetectedPort> = {}): DetectedPort => ({
  ...{ host: "web1", masterId: "m1", port: number, target: "localhost", how: "printed" },
  ...over,
});

function offers(
  forwards: readonly Partial<ForwardSnapshot>[] = [],
  isHere?: PortOffersInit["isHere"],
  isGone?: PortOffersInit["isGone"],
) {
  const clock = new ManualClock();
  const offered: number[] = [];
  const answers: (() => void)[] = [];
  const off = new Set<string>();
  const subject = new PortOffers({
    clock,
    forwards: () =>
      forwards.map((each) => ({ state: { kind: "listening", since: 0 }, ...each }) as ForwardSnapshot),
    isOn: (host) => !off.has(host),
    ...(isHere && { isHere }),
    ...(isGone && { isGone }),
    offer: (detected) => {
      offered.push(detected.port);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  const answerAll = async (): Promise<void> => {
    for (const answer of answers.splice(0)) {
      answer();
    }
    await Promise.resolve().then(() => {});
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { subject, clock, offered, off, answerAll };
}

test("a port is offered once, however it is detected", async () => {
  const { subject, offered, answerAll } = offers();
  subject.detected(port(3000));
  await answerAll();
  subject.detected(port(3000, { how: "listening", masterId: "m2" }));
  subject.detected(port(3000, { host: "web2" }));
  expect(offered).toEqual([3000, 3000]);
});

test("a port of an own address that nothing listens on any more is not offered, but a printed one is", async () => {
  const gone = async ({ port: number }: DetectedPort): Promise<boolean> => number === 3000;
  const { subject, offered, answerAll } = offers([], async () => false, gone);
  subject.detected(port(3000, { how: "listening" }));
  subject.detected(port(3001, { how: "listening" }));
  subject.detected(port(3000, { how: "printed", host: "web2" }));
  await answerAll();
  expect(offered.toSorted()).toEqual([3000, 3001]);
});

test("nothing is offered for a host that has it turned off", () => {
  const { subject, offered, off } = offers();
  off.add("web1");
  subject.detected(port(3000));
  expect(offered).toEqual([]);
});

test("a port that is forwarded, or that a remote forward listens on, is not offered", () => {
  const { subject, offered } = offers([
    { host: "web1", masterId: "m1", spec: parseForward("9000:localhost:3000"), port: 9000 },
    { host: "alias", masterId: "m1", spec: parseForward("-R 3001:localhost:80"), port: 3001 },
    { host: "web1", masterId: undefined, spec: parseForward("-R 0:localhost:80"), port: 3002 },
    { host: "web2", masterId: "m2", spec: parseForward("9001:localhost:3003"), port: 9001 },
    {
      host: "web1",
      masterId: "m1",
      spec: parseForward("9002:localhost:3004"),
      port: 9002,
      state: { kind: "stopped", since: 0 },
    },
  ]);
  for (const number of [3000, 3001, 3002, 3003, 3004]) {
    subject.detected(port(number));
  }
  expect(offered).toEqual([3003, 3004]);
});

test("a server that floods gets three offers at once and five in all, then one every two minutes", async () => {
  const { subject, clock, offered, answerAll } = offers();
  const flood = (): void => {
    for (let number = 1; number <= 65_535; number++) {
      subject.detected(port(number));
    }
  };
  flood();
  expect(offered).toEqual([1, 2, 3]);
  await answerAll();
  flood();
  expect(offered).toEqual([1, 2, 3, 4, 5]);
  await answerAll();
  flood();
  expect(offered).toHaveLength(5);
  await clock.advance(119_000);
  flood();
  expect(offered).toHaveLength(5);
  await clock.advance(2_000);
  flood();
  expect(offered).toEqual([1, 2, 3, 4, 5, 6]);
});

test("a flood of printed addresses does not keep a port that begins to listen from being offered", () => {
  const { subject, offered } = offers();
  for (let number = 1; number <= 100; number++) {
    subject.detected(port(number));
  }
  subject.detected(port(3000, { how: "listening" }));
  expect(offered).toEqual([1, 2, 3, 3000]);
});

test("turning it off for a host changes its entry, or adds one", () => {
  expect(withoutDetection([{ pattern: "web*", user: "x" }], "web1")).toEqual([
    { pattern: "web*", user: "x" },
    { pattern: "web1", forwardsDetect: false },
  ]);
  expect(withoutDetection([{ pattern: "web1", user: "x" }, 7], "web1")).toEqual([
    { pattern: "web1", user: "x", forwardsDetect: false },
    7,
  ]);
});

test("a port that this computer reaches without a forward is not offered, and takes no room from others", async () => {
  const here = new Set([3000, 3001, 3002, 3003]);
  const { subject, offered, answerAll } = offers([], async ({ port: number }) => here.has(number));
  for (let number = 3000; number < 3010; number++) {
    subject.detected(port(number));
    await answerAll();
  }
  expect(offered).toEqual([3004, 3005, 3006, 3007, 3008]);
});
