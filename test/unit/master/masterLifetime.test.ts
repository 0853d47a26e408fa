import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { CancelledError } from "../../../src/base/errors.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type {
  ConnectionEngine,
  EngineConnection,
  LoginWait,
  ServerWords,
} from "../../../src/engine/connectionEngine.ts";
import { ChannelError } from "../../../src/engine/engineErrors.ts";
import type { Master } from "../../../src/master/master.ts";
import type { LoginNews } from "../../../src/master/masterTypes.ts";
import { FakeConnection } from "../../support/fakeEngine.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { settle } from "../../support/manualClock.ts";

type Stack = ReturnType<typeof fakeStack>;

const never = new AbortController().signal;
const web1 = { config: testHostConfig(), folder: undefined };

function only({ registry }: Stack): Master {
  const [master, ...others] = registry.masters;
  if (master === undefined || others.length > 0) {
    throw new Error(`${registry.masters.length} masters`);
  }
  return master;
}

describe("a login", () => {
  const wait: LoginWait = { on: "server", judging: "key" };
  const words: ServerWords = { source: "banner", text: "Welcome" };

  /** A login that is held in its first phase. */
  async function watched() {
    const stack = fakeStack();
    stack.engine.hold = true;
    stack.registry.acquire(web1, true);
    await settle();
    const master = only(stack);
    const news: LoginNews[] = [];
    master.watchLogin((each) => news.push(each));
    return { engine: stack.engine, master, news };
  }

  it("shows its phase, what it waits for and the server's messages, and nothing of that once connected", async () => {
    const { engine, master, news } = await watched();
    const [request] = engine.requests;
    expect(master.state).toMatchObject({ kind: "connecting", phase: "tcp" });
    request?.onPhase?.("authentication");
    expect(master.state).toMatchObject({ kind: "connecting", phase: "authentication" });
    request?.onWait?.(wait);
    expect(master.state).toMatchObject({ kind: "connecting", phase: "authentication", wait });
    request?.onServerWords?.(words);
    request?.onWait?.(undefined);
    expect(Object.keys(master.state)).not.toContain("wait");
    const seen = [
      { kind: "wait", alias: "web1", wait },
      { kind: "words", alias: "web1", words },
      { kind: "wait", alias: "web1", wait: undefined },
    ];
    expect(news).toEqual(seen);
    engine.release();
    await settle();
    const { state } = master;
    expect(state.kind).toBe("ready");
    request?.onPhase?.("tcp");
    request?.onWait?.(wait);
    request?.onServerWords?.(words);
    expect(master.state).toBe(state);
    expect(news).toEqual(seen);
  });

  it("shows no message that comes after it was given up", async () => {
    const { engine, master, news } = await watched();
    master.kill();
    engine.requests[0]?.onServerWords?.(words);
    engine.requests[0]?.onWait?.(wait);
    expect(news).toEqual([]);
    expect(master.state).toMatchObject({ kind: "closed", reason: "killed" });
  });

  it.each([
    [false, "closed"],
    [true, "connecting"],
  ] as const)(
    "is limited by ConnectTimeout up to the authentication (reached: %s)",
    async (reached, state) => {
      const stack = fakeStack([testHostConfig({ connectTimeout: 5 })]);
      const { clock, engine, registry } = stack;
      engine.hold = true;
      const { master } = registry.acquire({ config: testHostConfig({ connectTimeout: 5 }) }, true);
      await clock.advance(4000);
      engine.requests[0]?.onPhase?.(reached ? "authentication" : "hostKey");
      await clock.advance(999);
      expect(master.state.kind).toBe("connecting");
      await clock.advance(60_000);
      expect(master.state.kind).toBe(state);
      if (!reached) {
        expect(master.state).toMatchObject({ reason: "connect-failed", error: { reason: "timed-out" } });
      }
    },
  );

  it("ends when nothing needs it any more", async () => {
    const stack = fakeStack();
    const { engine, registry } = stack;
    engine.hold = true;
    const [first, second] = [registry.acquire(web1, true), registry.acquire(web1, true)];
    await settle();
    first.dispose();
    await settle();
    expect(first.master.state.kind).toBe("connecting");
    second.dispose();
    await settle();
    expect(first.master.state).toMatchObject({ kind: "closed", reason: "disconnected" });
    await expect(first.master.ready(never)).rejects.toThrow(CancelledError);
    expect(stack.clock.pendingTimers).toBe(0);
  });

  it.each(["kill", "disconnect", "release of its last lease"] as const)(
    "that is over only after a %s leaves no connection open",
    async (how) => {
      const late: ((connection: EngineConnection) => void)[] = [];
      // It completes at the very moment at which it is cancelled.
      const engine: ConnectionEngine = {
        ...{ name: "late", transport: "given" },
        connect: () => new Promise((resolve) => late.push(resolve)),
      };
      const stack = fakeStack([testHostConfig()], silentLogger, { chooseEngine: () => engine });
      const lease = stack.registry.acquire(web1, true);
      const { master } = lease;
      await settle();
      const failed = expect(master.ready(never)).rejects.toThrow(CancelledError);
      if (how === "release of its last lease") {
        lease.dispose();
      } else {
        void master[how]();
      }
      const connection = new FakeConnection(stack.clock);
      late[0]?.(connection);
      await failed;
      expect(connection.ended).toEqual({ reason: "closed" });
      expect(master.connection).toBeUndefined();
      expect(master.state).toMatchObject({
        ...{ kind: "closed", reason: how === "kill" ? "killed" : "disconnected" },
      });
      expect(stack.clock.pendingTimers).toBe(0);
    },
  );
});

