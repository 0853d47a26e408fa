import { describe, expect, it } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { ChannelError } from "../../../src/engine/engineErrors.ts";
import { execute } from "../../../src/session/run/execute.ts";
import type { Session } from "../../../src/session/sessionTypes.ts";
import { FakeChannel } from "../../support/fakeEngine.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { settle } from "../../support/manualClock.ts";

const command = { kind: "command", request: { type: "exec", command: "id" } } as const;
const refused = () => new ChannelError("refused", "no room", { code: 1 });
const needsUser = () => new AuthError("nothing-to-try", "no", { tried: [], methodsLeft: ["password"] });

function endsWith(session: Session, outcome: object): void {
  expect(session.state).toMatchObject({ kind: "ended", outcome });
}

describe("a session that opens", () => {
  it("is listed at once, under its connection as soon as it has one, and can be renamed", async () => {
    let resolved: () => void = () => {};
    const { engine, manager } = fakeStack([], silentLogger, {
      resolve: async () => {
        await new Promise<void>((resolve) => {
          resolved = resolve;
        });
        return testHostConfig();
      },
    });
    engine.hold = true;
    const seen: unknown[] = [];
    manager.onDidChange(() => seen.push(manager.masters().map(({ sessions }) => sessions.length)));
    const opening = manager.open({ host: "web1", ...shell });
    await settle();
    expect(seen).toEqual([[]]);
    resolved();
    await settle();
    expect(seen.at(-1)).toEqual([1]);
    engine.release();
    const session = await opening;
    const count = seen.length;
    session.rename("build");
    expect(seen).toHaveLength(count + 1);
    expect(manager.masters()[0]?.sessions[0]).toMatchObject({ title: "build", state: { kind: "open" } });
  });

  it("is cancelled by killAll, before its connection is known as well", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const { manager } = fakeStack([], silentLogger, {
      resolve: async (_host: string, signal?: AbortSignal) => {
        signals.push(signal);
        return await new Promise<never>((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true }),
        );
      },
    });
    const opening = manager.open({ host: "web1", ...shell });
    await settle();
    manager.killAll();
    await expect(opening).rejects.toThrow(CancelledError);
    expect(signals[0]?.aborted).toBe(true);
  });

  it("closes a channel that opens after it was killed", async () => {
    const { engine, manager } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    const late = new FakeChannel({ request: { type: "shell" }, env: {} });
    let open: (channel: FakeChannel) => void = () => {};
    // The reply and the cancellation cross.
    engine.connection().openSession = () =>
      new Promise((resolve) => {
        open = resolve;
      });
    const opening = manager.open({ host: "web1", ...shell });
    await settle();
    const id = manager.masters()[0]?.sessions.at(-1)?.id ?? "";
    manager.kill(id);
    open(late);
    await expect(opening).rejects.toThrow(CancelledError);
    expect(late.log).toEqual(["close"]);
  });

  it("asks a server that refuses it twice at most, without a further login", async () => {
    const { engine, manager } = fakeStack();
    const first = await manager.open({ host: "web1", ...shell });
    engine.connection().channels[0]?.end({ code: 0 });
    await first.ended;
    let requests = 0;
    engine.connection().openSession = () => {
      requests++;
      return Promise.reject(refused());
    };
    await expect(manager.open({ host: "web1", ...shell })).rejects.toMatchObject({ reason: "refused" });
    expect([requests, engine.requests.length]).toEqual([2, 1]);
  });

  it("skips one dead connection, not two", async () => {
    const { engine, manager } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    engine.dropsSessions = true;
    engine.connection().dropsSessions = true;
    await expect(manager.open({ host: "web1", ...shell })).rejects.toMatchObject({
      reason: "connection-ended",
    });
    expect(engine.requests).toHaveLength(2);
  });

  it("starts a login with prompts if one without prompts that it shared needs the user, once", async () => {
    const { engine, manager, logins } = fakeStack();
    engine.hold = true;
    engine.failure = needsUser();
    const background = manager.open({ host: "web1", ...shell, login: "unattended" });
    const opens = [background, manager.open({ host: "web1", ...shell })].map((open) =>
      expect(open).rejects.toBe(engine.failure),
    );
    await settle();
    engine.release();
    await settle();
    engine.release();
    await Promise.all(opens);
    expect(logins.map(({ allowPrompts }) => allowPrompts)).toEqual([false, true]);
  });

  it("on one connection only fails with that connection's own error", async () => {
    const { engine, manager, registry } = fakeStack();
    engine.hold = true;
    engine.failure = needsUser();
    const lease = registry.acquire({ config: testHostConfig() }, false);
    const opening = manager.open({ host: "web1", ...command, onMaster: lease.master.id });
    await settle();
    engine.release();
    await expect(opening).rejects.toBe(engine.failure);
    expect(engine.requests).toHaveLength(1);
    await expect(manager.open({ host: "web1", ...command, onMaster: "m99" })).rejects.toMatchObject({
      reason: "connection-ended",
    });
  });

  it.each([
    ["lookup", true],
    ["extension", false],
    ["person", false],
  ] as const)("for a %s has 60 s including its login: %s", async (purpose, isLimited) => {
    const { clock, engine, manager } = fakeStack([testHostConfig({ connectTimeout: 0 })]);
    engine.hold = true;
    const opening = manager.open({ host: "web1", ...command, purpose });
    let failure: unknown;
    opening.catch((error: unknown) => {
      failure = error;
    });
    await clock.advance(59_999);
    expect(failure).toBeUndefined();
    await clock.advance(1);
    expect(failure !== undefined).toBe(isLimited);
    if (isLimited) {
      expect(failure).toMatchObject({ reason: "timed-out" });
    }
    manager.dispose();
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("an open session", () => {
  it("is idle while its terminal only draws its screen again for a new size", async () => {
    const { engine, manager, clock, settings } = fakeStack();
    settings.idle = 300;
    const session = await manager.open({ host: "web1", ...shell });
    const [channel] = engine.connection().channels;
    const prompt = { kind: "stdout", data: Buffer.from("$ ") } as const;
    const seen = () => {
      const [first] = manager.masters()[0]?.sessions ?? [];
      const [limit] = first?.limits ?? [];
      return [clock.now() - (first?.lastActivity ?? 0), (limit?.endsAt ?? 0) - clock.now()];
    };
    await clock.advance(100_000);
    session.resize({ columns: 100, rows: 30 });
    await clock.advance(500);
    channel?.received.fire(prompt);
    expect(seen()).toEqual([100_500, 199_500]);
    await clock.advance(500);
    channel?.received.fire(prompt);
    expect(seen()).toEqual([0, 300_000]);
  });

  it("has the terminal that it requested, unless the server refuses it", async () => {
    const { engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    const [channel] = engine.connection().channels;
    expect([session.hasPty, session.ptyRefused]).toEqual([true, false]);
    Object.assign(channel ?? {}, { ptyRefused: true });
    expect([session.hasPty, session.ptyRefused]).toEqual([false, true]);
    expect((await manager.open({ host: "web1", ...command })).hasPty).toBe(false);
  });

  it("passes a break on, and says whether it could be sent", async () => {
    const { engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    expect(session.sendBreak(500)).toBe(false);
    const breaks: number[] = [];
    Object.assign(engine.connection().channels[0] ?? {}, {
      sendBreak: (milliseconds: number) => breaks.push(milliseconds) > 0,
    });
    expect([session.sendBreak(500), breaks]).toEqual([true, [500]]);
    const opening = fakeStack();
    opening.engine.hold = true;
    const cancelled = expect(opening.manager.open({ host: "web1", ...shell })).rejects.toThrow(
      CancelledError,
    );
    await settle();
    expect(opening.manager.session("s1")?.sendBreak(500)).toBe(false);
    opening.manager.killAll();
    await cancelled;
  });

  it("shows whether its standard input has ended", async () => {
    const { manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...command });
    expect([session.eofSent, session.snapshot().eofSent]).toEqual([false, false]);
    session.eof();
    expect([session.eofSent, session.snapshot().eofSent]).toEqual([true, true]);
  });

  it("shows when its limits end it, and says what an extension counted from", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell, timeLimitSeconds: 300 });
    await clock.advance(100_000);
    expect(session.snapshot().limits).toMatchObject([
      { kind: "time", seconds: 300, endsAt: clock.now() + 200_000 },
    ]);
    session.extend();
    expect(session.snapshot().limits).toMatchObject([{ endsAt: clock.now() + 300_000 }]);
    await clock.advance(301_000);
    engine.connection().channels[0]?.end({ code: 0 });
    await session.ended;
    endsWith(session, { kind: "limit", limit: "time", seconds: 300, extended: true });
  });

  it("that reaches a limit without an extension says nothing of one", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell, timeLimitSeconds: 300 });
    await clock.advance(301_000);
    engine.connection().channels[0]?.end({ code: 0 });
    const outcome = await session.ended;
    expect(Object.keys(outcome)).not.toContain("extended");
    expect(clock.pendingTimers).toBeGreaterThan(0);
    manager.killAll();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("closing a session in order", () => {
  it("sends EOF at once, waits for the program, and closes it once", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...command });
    const [channel] = engine.connection().channels;
    void session.disconnect();
    expect(channel?.log).toEqual(["eof"]);
    await clock.advance(1999);
    expect(channel?.log).toEqual(["eof"]);
    await clock.advance(1);
    channel?.drained.fire();
    await clock.advance(1000);
    expect(channel?.log).toEqual(["eof", "close"]);
    channel?.end({ code: 0 });
    await session.ended;
    endsWith(session, { kind: "disconnected" });
  });

  it("sends no close to a shell that has exited before its input was sent", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    const [channel] = engine.connection().channels;
    Object.assign(channel ?? {}, { queuedBytes: 5 });
    void session.disconnect();
    channel?.end({ code: 0 });
    await session.ended;
    Object.assign(channel ?? {}, { queuedBytes: 0 });
    channel?.drained.fire();
    await clock.advance(10_000);
    expect(channel?.log).toEqual(["eof"]);
  });

  it("sends no close to a program that has exited meanwhile", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...command });
    const [channel] = engine.connection().channels;
    void session.disconnect();
    channel?.end({ code: 4 });
    await session.ended;
    channel?.drained.fire();
    await clock.advance(10_000);
    expect(channel?.log).toEqual(["eof"]);
  });
});

