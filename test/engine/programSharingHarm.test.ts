import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../src/base/wire.ts";
import { encodeMux, encodeMuxHello, encodeProxyFrame, muxType } from "../../src/engine/mux/muxMessages.ts";
import { freePort } from "../lab/freePort.ts";
import { echoed, listens } from "../lab/localPorts.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { peerSends } from "../support/channelMessages.ts";
import { shell } from "../support/fakeStack.ts";
import { outcomeOf, type SharedConnection, sharedConnection } from "../support/sharedConnection.ts";
import { Transcript } from "../support/testStack.ts";

const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

// Two connections: one that is compressed and rekeys every megabyte, and one without either.
describe.each([
  ["a plain connection", []],
  ["a compressed connection that rekeys every megabyte", ["Compression yes", "RekeyLimit 1M"]],
])("programs on %s", (_, lines) => {
  let host: SshdHost;
  let config: string;
  let shared: SharedConnection;
  let folder: string;
  const data = randomBytes(6_000_000);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-files-"));
    await writeFile(join(folder, "data"), data);
    host = await startSshd({ sshd: { MaxSessions: 200 } });
    config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab", lines));
    shared = await sharedConnection(config);
  });

  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
    await host.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (...args: string[]): ChildProcess =>
    spawn("ssh", ["-F", config, ...args], { env: shared.env, stdio: ["pipe", "ignore", "ignore"] });

  test("fifty programs killed at random moments disturb neither a terminal nor two copies", async () => {
    const { stack, env } = shared;
    const logins = host.logins();
    const terminal = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    const copies = Promise.all([
      outcomeOf("scp", ["-q", "-F", config, join(folder, "data"), `lab:${folder}/up`], env),
      outcomeOf("scp", ["-q", "-F", config, `lab:${folder}/data`, join(folder, "down")], env),
    ]);
    const victims = [...Array(50).keys()].map(async (at) => {
      const what =
        at % 3 === 0 ? ["lab", "yes"] : at % 3 === 1 ? ["lab", "cat"] : ["-N", "-R", "0:127.0.0.1:1", "lab"];
      await delay(Math.random() * 1500);
      const child = start(...what);
      child.stdin?.on("error", () => {});
      child.stdin?.write(Buffer.alloc(300_000));
      await delay(Math.random() * 120);
      child.kill("SIGKILL");
      await exited(child);
    });
    await Promise.all(victims);
    expect((await copies).map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    terminal.send("echo still-$((40 + 2))\n");
    await terminal.waitFor(/still-42/);
    for (const name of ["up", "down"]) {
      expect(hash(await readFile(join(folder, name)))).toBe(hash(data));
    }
    await until(() => stack.programs.programs().length === 0, "every program has gone");
    expect([host.logins() - logins, stack.service.masters().length]).toEqual([0, 1]);
  });

  test("programs killed while the server has not answered their opens disturb neither a terminal nor a copy", async () => {
    const { stack, env } = shared;
    const terminal = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    terminal.send("echo on-$((40 + 2))\n");
    await terminal.waitFor(/on-42/);
    const copy = outcomeOf("scp", ["-q", "-F", config, `lab:${folder}/data`, join(folder, "beside")], env);
    await until(() => (stack.programs.programs()[0]?.channels[0]?.bytesIn ?? 0) > 0, "the copy runs");
    host.freeze();
    const victims = [...Array(10).keys()].map((at) => start("lab", at % 2 === 0 ? "yes" : "cat"));
    try {
      // A program says who it is when its channel is open.
      const pending = () =>
        stack.programs.programs().filter(({ channels, pid }) => channels.length === 1 && pid === undefined);
      await until(() => pending().length === victims.length, "their opens wait");
      for (const victim of victims) {
        victim.kill("SIGKILL");
      }
      await Promise.all(victims.map(exited));
      await until(() => stack.programs.programs().length <= 1, "their end here");
    } finally {
      host.thaw();
    }
    expect(await copy).toMatchObject({ code: 0, stderr: "" });
    expect(hash(await readFile(join(folder, "beside")))).toBe(hash(data));
    terminal.send("echo still-$((40 + 2))\n");
    await terminal.waitFor(/still-42/);
    await until(() => stack.programs.programs().length === 0, "every program has gone");
    expect(stack.service.masters()).toHaveLength(1);
  });

  test("an unread flood takes no memory here, and a keystroke is echoed meanwhile", async () => {
    const { stack } = shared;
    const flood = start("lab", "yes");
    const stopped = spawn("ssh", ["-F", config, "lab", "yes"], { env: shared.env, stdio: "pipe" });
    await until(() => stack.programs.programs().length === 2, "both run");
    const moved = (): number =>
      stack.programs.programs().reduce((sum, { channels }) => sum + (channels[0]?.bytesIn ?? 0), 0);
    await until(() => moved() > 10_000_000, "the flood runs");
    const terminal = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    terminal.send("echo beside-$((40 + 2))\n");
    await terminal.waitFor(/beside-42/);
    // Unread data stops at the window of OpenSSH's client, 2 MiB, plus the capacity of its pipe and buffers.
    const unread = stack.programs.programs().find(({ pid }) => pid === stopped.pid);
    expect(unread?.channels[0]?.bytesIn).toBeLessThan(4_000_000);
    for (const child of [flood, stopped]) {
      child.kill("SIGKILL");
      await exited(child);
    }
    await until(() => stack.programs.programs().length === 0, "both have gone");
  });
});

