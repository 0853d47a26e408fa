import { describe, expect, test } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import type { Master } from "../../../src/master/master.ts";
import { ConnectionLink, type ConnectionLinkInit } from "../../../src/reconnect/connectionLink.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { settle } from "../../support/manualClock.ts";

function linkOf({ registry }: ReturnType<typeof fakeStack>): ConnectionLink {
  return new ConnectionLink({
    registry,
    use: { config: testHostConfig(), folder: undefined },
    automatic: true,
    keeps: true,
    reconnect: () => {
      throw new Error("nothing is lost here");
    },
    onUp: () => {},
    onDown: () => {},
  });
}

test("before it has a connection, a forward is shown below the one that it would share", async () => {
  const stack = fakeStack([testHostConfig(), testHostConfig({ alias: "db", hostName: "db" })]);
  const link = linkOf(stack);
  await stack.manager.open({ host: "db", ...shell });
  expect(link.masterId).toBeUndefined();
  stack.engine.hold = true;
  const opening = stack.manager.open({ host: testHostConfig().alias, ...shell });
  await settle();
  expect(link.masterId).toBeUndefined();
  stack.engine.release();
  const { masterId } = (await opening).snapshot();
  expect(masterId).toBeDefined();
  expect(link.masterId).toBe(masterId);
  link.dispose();
  stack.registry.dispose();
});

test("a forward uses a connection that accepts no more sessions, without another login", async () => {
  const stack = fakeStack();
  stack.engine.maxSessions = 1;
  await stack.manager.open({ host: testHostConfig().alias, ...shell });
  await stack.manager.open({ host: testHostConfig().alias, ...shell });
  const [full, overflow] = stack.registry.masters;
  overflow?.kill();
  expect(full?.acceptsSessions).toBe(false);
  const link = linkOf(stack);
  expect((await link.connect("attended")).id).toBe(full?.id);
  expect(stack.engine.connections).toHaveLength(2);
  link.dispose();
  stack.registry.dispose();
});

