import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { OtherEngineError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { ChannelError, ConnectError } from "../../../src/engine/engineErrors.ts";
import type { LoginFactory } from "../../../src/master/masterPorts.ts";
import { FakeEngine } from "../../support/fakeEngine.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";

const never = new AbortController().signal;
const one = testHostConfig();
const two = testHostConfig({ alias: "web2", hostName: "two.test" });
const bastion = testHostConfig({ alias: "bastion", hostName: "bastion.test" });
const db = testHostConfig({ alias: "db", hostName: "db.test", proxyJump: [{ alias: "bastion" }] });
const ended = () => new ChannelError("connection-ended", "ended");

/** Both hosts, each with a full connection and a further one. */
async function fullStack() {
  const stack = fakeStack([one, two]);
  stack.engine.maxSessions = 1;
  for (const host of ["web1", "web1", "web2", "web2"]) {
    await stack.manager.open({ host, ...shell });
  }
  expect(stack.registry.masters.map(({ config, overflow }) => [config.alias, overflow])).toEqual([
    ["web1", false],
    ["web1", true],
    ["web2", false],
    ["web2", true],
  ]);
  return stack;
}

describe("a full connection", () => {
  it("still takes what is no session, but only of its own destination", async () => {
    const { engine, registry } = await fullStack();
    const joined = [registry.join({ config: one }, true), registry.join({ config: two }, true)];
    expect(joined.map(({ master }) => master)).toEqual([registry.masters[0], registry.masters[2]]);
    expect(engine.connections).toHaveLength(4);
    expect(joined.map(({ master }) => master.acceptsSessions)).toEqual([false, false]);
  });

  it("is joined only while no other one has room", async () => {
    const { engine, manager, registry } = await fullStack();
    engine.connection(1).channels[0]?.end({ code: 0 });
    const hold = registry.masters[1]?.lease({ config: one });
    await settle();
    expect(registry.join({ config: one }, true).master).toBe(registry.masters[1]);
    hold?.dispose();
    expect(manager.masters()).toHaveLength(4);
  });

  it("leaves its place to the further one when it ends, which then lingers; those of other hosts do not", async () => {
    const { clock, engine, manager, registry } = await fullStack();
    const further = registry.masters[1];
    const changed: (string | undefined)[] = [];
    for (const each of registry.masters) {
      each.onDidChange(() => changed.push(each.id));
    }
    registry.masters[0]?.promote();
    expect(changed).toEqual([]);
    registry.masters[0]?.kill();
    expect(changed.filter((id) => id === further?.id)).toHaveLength(1);
    expect(registry.masters.map(({ config, overflow }) => [config.alias, overflow])).toEqual([
      ["web1", false],
      ["web2", false],
      ["web2", true],
    ]);
    expect(manager.masters()[0]?.linger?.seconds).toBe(600);
    engine.connection(1).channels[0]?.end({ code: 0 });
    await clock.advance(599_000);
    expect(further?.state.kind).toBe("lingering");
    await clock.advance(2000);
    expect(further?.state.kind).toBe("closed");
  });

  it("leaves its place to the further one of its own destination, not to an older one", async () => {
    const { registry } = await fullStack();
    registry.masters[2]?.kill();
    expect(registry.masters.map(({ config, overflow }) => [config.alias, overflow])).toEqual([
      ["web1", false],
      ["web1", true],
      ["web2", false],
    ]);
  });
});

describe("an existing connection", () => {
  it("is shared only once it is up, while it has room, and by its own destination", async () => {
    const { engine, registry } = fakeStack([one, two]);
    const use = { config: one };
    const refused = expect.objectContaining({ reason: "connection-ended" }) as unknown as Error;
    engine.hold = true;
    expect(() => registry.share(use)).toThrow(refused);
    const first = registry.acquire(use, true);
    expect(() => registry.share(use)).toThrow(refused);
    await settle();
    engine.release();
    await first.master.ready(never);
    expect(registry.share(use).master).toBe(first.master);
    expect(() => registry.share({ config: two })).toThrow(refused);
    first.master.kill();
    expect(() => registry.share(use)).toThrow(refused);
  });

  it("that was lost stays in the list until it is forgotten, which is an event", async () => {
    const { engine, manager, registry } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    const [master] = registry.masters;
    const id = master?.id ?? "";
    let changes = 0;
    registry.onDidChange(() => changes++);
    registry.forget(id);
    expect([registry.masters.length, changes]).toEqual([1, 0]);
    engine.connection().end({ reason: "lost" });
    await settle();
    expect(registry.masters).toHaveLength(1);
    changes = 0;
    registry.forget(id);
    registry.forget(id);
    expect([registry.masters.length, changes]).toEqual([0, 1]);
    // Nothing that happens to it later makes it a live one again.
    master?.lease({ config: one });
    expect(master?.state).toMatchObject({ kind: "lost", reason: "connection-lost" });
  });

  it("shows why it was lost: the error, if there is one, and the warnings of its ssh_config", async () => {
    const warning = { kind: "match-exec", file: "/config", line: 3 } as const;
    const host = testHostConfig({ warnings: [warning] });
    for (const error of [new Error("reset"), undefined]) {
      const { engine, manager } = fakeStack([host]);
      await manager.open({ host: "web1", ...shell });
      expect(manager.masters()[0]?.warnings).toEqual([warning]);
      engine.connection().end({ reason: "lost", ...(error && { error }) });
      const state = manager.masters()[0]?.state;
      expect(state).toMatchObject({ kind: "lost", ...(error && { error }) });
      expect(Object.keys(state ?? {}).includes("error")).toBe(error !== undefined);
    }
  });

  it("has lingered since its last session ended, also when its linger changes, and shows its last round trip", async () => {
    const { clock, engine, manager, settings } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    engine.connection().roundTrip = 30;
    await clock.advance(30_000);
    engine.connection().roundTrip = 40;
    await clock.advance(30_000);
    expect(manager.masters()[0]).toMatchObject({ roundTripMs: 40, roundTrips: [7, 30, 40] });
    engine.connection().channels[0]?.end({ code: 0 });
    await settle();
    const since = clock.now();
    await clock.advance(10_000);
    settings.linger = 300;
    await manager.refreshPolicies();
    expect(manager.masters()[0]?.state).toEqual({ kind: "lingering", since, until: since + 300_000 });
  });

  it("that is found hung passes its pending opens to another one at once", async () => {
    const { clock, engine, manager } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    await clock.advance(20_000);
    engine.connection().receive();
    engine.connection().answers = false;
    const opening = manager.open({ host: "web1", ...shell });
    await settle();
    manager.probe();
    await clock.advance(1250);
    expect((await opening).snapshot().masterId).toBe("m2");
  });

  it("limits the first forward from the server's first message", async () => {
    const { clock, engine, registry } = fakeStack();
    const { master } = registry.acquire({ config: one }, true);
    await master.ready(never);
    engine.connection().answers = false;
    engine.connection().bytesIn += 100;
    const opening = master.channels.forward(
      { type: "tcp", host: "db", port: 1 },
      { host: "127.0.0.1", port: 1 },
      never,
    );
    const failed = expect(opening).rejects.toMatchObject({ reason: "timed-out" });
    await clock.advance(30_000);
    await failed;
  });
});

describe("what an engine gets for a login", () => {
  it.each([true, false])("includes what answers for a program that logs in on its own: %s", async (has) => {
    const asker = { begin: () => {}, answer: async () => undefined, succeeded: async () => {} };
    const login: LoginFactory = () => ({ ...({} as ReturnType<LoginFactory>), ...(has && { asker }) });
    const { engine, registry } = fakeStack([one], silentLogger, { login });
    await registry.acquire({ config: one }, true).master.ready(never);
    expect(engine.requests[0]?.asker).toBe(has ? asker : undefined);
  });
});

describe("an unattended login", () => {
  it.each([true, false])(
    "limits the server's silence, and an attended one does not (attended: %s)",
    async (attended) => {
      const { engine, registry } = fakeStack();
      await registry.acquire({ config: one }, attended).master.ready(never);
      expect(engine.requests[0]?.silenceLimit).toBe(attended ? undefined : 60_000);
    },
  );
});

describe("the alternative engine of a registry", () => {
  it.each([
    ["given", true],
    ["own", false],
  ] as const)(
    "takes over only if it connects as the first one does (its transport: %s)",
    async (transport, takes) => {
      const clock = new ManualClock();
      const other = new FakeEngine(clock, "other", transport);
      const asked: (readonly string[])[] = [];
      const { engine, registry, logins } = fakeStack([one], silentLogger, {
        alternatives: () => [
          {
            engine: other,
            mayLogInBy: async (_config, methods) =>
              asked.push(methods) > 0 && methods.includes("gssapi-with-mic"),
            isUnableBy: () => false,
          },
        ],
      });
      engine.hold = true;
      engine.failure = new OtherEngineError();
      const { master } = registry.acquire({ config: one }, true);
      await settle();
      // As the authenticator does when no key was accepted.
      const canOtherEngine = logins[0]?.canOtherEngine;
      expect(await canOtherEngine?.(["password"])).toBe(takes ? false : undefined);
      expect(await canOtherEngine?.(["gssapi-with-mic"])).toBe(takes ? true : undefined);
      engine.release();
      const outcome = await master.ready(never).then(
        () => true,
        () => false,
      );
      expect([outcome, other.connections.length]).toEqual([takes, takes ? 1 : 0]);
      expect(asked).toEqual(takes ? [["password"], ["gssapi-with-mic"]] : []);
    },
  );
});

describe("a connection through a jump host", () => {
  /** The jump host's connection is up, and opens channels as `open` does. */
  async function behind(...opens: readonly (() => Promise<PassThrough>)[]) {
    const stack = fakeStack([bastion, db]);
    await stack.manager.open({ host: "bastion", ...shell });
    const left = [...opens];
    const streams: PassThrough[] = [];
    stack.engine.connection().openDirectTcpip = async () => {
      const stream = await (left.shift() ?? (async () => new PassThrough()))();
      streams.push(stream);
      return stream;
    };
    return { ...stack, streams };
  }

  it("ends the channel at the jump host when it ends", async () => {
    const { registry, streams } = await behind();
    const { master } = registry.acquire({ config: db }, true);
    await master.ready(never);
    const [, , ...others] = registry.masters;
    expect(others).toEqual([]);
    const [jump] = registry.masters;
    expect(jump && registry.behind(jump)).toEqual([master]);
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([false]);
    master.kill();
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect(jump && registry.behind(jump)).toEqual([]);
  });

  it("skips a jump host's connection that turns out to be dead, once", async () => {
    const { engine, registry } = await behind(async () => {
      engine.connection().end({ reason: "lost" });
      throw ended();
    });
    const { master } = registry.acquire({ config: db }, true);
    await master.ready(never);
    expect(engine.requests.map(({ config }) => config.alias)).toEqual(["bastion", "bastion", "db"]);
  });

  it.each([
    ["a refusal", new ChannelError("refused", "prohibited", { code: 1 }), "channel"],
    ["another error", new Error("other"), "connection"],
  ] as const)(
    "fails with %s of an existing connection, without a second login",
    async (_name, error, step) => {
      const { engine, registry } = await behind(() => Promise.reject(error));
      const { master } = registry.acquire({ config: db }, true);
      await expect(master.ready(never)).rejects.toMatchObject({
        ...{ reason: "jump-failed", cause: error, jump: { host: "bastion", step } },
      });
      expect(engine.requests).toHaveLength(1);
    },
  );

  it("fails if the jump host's new connection ends, too", async () => {
    const { engine, registry } = await behind(
      async () => {
        throw ended();
      },
      async () => {
        throw ended();
      },
    );
    const { master } = registry.acquire({ config: db }, true);
    await expect(master.ready(never)).rejects.toMatchObject({
      reason: "jump-failed",
      jump: { step: "channel" },
    });
    expect(engine.requests).toHaveLength(1);
  });

  it("fails with the jump host's loss while it logs in", async () => {
    const { engine, registry } = await behind();
    engine.hold = true;
    const { master } = registry.acquire({ config: db }, true);
    await settle();
    const failed = expect(master.ready(never)).rejects.toSatisfy(
      (error) => ConnectError.is(error) && error.reason === "jump-failed",
    );
    engine.connection().end({ reason: "lost" });
    await failed;
    expect(master.state).toMatchObject({ kind: "lost", reason: "jump-lost" });
  });

  it("that is given up while its channel opens is cancelled, and the jump host's connection is released", async () => {
    let fail: (error: Error) => void = () => {};
    const { registry } = await behind(
      () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
    );
    const { master } = registry.acquire({ config: db }, true);
    await settle();
    master.kill();
    fail(new CancelledError());
    await expect(master.ready(never)).rejects.toThrow(CancelledError);
    expect(registry.masters.map(({ config }) => config.alias)).toEqual(["bastion"]);
  });
});
