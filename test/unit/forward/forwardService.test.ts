import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { Emitter } from "../../../src/base/emitter.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { parseForward } from "../../../src/config/forwardSpec.ts";
import { ChannelError, ForwardError } from "../../../src/engine/engineErrors.ts";
import type { ForwardClaim, ForwardClaims } from "../../../src/forward/forwardPorts.ts";
import { ForwardService } from "../../../src/forward/forwardService.ts";
import type { ForwardSnapshot } from "../../../src/forward/forwardTypes.ts";
import { LocalListener } from "../../../src/forward/localListener.ts";
import { freePort } from "../../lab/freePort.ts";
import { FakeConnection } from "../../support/fakeEngine.ts";
import { fakeStack } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { settle } from "../../support/manualClock.ts";

const cleanups: (() => void)[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) {
    cleanup();
  }
});

const config = testHostConfig();

function started(claims?: ForwardClaims) {
  const stack = fakeStack();
  const forwards = new ForwardService({
    ...{ clock: stack.clock, logger: silentLogger, registry: stack.registry },
    resolve: async () => config,
    folder: () => undefined,
    rules: () => ({
      ...{ gatewayPorts: false, bindMask: 0o177, unlink: false, addressFamily: "any", permitted: undefined },
      ...{ keepsConnection: true, automatic: true },
    }),
    reconnect: (lost, holder) => stack.manager.rejoin(lost, holder),
    ...(claims && { claims }),
  });
  cleanups.push(() => {
    forwards.dispose();
    stack.registry.dispose();
  });
  const start = (text: string): Promise<ForwardSnapshot> =>
    forwards.start({ host: config.alias, spec: parseForward(text), origin: { kind: "person" } });
  return { ...stack, forwards, start };
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  return await once(socket, "connect").then(
    () => {
      socket.destroy();
      return false;
    },
    () => true,
  );
}

test("a forward that is restarted several times at once listens once, at its port", async () => {
  const { forwards, start } = started();
  const port = await freePort();
  const { id } = await start(`${port}:db:1`);
  const all = await Promise.all([forwards.restart(id), forwards.restart(id), forwards.restart(id)]);
  expect(all.map((each) => [each?.state.kind, each?.port])).toEqual(all.map(() => ["listening", port]));
  expect(await isRefused(port)).toBe(false);
  forwards.stop(id);
  expect(await isRefused(port)).toBe(true);
});

test("a forward that is removed while it restarts does not listen", async () => {
  const { engine, forwards, start } = started();
  const port = await freePort();
  const { id } = await start(`${port}:db:1`);
  const again = forwards.restart(id);
  forwards.stop(id);
  expect(await again).toBeUndefined();
  await settle();
  expect([await isRefused(port), forwards.forwards(), engine.requests.length]).toEqual([true, [], 1]);
});

/** Claims of a window beside another one, which makes all forwards until `ended` fires. */
function besideAnother() {
  const ended = new Emitter<void>();
  const window = { pid: 4711, name: "work" };
  let isThere = true;
  ended.event(() => {
    isThere = false;
  });
  const claims = {
    asked: 0,
    held: 0,
    claim: async (): Promise<ForwardClaim> => {
      claims.asked++;
      claims.held++;
      const dispose = (): void => void claims.held--;
      return isThere ? { other: { window, onDidEnd: ended.event }, dispose } : { dispose };
    },
  };
  return { ended, claims };
}

const servedBy = { pid: 4711, name: "work", isWindow: true };

test("a forward that another window makes is left to it, also when it is started again, and taken over at its end", async () => {
  const { ended, claims } = besideAnother();
  const { engine, forwards, start } = started(claims);
  const port = await freePort();
  const { id, state } = await start(`${port}:db:1`);
  expect(state).toMatchObject({ kind: "stopped", servedBy });
  expect((await start(`${port}:db:1`)).state).toBe(state);
  expect([await isRefused(port), claims.asked, engine.requests.length]).toEqual([true, 1, 0]);
  expect(forwards.usersForwards()).toHaveLength(1);
  ended.fire();
  await vi.waitFor(() => expect(forwards.forward(id)?.state.kind).toBe("listening"));
  expect([await isRefused(port), claims.held]).toEqual([false, 1]);
  forwards.stopAndKeep(id);
  expect(claims.held).toBe(0);
});

test("a forward that was stopped or removed is not taken over", async () => {
  const { ended, claims } = besideAnother();
  const { engine, forwards, start } = started(claims);
  const [one, other] = [await start("8081:db:1"), await start("8082:db:1")];
  forwards.stopAndKeep(one.id);
  forwards.stop(other.id);
  ended.fire();
  await settle();
  expect(forwards.forward(one.id)?.state).not.toHaveProperty("servedBy");
  expect([claims.held, claims.asked, engine.requests.length]).toEqual([0, 2, 0]);
});