describe("a forward's hold on a connection", () => {
  const needsUser = new AuthError("nothing-to-try", "no", { tried: [], methodsLeft: ["password"] });

  function holding(changes: Partial<ConnectionLinkInit> = {}) {
    const stack = fakeStack();
    const log: string[] = [];
    const ups: Master[] = [];
    const link = new ConnectionLink({
      ...{ registry: stack.registry, use: { config: testHostConfig() }, automatic: true, keeps: true },
      reconnect: (lost, holder) => stack.manager.rejoin(lost, holder),
      onUp: (master) => {
        ups.push(master);
        log.push("up");
      },
      onDown: (how) => log.push(how),
      ...changes,
    });
    return { ...stack, link, log, ups };
  }

  test("keeps it open, or lets it linger", async () => {
    for (const keeps of [true, false]) {
      const { clock, link, log, manager, ups } = holding({ keeps });
      const master = await link.connect("attended");
      expect([link.master, ups, log]).toEqual([master, [master], ["up"]]);
      expect(manager.masters()[0]?.state.kind).toBe(keeps ? "ready" : "lingering");
      await clock.advance(601_000);
      expect(log).toEqual(keeps ? ["up"] : ["up", "unused"]);
      expect(link.master).toBe(keeps ? master : undefined);
      expect(link.isWaiting).toBe(false);
      link.dispose();
      expect(manager.masters()[0]?.state.kind).toBe(keeps ? "lingering" : undefined);
    }
  });

  test("is one attempt for all that ask, and none if the connection is up", async () => {
    const { engine, link, log, registry } = holding();
    const [one, two] = [link.connect("attended"), link.connect("attended")];
    expect(link.masterId).toBe(registry.masters[0]?.id);
    expect(await one).toBe(await two);
    expect(await link.connect("attended")).toBe(await one);
    expect([engine.requests.length, log]).toEqual([1, ["up"]]);
  });

  test("waits for the connection's return after a loss, and shows where", async () => {
    const { clock, engine, link, log, ups } = holding();
    const first = await link.connect("attended");
    engine.connection().end({ reason: "lost" });
    expect([log, link.isWaiting, link.master, link.masterId]).toEqual([
      ...[["up", "lost"], true, undefined, first.id],
    ]);
    engine.failure = new ConnectError("refused", "no");
    await clock.advance(1000);
    expect([log, link.isWaiting, link.masterId]).toEqual([["up", "lost"], true, first.id]);
    engine.failure = undefined;
    await clock.advance(2000);
    expect(log).toEqual(["up", "lost", "up"]);
    expect([link.isWaiting, link.master, link.masterId]).toEqual([false, ups[1], ups[1]?.id]);
    expect(engine.requests).toHaveLength(3);
    // Its first connection has no say any more.
    first.kill();
    expect(log).toEqual(["up", "lost", "up"]);
  });

  test("ends with the connection if the user ends it, or its waiting", async () => {
    const { engine, link, log, manager } = holding();
    const { id } = await link.connect("attended");
    await manager.disconnect(id);
    expect([log, link.isWaiting]).toEqual([["up", "ended"], false]);
    const next = await link.connect("attended");
    engine.connection(1).end({ reason: "lost" });
    manager.stopReconnecting(next.id);
    expect([log, link.isWaiting]).toEqual([["up", "ended", "up", "lost", "ended"], false]);
  });

  test("is shown below the connection that it would share, once its own one has ended", async () => {
    const { link, manager } = holding();
    const { id } = await link.connect("attended");
    await manager.disconnect(id);
    expect(link.masterId).toBe(id);
    const other = await manager.open({ host: "web1", ...shell });
    expect(other.snapshot().masterId).not.toBe(id);
    expect(link.masterId).toBe(other.snapshot().masterId);
    expect(link.master).toBeUndefined();
  });

  test("that was replaced because it did not respond is given back, and its end changes nothing", async () => {
    const { clock, engine, link, log, manager, registry } = holding();
    const first = await link.connect("attended");
    await manager.open({ host: "web1", ...shell });
    await clock.advance(20_000);
    engine.connection().answers = false;
    engine.hold = true;
    const session = manager.open({ host: "web1", ...shell });
    await clock.advance(1500);
    expect([first.state.kind, link.master?.id]).toEqual(["hung", undefined]);
    const connecting = link.connect("attended");
    await settle();
    engine.connection().end({ reason: "lost" });
    engine.hold = false;
    engine.release();
    expect((await connecting).id).toBe((await session).snapshot().masterId);
    expect([log, link.isWaiting, engine.requests.length]).toEqual([["up", "up"], false, 2]);
    link.dispose();
    registry.dispose();
  });

  test("logs in without prompts if it may not prompt", async () => {
    const { link, logins } = holding();
    await link.connect("unattended");
    expect(logins.map(({ allowPrompts }) => allowPrompts)).toEqual([false]);
  });

  test("shares the login of others without prompts once, and then fails as they do", async () => {
    const { engine, link, logins, registry } = holding();
    engine.hold = true;
    engine.failure = needsUser;
    const { master } = registry.acquire({ config: testHostConfig() }, false);
    let isFollowed = false;
    master.onDidChange(() => {
      if (master.isEnded && !isFollowed) {
        isFollowed = true;
        registry.acquire({ config: testHostConfig() }, false);
      }
    });
    const failed = expect(link.connect("attended")).rejects.toBe(needsUser);
    await settle();
    engine.hold = false;
    engine.release();
    await failed;
    expect(logins.map(({ allowPrompts }) => allowPrompts)).toEqual([false, false]);
  });

  test("is given up, also while it is made or waits, and leaves nothing behind", async () => {
    const { clock, engine, link, log, manager } = holding();
    engine.hold = true;
    const failed = expect(link.connect("attended")).rejects.toThrow(CancelledError);
    await settle();
    link.leave();
    await failed;
    await settle();
    expect([manager.masters(), link.master, clock.pendingTimers]).toEqual([[], undefined, 0]);
    engine.hold = false;
    await link.connect("attended");
    engine.connection().end({ reason: "lost" });
    link.leave();
    expect(link.isWaiting).toBe(false);
    await clock.advance(60_000);
    expect([engine.requests.length, log]).toEqual([2, ["up", "lost"]]);
    await link.connect("attended");
    link.dispose();
    engine.connection(1).end({ reason: "lost" });
    expect([log, link.isWaiting, clock.pendingTimers]).toEqual([["up", "lost", "up"], false, 0]);
  });

  test("is asked for again right after it was given up: a new attempt, which the end of the old one does not end", async () => {
    const { engine, link, log } = holding();
    engine.hold = true;
    const failed = expect(link.connect("attended")).rejects.toThrow(CancelledError);
    await settle();
    link.leave();
    const again = link.connect("attended");
    await failed;
    await settle();
    engine.hold = false;
    engine.release();
    const master = await again;
    expect([link.master, log]).toEqual([master, ["up"]]);
    expect(master.state.kind).toBe("ready");
    link.dispose();
    expect(master.state.kind).toBe("lingering");
  });

  test("that is disposed because of a loss does not wait", async () => {
    const made = holding({ onDown: () => made.link.dispose() });
    await made.link.connect("attended");
    made.engine.connection().end({ reason: "lost" });
    expect([made.link.isWaiting, made.clock.pendingTimers]).toEqual([false, 0]);
  });

  test("uses a connection that it makes itself as it learns of a loss", async () => {
    let again: Promise<Master> | undefined;
    const made = holding({
      reconnect: (lost, holder) => {
        const ticket = made.manager.rejoin(lost, holder);
        holder.attempt("unattended");
        return ticket;
      },
      onDown: () => {
        again = made.link.connect("attended");
      },
    });
    await made.link.connect("attended");
    made.engine.connection().end({ reason: "lost" });
    expect(await again).toBe(made.link.master);
    await settle();
    expect([made.engine.requests.length, made.link.isWaiting, made.clock.pendingTimers]).toEqual([
      2,
      false,
      1,
    ]);
  });

  /** Runs `action` when the connection is up, just before the link learns of it. */
  async function asItComesUp(
    { engine, link, registry }: ReturnType<typeof holding>,
    action: () => void,
  ): Promise<Master> {
    engine.hold = true;
    const { master } = registry.acquire({ config: testHostConfig() }, false);
    void master.ready(new AbortController().signal).then(action);
    const connecting = link.connect("attended");
    await settle();
    engine.hold = false;
    engine.release();
    return await connecting;
  }

  test("that is given up as the connection comes up does not use it", async () => {
    const made = holding();
    await expect(asItComesUp(made, () => made.link.leave())).rejects.toThrow(CancelledError);
    expect([made.log, made.link.master, made.link.isWaiting]).toEqual([[], undefined, false]);
  });

  test("of a connection that is lost as it comes up waits for its return", async () => {
    const made = holding();
    await asItComesUp(made, () => made.engine.connection().end({ reason: "lost" }));
    expect([made.log, made.link.master, made.link.isWaiting]).toEqual([["lost"], undefined, true]);
    await made.clock.advance(1000);
    expect([made.log, made.link.isWaiting]).toEqual([["lost", "up"], false]);
  });

  test("that is given up by another observer of the same loss does not wait", async () => {
    const { engine, link, log, registry } = holding();
    const { master } = registry.acquire({ config: testHostConfig() }, false);
    master.onDidChange(() => master.isEnded && link.leave());
    await link.connect("attended");
    engine.connection().end({ reason: "lost" });
    expect([log, link.isWaiting]).toEqual([["up"], false]);
  });

  test("that waits for the user stays below the lost connection while another one is up", async () => {
    const { clock, engine, link, manager } = holding({ automatic: false });
    const first = await link.connect("attended");
    engine.connection().end({ reason: "lost" });
    await manager.open({ host: "web1", ...shell });
    await clock.advance(60_000);
    expect(manager.masters().filter(({ state }) => state.kind === "ready")).toHaveLength(1);
    expect([link.isWaiting, link.masterId]).toEqual([true, first.id]);
  });

  test("that is given up during an attempt to reconnect ends with that attempt", async () => {
    const { clock, engine, link, log, manager } = holding();
    await link.connect("attended");
    engine.connection().end({ reason: "lost" });
    engine.hold = true;
    await clock.advance(1000);
    expect(engine.requests).toHaveLength(2);
    link.leave();
    await clock.advance(60_000);
    expect([log, manager.masters(), clock.pendingTimers]).toEqual([["up", "lost"], [], 0]);
  });

  test("shares only what exists with the login none", async () => {
    const { engine, link, manager } = holding();
    await expect(link.connect("none")).rejects.toMatchObject({ reason: "connection-ended" });
    expect(engine.requests).toEqual([]);
    await manager.open({ host: "web1", ...shell });
    expect((await link.connect("none")).id).toBe(manager.masters()[0]?.id);
  });

  test.each([
    ["attended", [false, true]],
    ["unattended", [false]],
  ] as const)("an %s attempt that shared a login without prompts: %j", async (login, expected) => {
    const { engine, link, logins, manager, log } = holding();
    engine.hold = true;
    engine.failure = needsUser;
    const background = manager.open({ host: "web1", ...shell, login: "unattended" });
    await settle();
    const failures = [background, link.connect(login)].map((attempt) =>
      expect(attempt).rejects.toBe(needsUser),
    );
    await settle();
    engine.release();
    await settle();
    engine.release();
    await Promise.all(failures);
    expect(logins.map(({ allowPrompts }) => allowPrompts)).toEqual(expected);
    expect([log, link.master, link.isWaiting]).toEqual([[], undefined, false]);
  });
});
