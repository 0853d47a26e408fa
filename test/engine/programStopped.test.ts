import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ProgramSnapshot } from "../../src/share/programTypes.ts";
import { freePort } from "../lab/freePort.ts";
import { listens } from "../lab/localPorts.ts";
import { commandLines } from "../lab/processTree.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { shell } from "../support/fakeStack.ts";
import { heldMemory } from "../support/heldMemory.ts";
import { outcomeOf, type SharedConnection, sharedConnection } from "../support/sharedConnection.ts";
import { Transcript } from "../support/testStack.ts";

/** Forwarded connections that flood the program, and further ones that the server has not opened when it stops. */
const floods = 8;
const pending = 5;

/** What OpenSSH's client lets a channel send before it has read it (CHAN_TCP_WINDOW_DEFAULT in channels.h). */
const window = 2 * 1024 * 1024;

/** Of a test that copies and runs terminals, besides what it looks at. */
const slack = 16 * 1024 * 1024;

const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

let host: SshdHost;
let config: string;
let shared: SharedConnection;
/** Sends without end to whoever connects. */
let target: Server;
let atTarget: Set<Socket>;
let program: ChildProcess;
let clients: Socket[];

beforeEach(async () => {
  host = await startSshd({ sshd: { MaxSessions: 50 } });
  config = join(host.folder, "config");
  await writeFile(config, host.sshConfigText("lab"));
  shared = await sharedConnection(config);
  atTarget = new Set();
  const block = Buffer.alloc(65_536);
  target = createServer((socket) => {
    atTarget.add(socket);
    const flood = (): void => {
      while (!socket.destroyed && socket.write(block)) {
        // Until it is full.
      }
    };
    socket
      .on("drain", flood)
      .on("error", () => {})
      .on("close", () => atTarget.delete(socket))
      .resume();
    flood();
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  clients = [];
});

afterEach(async () => {
  program.kill("SIGKILL");
  for (const socket of [...clients, ...atTarget]) {
    socket.destroy();
  }
  target.close();
  await shared[Symbol.asyncDispose]();
  await host.stop();
});

const snapshotOf = ({ pid }: ChildProcess): ProgramSnapshot | undefined =>
  shared.stack.programs.programs().find((each) => each.pid === pid);

/** Resolves when the program floods, has opens that wait, and is stopped. */
async function stopInAFlood(mark: string): Promise<void> {
  const local = await freePort();
  const forward = `${local}:127.0.0.1:${(target.address() as AddressInfo).port}`;
  program = spawn("ssh", ["-F", config, "-L", forward, "lab", `yes "${mark}"`], { env: shared.env });
  program.stdout?.resume();
  await until(async () => await listens(local), "it listens");
  const dial = (count: number): void => {
    clients.push(
      ...Array.from({ length: count }, () =>
        connect(local, "127.0.0.1")
          .on("error", () => {})
          .resume(),
      ),
    );
  };
  dial(floods);
  const flooded = (): number =>
    snapshotOf(program)?.channels.filter(({ bytesIn }) => bytesIn > 3 * window).length ?? 0;
  await until(() => flooded() >= floods + 1, "all of it floods");
  host.freeze();
  const before = snapshotOf(program)?.channels.length ?? 0;
  dial(pending);
  await until(() => snapshotOf(program)?.channels.length === before + pending, "opens wait");
  program.kill("SIGSTOP");
  host.thaw();
}

/** The sum of what the server has sent to the program, once it sends no more. */
async function settledBytes(): Promise<number> {
  let last = -1;
  let same = 0;
  await until(() => {
    const sum = snapshotOf(program)?.channels.reduce((all, { bytesIn }) => all + bytesIn, 0) ?? 0;
    same = sum === last ? same + 1 : 0;
    last = sum;
    return same >= 20;
  }, "the flood is held");
  return last;
}

/** A terminal that interrupts a flood of its own, and a copy each way. */
async function useTheConnection(): Promise<void> {
  const terminal = new Transcript(await shared.stack.service.open({ host: "lab", ...shell }));
  terminal.send("yes flood-$((40 + 2))\n");
  await terminal.waitFor(/flood-42/);
  terminal.send("\x03");
  await terminal.waitFor(/\^C/);
  terminal.send("echo still-$((40 + 2))\n");
  await terminal.waitFor(/still-42/);
  terminal.send("exit\n");
  await terminal.ended;
  const data = randomBytes(3_000_000);
  const at = (name: string): string => join(host.folder, name);
  await writeFile(at("data"), data);
  const copies = await Promise.all([
    outcomeOf("scp", ["-q", "-F", config, at("data"), `lab:${at("up")}`], shared.env),
    outcomeOf("scp", ["-q", "-F", config, `lab:${at("data")}`, at("down")], shared.env),
  ]);
  expect(copies.map(({ code, stderr }) => [code, stderr])).toEqual(Array(2).fill([0, ""]));
  const files = await Promise.all(["up", "down"].map((name) => readFile(at(name))));
  expect(files.map(hash)).toEqual(Array(2).fill(hash(data)));
}

test.each([
  [
    "is ended in the tree, and killed",
    () => {
      shared.stack.programs.end(snapshotOf(program)?.id ?? "");
    },
  ],
  ["is killed", () => void program.kill("SIGKILL")],
])(
  "a program that is stopped during floods holds bounded memory and disturbs nobody, then it %s: nothing is left",
  async (_, end) => {
    const mark = `mark-${randomBytes(6).toString("hex")}`;
    await useTheConnection();
    const logins = host.logins();
    const before = heldMemory();
    await stopInAFlood(mark);
    await settledBytes();
    const channels = snapshotOf(program)?.channels ?? [];
    expect(channels.length).toBeGreaterThanOrEqual(floods + pending + 1);
    const bound = channels.length * window + slack;
    // Data of others may be on its way while it is measured; what the program does not read stays.
    const isBounded = (): boolean => heldMemory().external - before.external < bound;
    await until(isBounded, "bounded memory");
    await useTheConnection();
    await until(isBounded, "bounded memory");
    expect(snapshotOf(program)?.channels.length).toBe(channels.length);
    end();
    await until(() => snapshotOf(program) === undefined, "it is gone from the list");
    await until(() => atTarget.size === 0, "its connections on the server are closed");
    // Without the quotes of the command line of ssh.
    await until(async () => !(await commandLines()).includes(`yes ${mark}`), "its command has ended");
    await until(() => heldMemory().external - before.external < slack / 2, "its memory is free");
    await useTheConnection();
    program.kill("SIGKILL");
    await exited(program);
    await useTheConnection();
    expect(shared.stack.programs.programs()).toEqual([]);
    expect([host.logins() - logins, shared.stack.service.masters().length]).toEqual([0, 1]);
  },
);
