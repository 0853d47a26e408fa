import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { silentLogger } from "../../../src/base/log.ts";
import { parseForward } from "../../../src/config/forwardSpec.ts";
import { ChannelError, ForwardError } from "../../../src/engine/engineErrors.ts";
import { ForwardService } from "../../../src/forward/forwardService.ts";
import type { ForwardSnapshot } from "../../../src/forward/forwardTypes.ts";
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

function started() {
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