describe("a program that breaks the protocol", () => {
  let host: SshdHost;
  let shared: SharedConnection;

  beforeAll(async () => {
    host = await startSshd();
    const config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    shared = await sharedConnection(config);
  });

  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
    await host.stop();
  });

  /** The data that is returned until the other side closes the socket. */
  async function answer(...sends: readonly Uint8Array[]): Promise<Buffer> {
    const socket: Socket = connect(shared.socket);
    const got: Buffer[] = [];
    socket.on("data", (data: Buffer) => got.push(data));
    socket.on("error", () => {});
    const closed = new Promise((resolve) => socket.once("close", resolve));
    for (const bytes of sends) {
      socket.write(bytes);
    }
    await closed;
    return Buffer.concat(got);
  }

  const attached = [encodeMuxHello(), encodeMux(muxType.proxy, wireUint32(1))];

  test.each<[what: string, sends: readonly Uint8Array[]]>([
    ["no hello", [encodeMux(muxType.aliveCheck, wireUint32(1))]],
    ["another version", [encodeMux(muxType.hello, wireUint32(3))]],
    ["a frame that is too large", [wireUint32(2 ** 31)]],
    ["an empty frame", [wireString("")]],
    ["a packet with padding", [...attached, wireString(Buffer.of(4, 94, 0, 0, 0, 0))]],
    ["a message for one of our channels", [...attached, encodeProxyFrame(peerSends.close(0))]],
    ["data for an unknown channel", [...attached, encodeProxyFrame(peerSends.data(0, "x"))]],
    [
      "a message over which sshd would end the connection",
      [
        ...attached,
        encodeProxyFrame(peerSends.open("session", 0)),
        encodeProxyFrame(peerSends.open("direct-tcpip", 1)),
      ],
    ],
    ["garbage", [randomBytes(10_000)]],
  ])("%s: the program is disconnected, and the connection stays", async (_, sends) => {
    const terminal = new Transcript(await shared.stack.service.open({ host: "lab", ...shell }));
    const logins = host.logins();
    await answer(...sends);
    terminal.send("echo still-$((40 + 2))\n");
    await terminal.waitFor(/still-42/);
    terminal.send("exit\n");
    expect(host.logins()).toBe(logins);
    expect(shared.stack.service.masters().map(({ state }) => state.kind)).toEqual(["ready"]);
  });

  test("what a program may not ask is refused: an unknown request, another one's listener and another one's channels", async () => {
    const config = join(host.folder, "config");
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(echo, "listening");
    const port = await freePort();
    const logins = host.logins();
    const remote = `${port}:127.0.0.1:${(echo.address() as AddressInfo).port}`;
    const listener = spawn("ssh", ["-F", config, "-N", "-R", remote, "lab"], { env: shared.env });
    const cat = spawn("ssh", ["-F", config, "lab", "cat"], { env: shared.env });
    const say = async (text: string): Promise<void> => {
      cat.stdin.write(`${text}\n`);
      expect(await nextOutput(cat)).toBe(text);
    };
    expect(await echoed(port)).toBe("hello");
    await say("before");
    const terminal = new Transcript(await shared.stack.service.open({ host: "lab", ...shell }));
    const address = Buffer.concat([wireString("localhost"), wireUint32(port)]);
    // Closed by us: nothing of this is a reason to disconnect a program.
    const refused = await answer(
      ...attached,
      encodeProxyFrame(peerSends.globalRequest("no-such-request@example.org", false)),
      encodeProxyFrame(peerSends.globalRequest("no-such-request@example.org", true)),
      encodeProxyFrame(Buffer.concat([peerSends.globalRequest("cancel-tcpip-forward", true), address])),
      encodeProxyFrame(peerSends.globalRequest("hostkeys-prove-00@openssh.com", true)),
      encodeProxyFrame(peerSends.globalRequest("no-more-sessions@openssh.com", true)),
      encodeProxyFrame(peerSends.close(0)),
    );
    const failures = encodeProxyFrame(Buffer.of(82, 0, 0, 0));
    expect(refused.toString("hex").split(failures.toString("hex")).length - 1).toBe(4);
    // The server's numbers of all channels: those of the programs, of the terminal, and some that are not in use.
    for (let number = 0; number < 8; number++) {
      for (const message of [
        peerSends.close(number),
        peerSends.eof(number),
        peerSends.data(number, "harm\n"),
        peerSends.adjust(number, 1000),
        peerSends.request(number, "signal", false, wireString("KILL")),
      ]) {
        await answer(...attached, encodeProxyFrame(message));
      }
    }
    expect(await echoed(port)).toBe("hello");
    await say("after");
    terminal.send("echo still-$((40 + 2))\n");
    await terminal.waitFor(/still-42/);
    expect(terminal.text).not.toContain("harm");
    expect([host.logins() - logins, shared.stack.service.masters().length]).toEqual([0, 1]);
    for (const child of [listener, cat]) {
      child.kill("SIGKILL");
      await exited(child);
    }
    await until(async () => !(await listens(port)), "the listener has gone");
    terminal.send("exit\n");
    echo.close();
  });

  test.each([
    ["to stop the connection", "exit", /only the proxy mode/],
    ["to add a forward", "forward", /./],
    ["to stop listening for clients", "stop", /only the proxy mode/],
  ])("ssh -O to %s is refused", async (_, command, says) => {
    const args = [
      "-S",
      shared.socket,
      "-O",
      command,
      ...(command === "forward" ? ["-L", "1:a:1"] : []),
      "lab",
    ];
    const { code, stderr } = await outcomeOf("ssh", args, process.env);
    expect([code === 0, stderr]).toEqual([false, expect.stringMatching(says)]);
    expect(shared.stack.service.masters()).toHaveLength(1);
  });

  test("ssh -O check finds it, and a client that passes descriptors makes its own connection", async () => {
    const check = await outcomeOf("ssh", ["-S", shared.socket, "-O", "check", "lab"], process.env);
    expect(check).toMatchObject({ code: 0, stderr: `Master running (pid=${process.pid})\r\n` });
    const logins = host.logins();
    const config = join(host.folder, "config");
    const plain = await outcomeOf(
      "ssh",
      ["-F", config, "-S", shared.socket, "lab", "echo mine"],
      process.env,
    );
    expect([plain.stdout, host.logins() - logins]).toEqual(["mine\n", 1]);
  });
});

