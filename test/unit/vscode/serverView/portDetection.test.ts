import { beforeEach, expect, test } from "vitest";
import { PortDetection, type VisibleTerminal } from "../../../../src/vscode/serverView/portDetection.ts";
import { ManualClock } from "../../../support/manualClock.ts";

const terminal = { host: "web1", masterId: "m1" };

let clock: ManualClock;
let visible: VisibleTerminal | undefined;
let isOn: boolean;
let ports: readonly string[];
/** The server has /proc/net. */
let reports: boolean;
let fails: boolean;
let readings: number;
let found: string[];
let subject: PortDetection;

beforeEach(() => {
  clock = new ManualClock();
  visible = terminal;
  isOn = true;
  ports = ["0016"];
  reports = true;
  fails = false;
  readings = 0;
  found = [];
  subject = new PortDetection({
    clock,
    visible: () => visible,
    isOn: () => isOn,
    access: () => ({ exec: run, sudo: false }),
    found: ({ host }, { port }) => found.push(`${host} ${port}`),
  });
});

async function run(_: string, { stdin }: { readonly stdin: string }) {
  readings++;
  if (fails) {
    throw new Error("no room for a session");
  }
  const boundary = /ssh-sessions-[0-9a-f]{32}/.exec(stdin)?.[0];
  const rows = ports.map((port) => `0: 0100007F:${port} 00000000:0000 0A 0:0 0:0 0 1000 0 1`);
  const table = reports ? [`${boundary} table /proc/net/tcp`, ...rows] : [];
  const lines = [
    `${boundary} begin`,
    `${boundary} user`,
    "1000",
    `${boundary} sockets`,
    ...table,
    `${boundary} end`,
    "",
  ];
  return { exitCode: 0, stdout: lines.join("\n"), stderr: "", truncated: false };
}

async function pass(milliseconds: number): Promise<void> {
  await clock.advance(milliseconds);
  await new Promise((resolve) => setImmediate(resolve));
}

test("what listens at the first reading is not new, and what comes later is found once", async () => {
  subject.update();
  await pass(0);
  expect(readings).toBe(1);
  ports = ["0016", "0BB8"];
  await pass(9_000);
  expect(readings).toBe(1);
  await pass(1_000);
  await pass(10_000);
  expect(readings).toBe(3);
  expect(found).toEqual(["web1 3000"]);
  ports = ["0016"];
  await pass(10_000);
  ports = ["0016", "0BB8"];
  await pass(10_000);
  expect(found).toEqual(["web1 3000", "web1 3000"]);
});

test("nothing is read without a visible terminal, or when it is turned off", async () => {
  visible = undefined;
  subject.update();
  await pass(60_000);
  visible = terminal;
  isOn = false;
  subject.update();
  await pass(60_000);
  expect(readings).toBe(0);
  isOn = true;
  subject.update();
  await pass(0);
  expect(readings).toBe(1);
  visible = undefined;
  subject.update();
  await pass(60_000);
  expect(readings).toBe(1);
});

test("many updates cause no more readings", async () => {
  for (let times = 0; times < 100; times++) {
    subject.update();
    await pass(10);
  }
  expect(readings).toBe(1);
});

test("a server that does not report its sockets is read once, and one that fails once a minute", async () => {
  reports = false;
  subject.update();
  await pass(0);
  await pass(120_000);
  expect(readings).toBe(1);
  visible = { host: "web2", masterId: "m2" };
  fails = true;
  subject.update();
  await pass(0);
  await pass(59_000);
  expect(readings).toBe(2);
  await pass(1_000);
  expect(readings).toBe(3);
  subject.dispose();
  await pass(120_000);
  expect(readings).toBe(3);
});