describe("the end of a connection", () => {
  it("in order waits 3 s for the server, then destroys the connection", async () => {
    const stack = fakeStack();
    const { clock, engine, manager, registry } = stack;
    await manager.open({ host: "web1", ...shell });
    const connection = engine.connection();
    let closes = 0;
    connection.close = () => {
      closes++;
    };
    const master = only(stack);
    const lease = registry.acquire(web1, true);
    const begun = clock.now();
    let over = false;
    void master.disconnect().then(() => {
      over = true;
    });
    void master.disconnect("linger-over");
    expect(closes).toBe(1);
    lease.dispose();
    connection.channels[0]?.end({ code: 0 });
    await clock.advance(2999);
    expect([over, connection.ended]).toEqual([false, undefined]);
    expect(master.state).toEqual({ kind: "disconnecting", since: begun });
    expect([master.isUsable, master.acceptsSessions]).toEqual([false, false]);
    await clock.advance(1);
    expect([over, connection.ended]).toEqual([true, { reason: "closed" }]);
    expect(master.state).toMatchObject({ kind: "closed", reason: "disconnected" });
    expect(registry.masters).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("has the first reason, whatever follows", async () => {
    const stack = fakeStack();
    await stack.manager.open({ host: "web1", ...shell });
    const master = only(stack);
    const states: string[] = [];
    master.onDidChange(() => states.push(master.state.kind));
    stack.engine.connection().end({ reason: "disconnected", said: "bye" });
    master.giveUp();
    master.kill();
    await master.disconnect();
    master.promote();
    master.refreshPolicies();
    expect(states).toEqual(["lost"]);
    expect([master.endReason, master.endWords]).toEqual(["closed-by-server", "bye"]);
    expect(master.state).toMatchObject({ kind: "lost", reason: "closed-by-server" });
  });

  it("rejects opens of the connection, and later ones", async () => {
    const stack = fakeStack();
    await stack.manager.open({ host: "web1", ...shell });
    const master = only(stack);
    master.giveUp();
    expect(master.state).toMatchObject({ kind: "lost", reason: "unresponsive" });
    expect(stack.engine.connection().ended).toEqual({ reason: "closed" });
    await expect(master.channels.session({ request: { type: "shell" }, env: {} }, never)).rejects.toThrow(
      ChannelError,
    );
  });

  it("by a shutdown ends all connections at once, and no new one is made", async () => {
    const stack = fakeStack([testHostConfig(), testHostConfig({ alias: "web2", hostName: "two.test" })]);
    const { engine, manager, registry } = stack;
    await manager.open({ host: "web1", ...shell });
    await manager.open({ host: "web2", ...shell });
    const masters = registry.masters;
    registry.dispose();
    expect(masters.map(({ state }) => state)).toMatchObject([
      { kind: "closed", reason: "shutdown" },
      { kind: "closed", reason: "shutdown" },
    ]);
    expect(engine.connections.map(({ ended }) => ended?.reason)).toEqual(["closed", "closed"]);
    expect(registry.masters).toEqual([]);
    expect(() => registry.acquire(web1, true)).toThrow(
      expect.objectContaining({ reason: "local" }) as unknown as Error,
    );
  });
});

describe("a host behind a ProxyCommand", () => {
  const proxied = testHostConfig({ proxyCommand: "nc server 22" });

  it("is connected through the command's stream, which ends with the connection", async () => {
    const stream = new PassThrough();
    const commands: unknown[] = [];
    let say: (words: ServerWords) => void = () => {};
    const stack = fakeStack([proxied], silentLogger, {
      runProxy: (config, onWords) => {
        commands.push(config.proxyCommand);
        say = onWords;
        return stream;
      },
    });
    const { engine, registry } = stack;
    engine.hold = true;
    const { master } = registry.acquire({ config: proxied }, true);
    const news: LoginNews[] = [];
    master.watchLogin((each) => news.push(each));
    expect(master.state).toMatchObject({ kind: "connecting", phase: "proxy" });
    await settle();
    const words: ServerWords = { source: "proxy", text: "no route" };
    say(words);
    expect(news).toEqual([{ kind: "words", alias: "web1", words }]);
    engine.release();
    await master.ready(never);
    expect([commands, engine.requests[0]?.transport === stream]).toEqual([["nc server 22"], true]);
    expect(stream.destroyed).toBe(false);
    master.kill();
    expect(stream.destroyed).toBe(true);
  });

  it("that is given up while its stream is made starts no login", async () => {
    const stack = fakeStack([proxied]);
    const { master } = stack.registry.acquire({ config: proxied }, true);
    master.kill();
    await settle();
    expect(stack.engine.requests).toEqual([]);
    expect(stack.clock.pendingTimers).toBe(0);
  });
});

describe("forwards of a connection", () => {
  const originator = { host: "127.0.0.1", port: 1 };
  const db = { type: "tcp", host: "db", port: 5432 } as const;

  it("use its channels and its listeners", async () => {
    const stack = fakeStack();
    const { engine, registry } = stack;
    const { master } = registry.acquire(web1, true);
    const channel = await master.channels.forward(db, originator, never);
    expect(engine.connection().channels).toEqual([channel]);
    const handler = async () => undefined;
    await master.channels.listen(db, handler, never);
    expect(engine.connection().listeners).toEqual([{ at: db, handler, disposed: false }]);
  });

  it.each([
    [db, "The server did not reach db in time"],
    [{ type: "unix", path: "/run/db" } as const, "The server did not reach /run/db in time"],
  ])("without a reply end with a message that names the target", async (target, message) => {
    const stack = fakeStack();
    const { master } = stack.registry.acquire(web1, true);
    await master.channels.forward(db, originator, never);
    stack.engine.connection().answers = false;
    // A server that sends other data is not hung.
    const opening = expect(master.channels.forward(target, originator, never)).rejects.toThrow(message);
    for (let second = 0; second < 31; second++) {
      stack.engine.connection().receive();
      await stack.clock.advance(1000);
    }
    await opening;
  });
});