test("a program that opens connections until the server has no descriptors leaves room for sessions, and its refusals say why", async () => {
  const host = await startSshd({ wrap: ["prlimit", "--nofile=1024:1024"] });
  const config = join(host.folder, "config");
  await writeFile(config, host.sshConfigText("lab"));
  await using shared = await sharedConnection(config);
  const held = new Set<Socket>();
  const target = createServer((socket) => {
    held.add(socket);
    // The look whether ssh listens reaches it, too.
    socket
      .on("close", () => held.delete(socket))
      .on("error", () => {})
      .resume();
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  const local = await freePort();
  const forward = `${local}:127.0.0.1:${(target.address() as AddressInfo).port}`;
  const greedy = spawn("ssh", ["-F", config, "-N", "-L", forward, "lab"], { env: shared.env });
  let says = "";
  greedy.stderr.on("data", (data) => (says += String(data)));
  await until(async () => await listens(local), "the forward listens");
  const clients: Socket[] = [];
  // Not at once: ssh lets 128 wait.
  while (clients.length < 900) {
    clients.push(...Array.from({ length: 50 }, () => connect(local, "127.0.0.1").on("error", () => {})));
    await until(() => held.size === Math.min(clients.length, 768), "the target has as many as it gets");
  }
  await until(() => says.includes("programs have too many channels on this connection"), "the reason");
  const terminal = new Transcript(await shared.stack.service.open({ host: "lab", ...shell }));
  terminal.send("echo still-$((40 + 2))\n");
  await terminal.waitFor(/still-42/);
  const beside = await outcomeOf("ssh", ["-F", config, "lab", "echo beside"], shared.env);
  expect([beside.stdout, host.logins()]).toEqual(["beside\n", 1]);
  for (const client of clients) {
    client.destroy();
  }
  greedy.kill("SIGKILL");
  await exited(greedy);
  await until(() => shared.stack.programs.programs().length === 0, "every program has gone");
  for (const socket of held) {
    socket.destroy();
  }
  target.close();
  await host.stop();
});