test("a forward of any port is not shared, and one that is stopped while it asks holds nothing", async () => {
  let answer: ((claim: ForwardClaim) => void) | undefined;
  const claim = vi.fn(
    () =>
      new Promise<ForwardClaim>((resolve) => {
        answer = resolve;
      }),
  );
  const { forwards, start } = started({ claim });
  expect((await start("0:db:1")).state.kind).toBe("listening");
  expect(claim).not.toHaveBeenCalled();
  const starting = start("8081:db:1");
  await vi.waitFor(() => expect(claim).toHaveBeenCalled());
  forwards.stopAndKeep(forwards.forwards()[1]?.id ?? "");
  const dispose = vi.fn();
  answer?.({ dispose });
  expect((await starting).state.kind).toBe("stopped");
  expect(dispose).toHaveBeenCalledOnce();
});

test("a forward that is stopped while it restarts stays stopped", async () => {
  const { forwards, start } = started();
  const port = await freePort();
  const { id } = await start(`${port}:db:1`);
  const again = forwards.restart(id);
  forwards.stopAndKeep(id);
  expect((await again)?.state.kind).toBe("stopped");
  expect(await isRefused(port)).toBe(true);
});

/** The next request to listen has no reply until its connection is lost. */
function withoutReply(): void {
  vi.spyOn(FakeConnection.prototype, "listen").mockImplementationOnce(function (this: FakeConnection) {
    return new Promise((_, reject) => {
      this.onDidClose(() => reject(new ChannelError("connection-ended", "lost")));
    });
  });
}

test("a remote forward whose connection is lost while the server is asked to listen returns with the next one", async () => {
  const { clock, engine, forwards, start } = started();
  const { id, port } = await start("-R 0:localhost:80");
  withoutReply();
  engine.connection().end({ reason: "lost" });
  await clock.advance(1000);
  expect(forwards.forward(id)?.state.kind).toBe("waiting");
  engine.connection(1).end({ reason: "lost" });
  await settle();
  expect(forwards.forward(id)?.state.kind).toBe("waiting");
  await clock.advance(10_000);
  expect(forwards.forward(id)).toMatchObject({ state: { kind: "listening" }, port });
  expect(engine.connection(2).listeners).toHaveLength(1);
});

test("a remote forward whose first connection is lost while the server is asked to listen returns, too", async () => {
  const { clock, engine, forwards, start } = started();
  withoutReply();
  const starting = start("-R 8080:localhost:80");
  await settle();
  engine.connection().end({ reason: "lost" });
  expect((await starting).state.kind).toBe("waiting");
  await clock.advance(10_000);
  expect(forwards.forwards()).toMatchObject([{ state: { kind: "listening" }, port: 8080 }]);
});

test("a remote forward that the server refuses after a reconnect is refused, with the reason", async () => {
  const { clock, engine, forwards, start } = started();
  const { id } = await start("-R 8080:localhost:80");
  vi.spyOn(FakeConnection.prototype, "listen").mockImplementation(() =>
    Promise.reject(new ForwardError("refused-by-server", "no")),
  );
  engine.connection().end({ reason: "lost" });
  await clock.advance(10_000);
  expect(forwards.forward(id)?.state).toMatchObject({
    kind: "refused",
    error: { reason: "refused-by-server" },
  });
});

test("a remote forward is asked for again on a connection that did not respond and has recovered", async () => {
  const { clock, engine, forwards, start } = started();
  const { id } = await start("-R 8080:localhost:80");
  vi.spyOn(FakeConnection.prototype, "listen").mockRejectedValueOnce(
    new ChannelError("connection-ended", "The connection no longer answers"),
  );
  engine.connection().end({ reason: "lost" });
  await clock.advance(1500);
  expect(engine.connections).toHaveLength(2);
  expect(forwards.forward(id)?.state.kind).toBe("waiting");
  await clock.advance(5000);
  expect(forwards.forward(id)?.state.kind).toBe("listening");
  forwards.stop(id);
  expect(engine.connection(1).listeners).toMatchObject([{ disposed: true }]);
});

test("a stopped forward asks a connection that did not respond no more", async () => {
  const { clock, engine, forwards, start } = started();
  vi.spyOn(FakeConnection.prototype, "listen").mockRejectedValueOnce(
    new ChannelError("connection-ended", "The connection no longer answers"),
  );
  const { id, state } = await start("-R 8080:localhost:80");
  expect(state.kind).toBe("waiting");
  forwards.stopAndKeep(id);
  await clock.advance(60_000);
  expect([forwards.forward(id)?.state.kind, engine.connection().listeners]).toEqual(["stopped", []]);
});