describe("a command", () => {
  it("has the environment, the kind, the purpose and the login that its caller gave", async () => {
    const { engine, manager, logins } = fakeStack();
    const running = execute(manager, "web1", "id", {
      env: { LC_ALL: "C" },
      kind: "terminal",
      login: "unattended",
    });
    await settle();
    expect(engine.connection().channels[0]?.spec).toMatchObject({
      env: { LC_ALL: "C" },
      request: { type: "exec", command: "id" },
    });
    expect(manager.masters()[0]?.sessions).toMatchObject([{ kind: "terminal", title: "id" }]);
    expect(logins).toMatchObject([{ allowPrompts: false }]);
    engine.connection().channels[0]?.end({ code: 0 });
    await running;
    const plain = execute(manager, "web1", "id", { title: "Check" });
    await settle();
    expect(engine.connection().channels[1]?.spec.env).toEqual({});
    expect(manager.masters()[0]?.sessions).toMatchObject([{ kind: "command", title: "Check" }]);
    engine.connection().channels[1]?.end({ code: 0 });
    await plain;
  });

  it("is attended unless its caller says otherwise", async () => {
    const { engine, manager, logins } = fakeStack();
    const running = execute(manager, "web1", "id");
    await settle();
    expect(logins).toMatchObject([{ allowPrompts: true }]);
    engine.connection().channels[0]?.end({ code: 0 });
    await running;
  });
});
