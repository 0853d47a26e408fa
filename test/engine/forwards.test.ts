import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { nextEvent } from "../../src/base/emitter.ts";
import { parseForward } from "../../src/config/forwardSpec.ts";
import type { ForwardSnapshot } from "../../src/forward/forwardTypes.ts";
import { freePort } from "../lab/freePort.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

const cleanups: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

/** Returns received data in upper case, piece by piece. */
async function shoutingServer(): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on("data", (data) => socket.write(data.toString().toUpperCase()));
    socket.on("error", () => {});
  });
  server.listen({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  cleanups.push(() => server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A port whose two loopback addresses are both free; `ssh` listens if one of them is. */
async function takenPort(): Promise<number> {
  for (;;) {
    const port = await shoutingServer();
    const six = createServer();
    six.listen({ port, host: "::1" });
    try {
      await once(six, "listening");
      cleanups.push(() => six.close());
      return port;
    } catch {
      // Another program uses it.
    }
  }
}

async function started(
  options: Parameters<typeof startSshd>[0] = {},
): Promise<{ host: SshdHost; stack: TestStack }> {
  const host = await startSshd(options);
  cleanups.push(() => host.stop());
  const config = await host.writeSshConfig(host.folder, ["lab", "other"]);
  const stack = await testStack(config);
  cleanups.push(() => stack[Symbol.asyncDispose]());
  return { host, stack };
}

/** Sends `text`, ends its side, and resolves to what is returned. */
async function ask(port: number, text: string, host = "127.0.0.1"): Promise<string> {
  const socket = connect({ port, host, allowHalfOpen: true });
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString();
  });
  socket.end(text);
  await once(socket, "close");
  return answer;
}

async function until(stack: TestStack, accept: (all: readonly ForwardSnapshot[]) => boolean): Promise<void> {
  while (!accept(stack.forwards.forwards())) {
    await nextEvent(stack.forwards.onDidChange, AbortSignal.timeout(30_000));
  }
}

const person = { kind: "person" } as const;

describe("a local forward", () => {
  test("listens on the shared connection, counts its traffic, and frees its port when stopped", async () => {
    const { stack } = await started();
    const [target, port] = [await shoutingServer(), await freePort()];
    const spec = parseForward(`${port}:127.0.0.1:${target}`);
    const forward = await stack.forwards.start({ host: "lab", spec, origin: person });
    expect(forward.state.kind).toBe("listening");
    expect(forward.masterId).toBe(stack.master().id);
    expect(await ask(port, "hello")).toBe("HELLO");
    await until(stack, ([first]) => first?.openConnections === 0);
    expect(stack.forwards.forwards()).toMatchObject([
      { taken: 1, failed: 0, sent: 5, received: 5, addresses: [`127.0.0.1:${port}`, `[::1]:${port}`] },
    ]);
    // It keeps the connection open, as a session does.
    expect(stack.master().state.kind).toBe("ready");
    stack.forwards.stop(forward.id);
    await expect(ask(port, "hello")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(stack.forwards.forwards()).toEqual([]);
    expect(stack.master().state.kind).toBe("lingering");
  });

  test("stays after the user stopped it or ended its connection, and starts again with one call", async () => {
    const { stack } = await started();
    const [target, port] = [await shoutingServer(), await freePort()];
    const spec = parseForward(`${port}:127.0.0.1:${target}`);
    const { id } = await stack.forwards.start({ host: "lab", spec, origin: person });
    expect(stack.forwards.usersForwards()).toEqual([{ host: "lab", spec }]);
    let changes = 0;
    stack.forwards.onDidChangeUsers(() => changes++);
    stack.forwards.stopAndKeep(id);
    expect([changes, stack.forwards.usersForwards()]).toEqual([1, []]);
    expect(stack.forwards.forward(id)).toMatchObject({ state: { kind: "stopped" }, addresses: [] });
    await expect(ask(port, "hello")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await stack.forwards.restart(id)).toMatchObject({ id, state: { kind: "listening" } });
    expect(await ask(port, "hello")).toBe("HELLO");
    await stack.service.disconnectAll();
    await until(stack, ([first]) => first?.state.kind === "stopped");
    // Typed again: the same row.
    expect((await stack.forwards.start({ host: "lab", spec, origin: person })).id).toBe(id);
    expect(await ask(port, "again")).toBe("AGAIN");
    stack.forwards.stopAndKeep(id);
    stack.forwards.stop(id);
    expect(stack.forwards.forwards()).toEqual([]);
  });

  test("from before a reload listens when it is restarted, or typed again", async () => {
    const { stack } = await started();
    const target = await shoutingServer();
    const [first, second] = [await freePort(), await freePort()];
    const specs = [first, second].map((port) => parseForward(`${port}:127.0.0.1:${target}`));
    const [one = "", two = ""] = stack.forwards.addFromBefore(specs.map((spec) => ({ host: "lab", spec })));
    expect(stack.forwards.forward(one)).toMatchObject({ state: { kind: "stopped", isFromBefore: true } });
    await expect(ask(first, "hello")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    // Two clicks are one start.
    const both = await Promise.all([stack.forwards.restart(one), stack.forwards.restart(one)]);
    expect(both.map((each) => each?.id)).toEqual([one, one]);
    expect(await ask(first, "hello")).toBe("HELLO");
    // The address in another spelling.
    const spec = parseForward(`-L ${second}:127.0.0.1:${target}`);
    expect((await stack.forwards.start({ host: "lab", spec, origin: person })).id).toBe(two);
    expect(await ask(second, "typed")).toBe("TYPED");
    expect(stack.forwards.forwards().map(({ id }) => id)).toEqual([one, two]);
  });

  test("from before a reload comes back with the next session on its host, if only this computer can reach it", async () => {
    const { stack } = await started();
    const target = await shoutingServer();
    const [first, second, third] = [await freePort(), await freePort(), await freePort()];
    const [one = "", open = "", other = ""] = stack.forwards.addFromBefore([
      { host: "lab", spec: parseForward(`${first}:127.0.0.1:${target}`) },
      { host: "lab", spec: parseForward(`*:${second}:127.0.0.1:${target}`) },
      { host: "elsewhere", spec: parseForward(`${third}:127.0.0.1:${target}`) },
    ]);
    await stack.service.open({ host: "lab", kind: "terminal", request: { type: "shell" } });
    await until(stack, (all) => all.find(({ id }) => id === one)?.state.kind === "listening");
    expect(await ask(first, "hello")).toBe("HELLO");
    expect(stack.forwards.forward(one)?.masterId).toBe(stack.master().id);
    for (const id of [open, other]) {
      expect(stack.forwards.forward(id)?.state).toMatchObject({ kind: "stopped", isFromBefore: true });
    }
  });

  test("a port in use is refused, and the other program is named", async () => {
    const { stack } = await started();
    const taken = await takenPort();
    const forward = await stack.forwards.start({
      host: "lab",
      spec: parseForward(`${taken}:localhost:1`),
      origin: person,
    });
    expect(forward.state).toMatchObject({
      kind: "refused",
      error: { reason: "port-taken" },
      owner: { pid: process.pid },
    });
  });

  test("if another program uses one address of the port, it listens on the other one and reports it", async () => {
    const { stack } = await started();
    const [taken, target] = [await shoutingServer(), await shoutingServer()];
    const forward = await stack.forwards.start({
      host: "lab",
      spec: parseForward(`${taken}:localhost:${target}`),
      origin: person,
    });
    expect(forward).toMatchObject({
      state: { kind: "listening" },
      addresses: [`[::1]:${taken}`],
      takenAddresses: [`127.0.0.1:${taken}`],
    });
  });

  test("another spelling of an existing forward joins it", async () => {
    const { stack } = await started();
    const port = await freePort();
    const start = (text: string): Promise<ForwardSnapshot> =>
      stack.forwards.start({ host: "lab", spec: parseForward(text), origin: person });
    const first = await start(`${port}:LOCALHOST:80`);
    expect((await start(`localhost:${port}:localhost:80`)).id).toBe(first.id);
    expect((await start(`127.0.0.2:${port}:localhost:80`)).id).not.toBe(first.id);
  });

  test("the same forward of two hosts that share a connection is a single one", async () => {
    const { stack } = await started();
    const [target, port] = [await shoutingServer(), await freePort()];
    const spec = parseForward(`${port}:127.0.0.1:${target}`);
    const first = await stack.forwards.start({ host: "lab", spec, origin: person });
    const second = await stack.forwards.start({
      host: "other",
      spec,
      origin: { kind: "sshConfig", alias: "other" },
    });
    expect(second.id).toBe(first.id);
    expect(second.origins).toHaveLength(2);
    expect(stack.forwards.forwards()).toHaveLength(1);
  });
});

describe("other kinds of forwards", () => {
  test("a remote forward passes connections to a local program, and is cancelled when stopped", async () => {
    const { stack } = await started();
    const target = await shoutingServer();
    const forward = await stack.forwards.start({
      host: "lab",
      spec: parseForward(`-R 0:127.0.0.1:${target}`),
      origin: person,
    });
    expect(forward.state.kind).toBe("listening");
    const { port = 0 } = forward;
    expect(await ask(port, "remote")).toBe("REMOTE");
    stack.forwards.stop(forward.id);
    await stack.service.open({
      host: "lab",
      kind: "command",
      request: { type: "exec", command: "true" },
    });
    await expect(ask(port, "remote")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test.each(["-D 0", "-R 0"])(
    "%s serves a client that sends everything at once and ends its side",
    async (text) => {
      const { stack } = await started();
      const target = await shoutingServer();
      const forward = await stack.forwards.start({ host: "lab", spec: parseForward(text), origin: person });
      const socket = connect({ port: forward.port ?? 0, host: "127.0.0.1", allowHalfOpen: true });
      const request = [5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 255];
      socket.end(Buffer.concat([Buffer.from(request), Buffer.from("all")]));
      const got: Buffer[] = [];
      socket.on("data", (data: Buffer) => got.push(data));
      await once(socket, "close");
      expect(Buffer.concat(got).subarray(12).toString()).toBe("ALL");
      await until(stack, ([first]) => first?.openConnections === 0);
    },
  );

  test("a server that forbids forwards refuses a remote forward with its reason", async () => {
    const { stack } = await started({ sshd: { AllowTcpForwarding: "no" } });
    const forward = await stack.forwards.start({
      host: "lab",
      spec: parseForward("-R 0:127.0.0.1:1"),
      origin: person,
    });
    expect(forward.state).toMatchObject({ kind: "refused", error: { reason: "refused-by-server" } });
  });
});

describe("a lost connection", () => {
  test("forwards return: clients wait at the listener, and the server is asked to listen again", async () => {
    const { host, stack } = await started();
    stack.settings.layers = { user: { reconnect: "auto" } };
    const [target, port] = [await shoutingServer(), await freePort()];
    const local = await stack.forwards.start({
      host: "lab",
      spec: parseForward(`${port}:127.0.0.1:${target}`),
      origin: person,
    });
    const remote = await stack.forwards.start({
      host: "lab",
      spec: parseForward(`-R 0:127.0.0.1:${target}`),
      origin: person,
    });
    const open = connect({ port, host: "127.0.0.1" });
    open.write("a");
    await once(open, "data");
    const cut = once(open, "close").catch((error: unknown) => error);
    const [connection] = await host.connections();
    if (connection === undefined) {
      throw new Error("the host has no connection");
    }
    host.kill(connection);
    // A connection that was cut ends with an error, not as if it were complete.
    expect(await cut).toMatchObject({ code: "ECONNRESET" });
    const waited = ask(port, "again");
    expect(await waited).toBe("AGAIN");
    await until(stack, (all) => all.every(({ state }) => state.kind === "listening"));
    const again = stack.forwards.forward(remote.id);
    expect(again?.port).toBe(remote.port);
    expect(await ask(again?.port ?? 0, "there")).toBe("THERE");
    expect(stack.forwards.forward(local.id)?.masterId).not.toBe(local.masterId);
  });

  test("a forward whose port was taken tries it again after the reconnect, and works if it is free", async () => {
    const { host, stack } = await started();
    stack.settings.layers = { user: { reconnect: "auto" } };
    const target = await shoutingServer();
    const start = (text: string) =>
      stack.forwards.start({ host: "lab", spec: parseForward(text), origin: person });
    await start(`0:127.0.0.1:${target}`);
    const port = await freePort();
    const program = createServer().listen({ port, host: "127.0.0.1" });
    cleanups.push(() => program.close());
    await once(program, "listening");
    const { id, state } = await start(`127.0.0.1:${port}:127.0.0.1:${target}`);
    expect(state).toMatchObject({ kind: "refused", owner: { pid: process.pid } });
    program.close();
    await once(program, "close");
    const [connection] = await host.connections();
    if (connection === undefined) {
      throw new Error("the host has no connection");
    }
    host.kill(connection);
    await until(stack, () => stack.forwards.forward(id)?.state.kind === "listening");
    expect(await ask(port, "hello")).toBe("HELLO");
  });
});

describe("forwards from ssh_config", () => {
  async function withLines(
    lines: (port: number) => readonly string[],
    options: Parameters<typeof startSshd>[0] = {},
  ): Promise<{ readonly stack: TestStack; readonly port: number; readonly target: number }> {
    const host = await startSshd(options);
    cleanups.push(() => host.stop());
    const [target, port] = [await shoutingServer(), await freePort()];
    const config = await host.writeSshConfig(host.folder, ["lab"], lines(port));
    const stack = await testStack(config);
    cleanups.push(() => stack[Symbol.asyncDispose]());
    return { stack, port, target };
  }
  const session = { host: "lab", kind: "command", request: { type: "exec", command: "true" } } as const;
  async function runSession(stack: TestStack): Promise<void> {
    const opened = await stack.service.open(session);
    opened.resume();
    await opened.ended;
  }

  test("start with the host's first session, with their line as origin, and not again with the next one", async () => {
    const { stack, port } = await withLines((free) => [`DynamicForward ${free}`]);
    await runSession(stack);
    await until(stack, ([first]) => first?.state.kind === "listening");
    const [forward] = stack.forwards.forwards();
    expect(forward).toMatchObject({
      port,
      origins: [{ kind: "sshConfig", alias: "lab", file: expect.stringMatching(/ssh_config$/), line: 2 }],
    });
    stack.forwards.stop(forward?.id ?? "");
    await runSession(stack);
    expect(stack.forwards.forwards()).toEqual([]);
  });

  test("do not start under `never`, or after a refusal under `ask`", async () => {
    const { stack, port } = await withLines((free) => [`DynamicForward ${free}`]);
    const asked: string[] = [];
    stack.forwards.askBy({
      mayLogIn: async () => false,
      mayStart: async (host, specs) => {
        asked.push(`${host} ${specs.length}`);
        return false;
      },
      mayListenOpenly: async () => false,
      portTaken: async () => "leave",
    });
    for (const mode of ["never", "ask"]) {
      stack.settings.layers = { user: { reconnect: "never", fromConfig: mode } };
      await runSession(stack);
      await stack.service.disconnectAll();
    }
    expect(asked).toEqual(["lab 1"]);
    await expect(ask(port, "x")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("ExitOnForwardFailure refuses the session and keeps the connection", async () => {
    const taken = await takenPort();
    const { stack } = await withLines(() => [
      `LocalForward ${taken} localhost:1`,
      "ExitOnForwardFailure yes",
    ]);
    await expect(stack.service.open(session)).rejects.toMatchObject({ reason: "port-taken" });
    expect(stack.master().state.kind).toBe("lingering");
    await expect(stack.service.open(session)).rejects.toMatchObject({ reason: "port-taken" });
  });

  test("without ExitOnForwardFailure the session opens, and the forward shows the reason", async () => {
    const taken = await takenPort();
    const { stack } = await withLines(() => [`LocalForward ${taken} localhost:1`]);
    await runSession(stack);
    await until(stack, ([first]) => first?.state.kind === "refused");
  });

  test("a port in use causes a question, and another port is used", async () => {
    const taken = await takenPort();
    const target = await shoutingServer();
    const { stack } = await withLines(() => [`LocalForward ${taken} 127.0.0.1:${target}`]);
    const asked: (string | undefined)[] = [];
    stack.forwards.askBy({
      mayLogIn: async () => false,
      mayStart: async () => false,
      mayListenOpenly: async () => false,
      portTaken: async ({ state }) => {
        asked.push(state.kind);
        return "another-port";
      },
    });
    await runSession(stack);
    await until(stack, ([first]) => first?.state.kind === "listening");
    const [forward, ...others] = stack.forwards.forwards();
    expect(others).toEqual([]);
    expect(asked).toEqual(["refused"]);
    expect(forward?.port).not.toBe(taken);
    expect(await ask(forward?.port ?? 0, "other")).toBe("OTHER");
  });

  test("a listener that others can reach starts only with consent; a refusal does not refuse the session", async () => {
    const { stack, port } = await withLines((free) => [
      `DynamicForward *:${free}`,
      "ExitOnForwardFailure yes",
    ]);
    const asked: string[] = [];
    for (const answer of [false, true]) {
      stack.forwards.askBy({
        mayLogIn: async () => false,
        mayStart: async () => false,
        mayListenOpenly: async (host, spec) => {
          asked.push(`${host} ${spec.kind}`);
          return answer;
        },
        portTaken: async () => "leave",
      });
      await runSession(stack);
      expect(stack.forwards.forwards().map((forward) => forward.port)).toEqual(answer ? [port] : []);
      await stack.service.disconnectAll();
    }
    expect(asked).toEqual(["lab dynamic", "lab dynamic"]);
  });

  test("ClearAllForwardings starts none", async () => {
    const { stack } = await withLines((free) => [`DynamicForward ${free}`, "ClearAllForwardings yes"]);
    await runSession(stack);
    expect(stack.forwards.forwards()).toEqual([]);
  });
});

describe("PermitRemoteOpen, StreamLocalBindMask and StreamLocalBindUnlink", () => {
  async function startedWith(lines: readonly string[]): Promise<{ host: SshdHost; stack: TestStack }> {
    const host = await startSshd();
    cleanups.push(() => host.stop());
    const stack = await testStack(await host.writeSshConfig(host.folder, ["lab"], lines));
    cleanups.push(() => stack[Symbol.asyncDispose]());
    return { host, stack };
  }

  /** Asks a SOCKS 5 proxy for `target`, and resolves to the reply to `text`; undefined: refused. */
  async function askThrough(proxy: number, target: number, text: string): Promise<string | undefined> {
    const socket = connect({ port: proxy, host: "127.0.0.1" });
    socket.on("error", () => {});
    const bytes: Buffer[] = [];
    const got = (length: number): Promise<boolean> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (Buffer.concat(bytes).length >= length) {
            resolve(true);
          }
        };
        socket.on("data", check);
        socket.once("close", () => resolve(false));
        check();
      });
    socket.on("data", (data) => bytes.push(data));
    socket.write(Buffer.from([5, 1, 0]));
    await got(2);
    socket.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 0xff]));
    socket.write(text);
    const all = await got(2 + 10 + text.length);
    socket.destroy();
    return all ? Buffer.concat(bytes).subarray(12).toString() : undefined;
  }

  test("clients of a remote SOCKS forward reach permitted targets only", async () => {
    const [permitted, other] = [await shoutingServer(), await shoutingServer()];
    const { stack } = await startedWith([`PermitRemoteOpen 127.0.0.1:${permitted}`]);
    const forward = await stack.forwards.start({ host: "lab", spec: parseForward("-R 0"), origin: person });
    expect(forward.state.kind).toBe("listening");
    expect(await askThrough(forward.port ?? 0, permitted, "yes")).toBe("YES");
    expect(await askThrough(forward.port ?? 0, other, "no")).toBeUndefined();
  });

  test("an existing socket is replaced only under StreamLocalBindUnlink, and gets the mask's mode", async () => {
    const target = await shoutingServer();
    const lines = ["StreamLocalBindMask 0117"];
    for (const [extra, kind] of [
      [[], "refused"],
      [["StreamLocalBindUnlink yes"], "listening"],
    ] as const) {
      const { host, stack } = await startedWith([...lines, ...extra]);
      const path = join(host.folder, "forward.sock");
      execFileSync("python3", [
        "-c",
        "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])",
        path,
      ]);
      const forward = await stack.forwards.start({
        host: "lab",
        spec: parseForward(`${path}:127.0.0.1:${target}`),
        origin: person,
      });
      expect(forward.state.kind).toBe(kind);
      if (kind === "listening") {
        expect((await stat(path)).mode & 0o777).toBe(0o660);
        const socket = connect(path);
        socket.end("unix");
        expect(String((await once(socket, "data"))[0])).toBe("UNIX");
      }
    }
  });
});

describe("a forward on demand", () => {
  test("listens without a connection, asks, logs in for the first client, and refuses clients after a refusal", async () => {
    const { stack } = await started();
    const [target, port] = [await shoutingServer(), await freePort()];
    const answers = [true, false];
    stack.forwards.askBy({
      mayLogIn: async ({ addresses }) => {
        expect(addresses).toContain(`127.0.0.1:${port}`);
        return answers.shift() ?? false;
      },
      mayStart: async () => false,
      mayListenOpenly: async () => false,
      portTaken: async () => "leave",
    });
    const spec = parseForward(`${port}:127.0.0.1:${target}`);
    const forward = await stack.forwards.start({ host: "lab", spec, origin: person, onDemand: true });
    expect(forward.state).toMatchObject({ kind: "waiting", onDemand: true });
    expect(stack.service.masters()).toEqual([]);
    expect(await Promise.all([ask(port, "one"), ask(port, "two")])).toEqual(["ONE", "TWO"]);
    expect(answers).toEqual([false]);
    await stack.service.disconnectAll();
    await until(stack, ([first]) => first?.state.kind === "waiting");
    expect(await ask(port, "three").catch(() => "")).toBe("");
    await until(stack, ([first]) => first?.state.kind === "refused");
    await expect(ask(port, "four")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(answers).toEqual([]);
  });

  test("a forward that is saved while it listens stays without its connection, and keeps its first origin when it is removed from the settings", async () => {
    const { stack } = await started();
    const [target, port] = [await shoutingServer(), await freePort()];
    stack.forwards.askBy({
      mayLogIn: async () => true,
      mayStart: async () => false,
      mayListenOpenly: async () => false,
      portTaken: async () => "leave",
    });
    const spec = parseForward(`${port}:127.0.0.1:${target}`);
    const saved = { kind: "setting", pattern: "lab" } as const;
    const { id } = await stack.forwards.start({ host: "lab", spec, origin: person });
    expect((await stack.forwards.start({ host: "lab", spec, origin: saved, onDemand: true })).id).toBe(id);
    await stack.service.disconnectAll();
    await until(stack, ([first]) => first?.state.kind === "waiting");
    expect(await ask(port, "back")).toBe("BACK");
    stack.forwards.removeSaved(id, saved);
    expect(stack.forwards.forward(id)).toMatchObject({ state: { kind: "listening" }, origins: [person] });
    await stack.service.disconnectAll();
    await until(stack, ([first]) => first?.state.kind === "stopped");
  });

  test("a saved forward stops when it is removed from the settings and nothing else started it", async () => {
    const { stack } = await started();
    const saved = { kind: "setting", pattern: "lab" } as const;
    const spec = parseForward(`${await freePort()}:127.0.0.1:1`);
    const { id } = await stack.forwards.start({ host: "lab", spec, origin: saved, onDemand: true });
    stack.forwards.removeSaved(id, saved);
    expect(stack.forwards.forwards()).toEqual([]);
  });
});