test("an answer that belongs to the time before a restart does not refuse later clients", async () => {
  const { forwards, manager } = started();
  const port = await freePort();
  let answer = (_: boolean): void => {};
  const asked: string[] = [];
  forwards.askBy({
    mayLogIn: ({ id }) => {
      asked.push(id);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    mayStart: async () => false,
    mayListenOpenly: async () => false,
    portTaken: async () => "leave",
  });
  const request = { host: config.alias, spec: parseForward(`${port}:db:1`), onDemand: true };
  const { id } = await forwards.start({ ...request, origin: { kind: "person" } });
  const first = connect({ port, host: "127.0.0.1" });
  first.on("error", () => {});
  await vi.waitFor(() => expect(asked).toEqual([id]));
  const again = forwards.restart(id);
  expect((await again)?.state).toMatchObject({ kind: "waiting", onDemand: true });
  answer(false);
  await settle();
  expect(forwards.forward(id)?.state.kind).toBe("waiting");
  const second = connect({ port, host: "127.0.0.1" });
  await vi.waitFor(() => expect(asked).toEqual([id, id]));
  answer(true);
  await vi.waitFor(() => expect(manager.masters()).toHaveLength(1));
  second.destroy();
});

/** Another program at a port. */
async function programAt(port: number, host = "127.0.0.1"): Promise<Server> {
  const server = createServer().listen({ port, host });
  cleanups.push(() => void server.close());
  await once(server, "listening");
  return server;
}

async function gone(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

/** A forward of a port that another program has at both addresses. */
async function withTakenPort() {
  const stack = started();
  const port = await freePort();
  const programs = [await programAt(port), await programAt(port, "::1")];
  // Keeps the connection.
  await stack.start("0:db:1");
  const { id, state } = await stack.start(`${port}:db:1`);
  expect(state).toMatchObject({ kind: "refused", error: { reason: "port-taken" } });
  const stateKind = () => stack.forwards.forward(id)?.state.kind;
  return { ...stack, id, state, port, stateKind, end: () => Promise.all(programs.map(gone)) };
}

test("a forward whose port was taken listens by itself when the port is free, and changes nothing until then", async () => {
  const { clock, forwards, id, state, port, stateKind, end } = await withTakenPort();
  let changes = 0;
  forwards.onDidChange(() => changes++);
  const listens = vi.spyOn(LocalListener, "isFree");
  await clock.advance(30_000);
  await vi.waitFor(() => expect(listens).toHaveResolved());
  await settle();
  expect([forwards.forward(id)?.state === state, changes]).toEqual([true, 0]);
  await end();
  await vi.waitFor(async () => {
    await clock.advance(30_000);
    expect(stateKind()).toBe("listening");
  });
  expect(await isRefused(port)).toBe(false);
  await clock.advance(60_000);
  expect(listens.mock.calls.length).toBeLessThan(10);
});

test("a forward whose port was taken tries it at once when its connection is made anew", async () => {
  const { engine, clock, manager, stateKind, end } = await withTakenPort();
  await end();
  engine.connection().end({ reason: "lost" });
  await settle();
  expect(stateKind()).toBe("refused");
  // The other forward reconnects after a second: far less than what the forward waits.
  await clock.advance(1500);
  expect(manager.masters().some(({ state }) => state.kind === "ready")).toBe(true);
  await vi.waitFor(() => expect(stateKind()).toBe("listening"));
});

test("a forward whose port was taken does not log in by itself, and none that was stopped or removed is tried", async () => {
  const { engine, clock, forwards, start, stateKind, id, manager, end } = await withTakenPort();
  await manager.disconnectAll();
  await settle();
  const before = engine.requests.length;
  await end();
  const listens = vi.spyOn(LocalListener, "isFree");
  await clock.advance(120_000);
  await settle();
  expect([stateKind(), engine.requests.length, listens.mock.calls.length]).toEqual(["refused", before, 0]);
  forwards.stopAndKeep(id);
  await start("0:db:1");
  await clock.advance(120_000);
  await settle();
  expect([stateKind(), listens.mock.calls.length]).toEqual(["stopped", 0]);
});

test("a forward whose port was taken is left to another window that has it meanwhile", async () => {
  const ended = new Emitter<void>();
  let other: ForwardClaim["other"];
  const { clock, forwards, start } = started({
    claim: async () => ({ ...(other && { other }), dispose: () => {} }),
  });
  const port = await freePort();
  await programAt(port);
  await programAt(port, "::1");
  await start("0:db:1");
  const { id } = await start(`${port}:db:1`);
  other = { window: { pid: 4711, name: "work" }, onDidEnd: ended.event };
  await clock.advance(30_000);
  await vi.waitFor(() => expect(forwards.forward(id)?.state).toMatchObject({ kind: "stopped", servedBy }));
});

test("a forward on demand that got one of two addresses gets the other one, too, when it is free", async () => {
  const { clock, forwards } = started();
  const port = await freePort();
  const program = await programAt(port);
  const spec = parseForward(`${port}:db:1`);
  const { id, takenAddresses } = await forwards.start({
    ...{ host: config.alias, spec, origin: { kind: "person" }, onDemand: true },
  });
  expect(takenAddresses).toEqual([`127.0.0.1:${port}`]);
  await gone(program);
  await clock.advance(30_000);
  await vi.waitFor(() =>
    expect(forwards.forward(id)).toMatchObject({
      takenAddresses: [],
      addresses: [`[::1]:${port}`, `127.0.0.1:${port}`],
      state: { kind: "waiting" },
    }),
  );
  await expect(programAt(port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  forwards.stop(id);
  expect(await isRefused(port)).toBe(true);
});
