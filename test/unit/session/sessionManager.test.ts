import { describe, expect, it } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { ConfigError } from "../../../src/config/configErrors.ts";
import { ChannelError, ConnectError } from "../../../src/engine/engineErrors.ts";
import { execute } from "../../../src/session/run/execute.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";
import { keepalive } from "../../support/fakeEngine.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { settle } from "../../support/manualClock.ts";

const declined = new HostKeyError("declined", "The key", {
  ...{ host: "web1", keyType: "ssh-ed25519", fingerprint: "SHA256:x" },
});

describe("masters and sessions", () => {
  it("fifty concurrent opens make one login", async () => {
    const { engine, manager } = fakeStack();
    engine.hold = true;
    const opens = Array.from({ length: 50 }, () => manager.open({ host: "web1", ...shell }));
    await settle();
    engine.release();
    await Promise.all(opens);
    expect(engine.requests).toHaveLength(1);
    expect(manager.masters()).toHaveLength(1);
    expect(manager.masters()[0]?.sessions).toHaveLength(50);
  });

  it("aliases of the same destination share a master, another user does not", async () => {
    const { engine, manager } = fakeStack([
      testHostConfig(),
      testHostConfig({ alias: "www", hostName: "SERVER.example.org" }),
      testHostConfig({ alias: "root", user: "root" }),
    ]);
    for (const host of ["web1", "www", "root"]) {
      await manager.open({ host, ...shell });
    }
    expect(engine.connections).toHaveLength(2);
  });

  it("a connected master has the algorithms negotiated with its server", async () => {
    const { engine, manager } = fakeStack();
    engine.hold = true;
    const opening = manager.open({ host: "web1", ...shell });
    await settle();
    expect(manager.masters()[0]?.algorithms).toBeUndefined();
    engine.release();
    await opening;
    expect(manager.masters()[0]?.algorithms).toEqual(engine.connection().info.algorithms);
  });

  it("the end of the first session does not affect the others and the master", async () => {
    const { engine, manager } = fakeStack();
    const first = await manager.open({ host: "web1", ...shell });
    const second = await manager.open({ host: "web1", ...shell });
    engine.connection().channels[0]?.end({ code: 0 });
    expect(await first.ended).toEqual({ kind: "exited", code: 0 });
    expect(second.state.kind).toBe("open");
    expect(manager.masters()[0]?.state.kind).toBe("ready");
  });

  it("a master lingers after its last session, is used again meanwhile, and closes", async () => {
    const { clock, engine, manager } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    engine.connection().channels[0]?.end({ code: 0 });
    await settle();
    expect(manager.masters()[0]?.state).toMatchObject({ kind: "lingering", until: clock.now() + 600_000 });
    await clock.advance(599_000);
    await manager.open({ host: "web1", ...shell });
    expect(manager.masters()[0]?.state.kind).toBe("ready");
    await clock.advance(10_000);
    engine.connection().channels[1]?.end({ code: 0 });
    await clock.advance(601_000);
    expect(engine.connections).toHaveLength(1);
    expect(engine.connection().ended).toEqual({ reason: "closed" });
    expect(manager.masters()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("a lookup on a lingering master fires no event and does not extend the linger", async () => {
    const { clock, engine, manager } = fakeStack();
    const { id } = await manager.open({ host: "web1", ...shell });
    const masterId = manager.session(id)?.snapshot().masterId ?? "";
    engine.connection().channels[0]?.end({ code: 0 });
    await settle();
    await clock.advance(500_000);
    const [before] = manager.masters();
    const told = new Set<unknown>();
    manager.onDidChange(() => {
      for (const { sessions, state } of manager.masters()) {
        told.add(sessions.length).add(state.kind);
      }
    });
    let warnings = 0;
    manager.onDidWarn(() => warnings++);
    const look = execute(manager, "web1", "ps", {
      onMaster: masterId,
      purpose: "lookup",
      timeLimitSeconds: 30,
    });
    await settle();
    expect(manager.masters()).toMatchObject([{ state: before?.state, sessions: [] }]);
    await clock.advance(20_000);
    engine.connection().channels[1]?.end({ code: 0 });
    expect((await look).outcome).toEqual({ kind: "exited", code: 0 });
    // The probe before it measures a round trip, which is the only change to report.
    expect([...told]).toEqual([0, "lingering"]);
    expect(warnings).toBe(0);
    expect(manager.history()).toHaveLength(1);
    await clock.advance(79_000);
    expect(manager.masters()).toHaveLength(1);
    await clock.advance(2_000);
    expect(manager.masters()).toEqual([]);
  });

  it.each([
    [0, 0],
    [Number.POSITIVE_INFINITY, 1],
  ])("with a linger of %d closes at once, or never", async (linger, left) => {
    const { clock, engine, manager, settings } = fakeStack();
    settings.linger = linger;
    await manager.open({ host: "web1", ...shell });
    engine.connection().channels[0]?.end({ code: 0 });
    await clock.advance(100_000);
    expect(manager.masters()).toHaveLength(left);
  });

  it("a linger that is shortened while it runs counts from its start", async () => {
    const { clock, engine, manager, settings } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    engine.connection().channels[0]?.end({ code: 0 });
    await clock.advance(50_000);
    settings.linger = 60;
    await manager.refreshPolicies();
    await clock.advance(9_000);
    expect(manager.masters()).toHaveLength(1);
    await clock.advance(2_000);
    expect(manager.masters()).toHaveLength(0);
  });

  it("a lost connection ends each session with the reason, and stays visible", async () => {
    const { engine, manager } = fakeStack();
    const sessions = [
      await manager.open({ host: "web1", ...shell }),
      await manager.open({ host: "web1", ...shell }),
    ];
    engine.connection().end({ reason: "lost" });
    for (const session of sessions) {
      expect(await session.ended).toEqual({ kind: "lost", reason: "connection-lost" });
    }
    expect(manager.masters()[0]?.state).toMatchObject({ kind: "lost", reason: "connection-lost" });
    expect(manager.history()).toHaveLength(2);
    // The next open makes a new one, which takes its place.
    await manager.open({ host: "web1", ...shell });
    expect(manager.masters().map((master) => master.state.kind)).toEqual(["ready"]);
  });

  it("a silent peer ends its sessions as unresponsive", async () => {
    const { clock, engine, manager, settings } = fakeStack();
    settings.keepalive = keepalive(2, 3);
    const session = await manager.open({ host: "web1", ...shell });
    engine.connection().answers = false;
    await clock.advance(9_000);
    expect(await session.ended).toEqual({ kind: "lost", reason: "unresponsive" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("a keepalive change applies to a live master", async () => {
    const { clock, engine, manager, settings } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    settings.keepalive = { ...keepalive(1, 1), tcpKeepAlive: false };
    await manager.refreshPolicies();
    expect(engine.connection().tcpKeepAlive).toBe(false);
    expect(manager.masters()[0]?.keepalive.serverAliveInterval).toBe(1);
    engine.connection().answers = false;
    await clock.advance(3_000);
    expect(manager.masters()[0]?.state).toMatchObject({ kind: "lost", reason: "unresponsive" });
  });

  it("a dead master is detected before it gets a new session, within the time of an urgent probe", async () => {
    const { clock, engine, manager } = fakeStack();
    const first = await manager.open({ host: "web1", ...shell });
    await clock.advance(20_000);
    engine.connection().answers = false;
    const opening = manager.open({ host: "web1", ...shell });
    await clock.advance(1_500);
    const session = await opening;
    expect(engine.connections).toHaveLength(2);
    expect(session.snapshot().masterId).toBe("m2");
    // The old one may recover: its session is kept.
    expect(first.state.kind).toBe("open");
    expect(manager.masters().map((master) => master.state.kind)).toEqual(["hung", "ready"]);
  });

  it("a full master gets an overflow master, which closes as soon as it is empty", async () => {
    const { clock, engine, manager } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    engine.connection().maxSessions = 2;
    await manager.open({ host: "web1", ...shell });
    const third = await manager.open({ host: "web1", ...shell });
    const fourth = await manager.open({ host: "web1", ...shell });
    expect(engine.connections).toHaveLength(2);
    expect(manager.masters().map((master) => [master.overflow, master.sessions.length])).toEqual([
      [false, 2],
      [true, 2],
    ]);
    for (const channel of engine.connection(1).channels) {
      channel.end({ code: 0 });
    }
    await Promise.all([third.ended, fourth.ended]);
    await clock.advance(1);
    expect(manager.masters()).toHaveLength(1);
    // Room again: the first one is used.
    engine.connection().channels[0]?.end({ code: 0 });
    await settle();
    await manager.open({ host: "web1", ...shell });
    expect(engine.connections).toHaveLength(2);
  });

  it("a refusal of the first session is reported, and causes no more logins", async () => {
    const { engine, manager } = fakeStack();
    engine.maxSessions = 0;
    await expect(manager.open({ host: "web1", ...shell })).rejects.toSatisfy(
      (error: unknown) => ChannelError.is(error) && error.reason === "refused",
    );
    expect(engine.connections).toHaveLength(1);
    expect(manager.masters()[0]?.state.kind).toBe("lingering");
  });

  it("a failed login leaves nothing behind and is not repeated", async () => {
    const { clock, engine, manager } = fakeStack();
    engine.failure = new AuthError("refused", "no", { tried: ["password"], methodsLeft: ["password"] });
    await expect(manager.open({ host: "web1", ...shell })).rejects.toBe(engine.failure);
    expect(engine.requests).toHaveLength(1);
    expect(manager.masters()).toEqual([]);
    expect(manager.history()).toMatchObject([{ outcome: { kind: "failed", error: { reason: "refused" } } }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("a session cancelled before it opened is not in the history", async () => {
    const { engine, manager } = fakeStack();
    engine.hold = true;
    const gaveUp = new AbortController();
    const opening = manager.open({ host: "web1", ...shell }, gaveUp.signal);
    await settle();
    gaveUp.abort(new CancelledError());
    await expect(opening).rejects.toThrow(CancelledError);
    expect(manager.history()).toEqual([]);
  });

  it.each([
    ["a host key that the user did not accept", declined],
    ["a question that the user closed", CancelledError.dismissed()],
    ["a jump host's key", new ConnectError("jump-failed", "The jump host", { cause: declined })],
  ])("%s leaves no entry in the history", async (_, failure) => {
    const { engine, manager } = fakeStack();
    engine.failure = failure;
    await expect(manager.open({ host: "web1", ...shell })).rejects.toBe(failure);
    expect(manager.history()).toEqual([]);
  });

  it("the channel of an ended session stays readable until it is forgotten", async () => {
    const { engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    engine.connection().channels[0]?.end({ code: 0 });
    await session.ended;
    expect(manager.session(session.id)).toBeUndefined();
    expect(manager.channelDetails(session.id)).toMatchObject({ type: "session", closeReceived: true });
    manager.clearHistory();
    expect(manager.channelDetails(session.id)).toBeUndefined();
  });

  it("the connect deadline ends a login that hangs", async () => {
    const { clock, engine, manager } = fakeStack([testHostConfig({ connectTimeout: 5 })]);
    engine.hold = true;
    const opening = manager.open({ host: "web1", ...shell });
    const failed = expect(opening).rejects.toSatisfy(
      (error: unknown) => ConnectError.is(error) && error.reason === "timed-out",
    );
    await clock.advance(5_000);
    await failed;
    expect(manager.masters()).toEqual([]);
  });

  it("a login is cancelled when all its waiters have left, and not before", async () => {
    const { engine, manager } = fakeStack();
    engine.hold = true;
    const first = new AbortController();
    const second = new AbortController();
    const opens = [
      manager.open({ host: "web1", ...shell }, first.signal),
      manager.open({ host: "web1", ...shell }, second.signal),
    ].map((open) => expect(open).rejects.toSatisfy(CancelledError.is));
    await settle();
    first.abort(new CancelledError());
    await opens[0];
    expect(manager.masters()[0]?.state.kind).toBe("connecting");
    second.abort(new CancelledError());
    await opens[1];
    await settle();
    expect(manager.masters()).toEqual([]);
  });

  it("an alias that does not resolve leaves the tree empty", async () => {
    const { manager } = fakeStack();
    await expect(manager.open({ host: "nowhere", ...shell })).rejects.toSatisfy(ConfigError.is);
    expect(manager.masters()).toEqual([]);
  });

  it("killing a session ends it at once and does not affect the others", async () => {
    const { clock, engine, manager } = fakeStack();
    const first = await manager.open({ host: "web1", ...shell });
    const second = await manager.open({ host: "web1", ...shell });
    manager.kill(first.id);
    expect(await first.ended).toMatchObject({ kind: "killed" });
    expect(engine.connection().channels[0]?.log).toEqual(["signal HUP"]);
    await clock.advance(300);
    expect(engine.connection().channels[0]?.log).toEqual(["signal HUP", "signal KILL", "close"]);
    expect(second.state.kind).toBe("open");
  });

  it("disconnecting a session sends the queued data, then EOF and close, and waits for the server", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    const channel = engine.connection().channels[0];
    if (channel === undefined) {
      throw new Error("no channel");
    }
    channel.queuedBytes = 100;
    const disconnecting = manager.disconnect(session.id);
    await clock.advance(100);
    expect(channel.log).toEqual(["eof"]);
    channel.queuedBytes = 0;
    channel.drained.fire();
    expect(channel.log).toEqual(["eof", "close"]);
    expect(session.state.kind).toBe("ending");
    channel.end({ signal: "HUP" });
    await disconnecting;
    expect(await session.ended).toEqual({ kind: "disconnected", exit: { signal: "HUP" } });
  });

  it("a disconnect that the server never confirms ends after its deadline", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    const channel = engine.connection().channels[0];
    if (channel !== undefined) {
      channel.queuedBytes = 100;
    }
    const disconnecting = manager.disconnect(session.id);
    await clock.advance(7_000);
    await disconnecting;
    expect((await session.ended).kind).toBe("disconnected");
  });

  it("disconnecting a master ends its sessions in order first", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    const disconnecting = manager.disconnect("m1");
    await clock.advance(0);
    engine.connection().channels[0]?.end({});
    await disconnecting;
    expect((await session.ended).kind).toBe("disconnected");
    expect(manager.masters()).toEqual([]);
  });

  it("killing a master ends everything on it at once", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    manager.kill("m1");
    expect(manager.masters()).toEqual([]);
    expect((await session.ended).kind).toBe("killed");
    expect(engine.connection().ended).toBeDefined();
    expect(clock.pendingTimers).toBe(0);
  });

  it("a host behind a jump host keeps the jump host's master open, which is shared", async () => {
    const { clock, engine, manager, settings } = fakeStack([
      testHostConfig({ alias: "bastion", hostName: "bastion.test" }),
      testHostConfig({ alias: "db", hostName: "db.test", proxyJump: [{ alias: "bastion" }] }),
      testHostConfig({ alias: "db2", hostName: "db2.test", proxyJump: [{ alias: "bastion" }] }),
    ]);
    settings.linger = 1;
    const session = await manager.open({ host: "db", ...shell });
    await manager.open({ host: "db2", ...shell });
    expect(engine.connections).toHaveLength(3);
    expect(engine.requests.map((request) => request.transport !== undefined)).toEqual([false, true, true]);
    await clock.advance(10_000);
    expect(manager.masters().map((master) => [master.spec, master.state.kind])).toEqual([
      ["db", "ready"],
      ["bastion", "ready"],
      ["db2", "ready"],
    ]);
    engine.connection(0).end({ reason: "lost" });
    expect(await session.ended).toEqual({ kind: "lost", reason: "jump-lost" });
  });

  it("a jump host's master is released with the last host behind it, and closes after its linger", async () => {
    const { clock, engine, manager, settings } = fakeStack([
      testHostConfig({ alias: "bastion", hostName: "bastion.test" }),
      testHostConfig({ alias: "db", hostName: "db.test", proxyJump: [{ alias: "bastion" }] }),
    ]);
    settings.linger = 60;
    await manager.open({ host: "db", ...shell });
    const [bastion, db] = engine.connections;
    db?.end({ reason: "lost" });
    await clock.advance(59_000);
    expect(bastion?.ended).toBeUndefined();
    await clock.advance(2_000);
    expect(bastion?.ended).toEqual({ reason: "closed" });
  });

  it("only sessions that the user opened forward the agent, and only if ForwardAgent is set", async () => {
    const { engine, manager } = fakeStack([
      testHostConfig({ alias: "with", forwardAgent: true }),
      testHostConfig({ alias: "path", hostName: "b.test", forwardAgent: "/run/agent" }),
      testHostConfig({ alias: "without", hostName: "c.test", forwardAgent: false }),
    ]);
    for (const host of ["with", "path", "without"]) {
      await manager.open({ host, ...shell });
      for (const purpose of ["person", "extension", "lookup"] as const) {
        await manager.open({ host, ...shell, purpose });
      }
    }
    expect(engine.connections.map(({ channels }) => channels.map(({ spec }) => spec.forwardAgent))).toEqual([
      [true, true, false, false],
      [true, true, false, false],
      [false, false, false, false],
    ]);
  });

  it("a session that takes 5 s opens, whatever ConnectTimeout is", async () => {
    const { clock, engine, manager } = fakeStack([testHostConfig({ alias: "slow", connectTimeout: 2 })]);
    await manager.connect("slow");
    engine.connection().holdOpens = true;
    const opening = manager.open({ host: "slow", ...shell });
    await clock.advance(5_000);
    engine.connection().releaseOpens();
    expect((await opening).state.kind).toBe("open");
    expect(engine.connections).toHaveLength(1);
  });

  it("jump hosts that form a loop are refused at once", async () => {
    const { manager } = fakeStack([
      testHostConfig({ alias: "a", hostName: "a.test", proxyJump: [{ alias: "b" }] }),
      testHostConfig({ alias: "b", hostName: "b.test", proxyJump: [{ alias: "a" }] }),
    ]);
    await expect(manager.open({ host: "a", ...shell })).rejects.toSatisfy((error: unknown) => {
      let cause: unknown = error;
      while (ConnectError.is(cause)) {
        cause = cause.cause;
      }
      return ConfigError.is(cause) && cause.reason === "jump-loop";
    });
    expect(manager.masters()).toEqual([]);
  });

  it("limits warn a minute before, can be extended, and the end names the limit", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell, timeLimitSeconds: 300 });
    const warnings: number[] = [];
    session.onDidWarn(({ secondsLeft }) => warnings.push(secondsLeft));
    await clock.advance(240_000);
    expect(warnings).toEqual([60]);
    session.extend();
    await clock.advance(299_000);
    expect(session.state.kind).toBe("open");
    await clock.advance(1_000);
    engine.connection().channels[0]?.end({ signal: "HUP" });
    expect(await session.ended).toMatchObject({ kind: "limit", limit: "time", seconds: 300 });
  });

  it("an idle limit restarts with every byte", async () => {
    const { clock, engine, manager, settings } = fakeStack();
    settings.idle = 10;
    const session = await manager.open({ host: "web1", ...shell });
    for (let second = 0; second < 60; second += 5) {
      await clock.advance(5_000);
      engine.connection().channels[0]?.received.fire({ kind: "stdout", data: Buffer.from("x") });
    }
    expect(session.state.kind).toBe("open");
    await clock.advance(10_000);
    expect(session.state.kind).toBe("ending");
  });

  it("a command's output is bounded and its standard input ends", async () => {
    const { engine, manager } = fakeStack();
    const running = execute(manager, "web1", "cat", { stdin: "hello", maxOutputBytes: 4 });
    await settle();
    const channel = engine.connection().channels[0];
    expect(channel?.written.toString()).toBe("hello");
    expect(channel?.log).toEqual(["resume", "eof"]);
    channel?.received.fire({ kind: "stdout", data: Buffer.from("hello") });
    channel?.end({ code: 3 });
    const { outcome, stdout, truncated } = await running;
    expect([outcome, stdout.toString(), truncated]).toEqual([{ kind: "exited", code: 3 }, "hell", true]);
  });

  it("a session on a specific master that has ended is refused", async () => {
    const { manager } = fakeStack();
    await expect(manager.open({ host: "web1", ...shell, onMaster: "m9" })).rejects.toSatisfy(
      (error: unknown) => ChannelError.is(error) && error.reason === "connection-ended",
    );
  });
});
