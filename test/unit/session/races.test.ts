import { describe, expect, it } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { ChannelError, ConnectError } from "../../../src/engine/engineErrors.ts";
import { keepalive } from "../../support/fakeEngine.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { settle } from "../../support/manualClock.ts";

const web = { host: "web1", ...shell };
const command = { host: "web1", kind: "command", request: { type: "exec", command: "date" } } as const;

const isChannelError = (reason: string) => (error: unknown) =>
  ChannelError.is(error) && error.reason === reason;

describe("concurrent actions", () => {
  it("a login that is being cancelled accepts no new session", async () => {
    const { engine, registry } = fakeStack();
    engine.hold = true;
    const first = registry.acquire({ config: testHostConfig() }, true);
    first.dispose();
    // In the same turn: the first login has not ended yet.
    const second = registry.acquire({ config: testHostConfig() }, true);
    expect(second.master).not.toBe(first.master);
    await settle();
    expect(registry.masters).toEqual([second.master]);
    second.dispose();
  });

  it("a session killed while its host is being resolved leaves nothing, and makes no login", async () => {
    const { clock, engine, manager } = fakeStack();
    const opening = manager.open(web);
    manager.kill("s1");
    await expect(opening).rejects.toSatisfy(CancelledError.is);
    await settle();
    expect(engine.requests).toEqual([]);
    expect(manager.masters()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("a session killed while it opens leaves a lingering master, and its late channel is closed", async () => {
    const { engine, manager } = fakeStack();
    await manager.connect("web1");
    engine.connection().holdOpens = true;
    const opening = manager.open(web);
    await settle();
    manager.kill("s1");
    await expect(opening).rejects.toSatisfy(CancelledError.is);
    engine.connection().releaseOpens();
    await settle();
    expect(engine.connection().channels).toEqual([]);
    expect(manager.masters()[0]).toMatchObject({ state: { kind: "lingering" }, sessions: [] });
  });

  it("disconnecting a connecting master ends it, and what waits for it", async () => {
    const { clock, engine, manager } = fakeStack();
    engine.hold = true;
    const opening = manager.open(web);
    await settle();
    await manager.disconnect("m1");
    await expect(opening).rejects.toSatisfy(CancelledError.is);
    expect(manager.masters()).toEqual([]);
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  it("a master that dies between its selection and the open is skipped", async () => {
    const { engine, manager } = fakeStack();
    await manager.connect("web1");
    engine.connection().holdOpens = true;
    const opening = manager.open(web);
    await settle();
    engine.connection().end({ reason: "lost" });
    engine.connection().releaseOpens();
    expect((await opening).snapshot().masterId).toBe("m2");
  });

  it("a command that may have started is not run again elsewhere; a shell is", async () => {
    for (const [request, second] of [
      [command, false],
      [web, true],
    ] as const) {
      const { engine, manager } = fakeStack();
      await manager.connect("web1");
      engine.connection().openFailure = new ChannelError("connection-ended", "lost on the way", {
        mayHaveStarted: true,
      });
      const opening = manager.open(request);
      if (second) {
        expect((await opening).state.kind).toBe("open");
      } else {
        await expect(opening).rejects.toSatisfy(isChannelError("connection-ended"));
      }
    }
  });

  it("a session that opens as the linger runs out keeps the master, one that opens after it makes a new one", async () => {
    const { clock, engine, manager } = fakeStack();
    await manager.connect("web1");
    await clock.advance(599_999);
    const kept = await manager.open(web);
    await clock.advance(1);
    expect(kept.state.kind).toBe("open");
    engine.connection().channels[0]?.end({ code: 0 });
    await clock.advance(600_000);
    await manager.open(web);
    expect(engine.connections).toHaveLength(2);
  });
});

describe("a server with room for two sessions on a connection", () => {
  it("ten sessions at once make five logins, none unnecessarily", async () => {
    const { engine, manager } = fakeStack();
    engine.maxSessions = 2;
    await manager.connect("web1");
    engine.connection().holdOpens = true;
    const opens = Array.from({ length: 10 }, () => manager.open(web));
    await settle();
    engine.connection().releaseOpens();
    await Promise.all(opens);
    expect(engine.connections).toHaveLength(5);
    expect(manager.masters().map((master) => [master.overflow, master.sessions.length])).toEqual([
      [false, 2],
      [true, 2],
      [true, 2],
      [true, 2],
      [true, 2],
    ]);
  });

  it("ten sessions at once without a connection all open", async () => {
    const { engine, manager } = fakeStack();
    engine.maxSessions = 2;
    await Promise.all(Array.from({ length: 10 }, () => manager.open(web)));
    expect(engine.connections).toHaveLength(5);
  });

  it("with no room: ten sessions at once are refused on one login", async () => {
    const { engine, manager } = fakeStack();
    engine.maxSessions = 0;
    const opens = await Promise.allSettled(Array.from({ length: 10 }, () => manager.open(web)));
    expect(opens.every((open) => open.status === "rejected" && isChannelError("refused")(open.reason))).toBe(
      true,
    );
    expect(engine.connections).toHaveLength(1);
  });

  it("a refusal while an ended session still occupies its slot does not limit the master for ever", async () => {
    const { engine, manager } = fakeStack();
    engine.maxSessions = 1;
    await manager.open(web);
    await manager.open(web);
    expect(engine.connections).toHaveLength(2);
    engine.connection(0).maxSessions = 2;
    engine.connection(0).channels[0]?.end({ code: 0 });
    await settle();
    await manager.open(web);
    await manager.open(web);
    expect(manager.masters().map((master) => master.sessions.length)).toEqual([2, 1]);
  });

  it("an overflow master whose first one is lost lingers as the first one would", async () => {
    const { clock, engine, manager } = fakeStack();
    engine.maxSessions = 1;
    const first = await manager.open(web);
    await manager.open(web);
    engine.connection(0).end({ reason: "lost" });
    await first.ended;
    engine.connection(1).channels[0]?.end({ code: 0 });
    await clock.advance(1000);
    expect(manager.masters().map((master) => [master.overflow, master.state.kind])).toEqual([
      [false, "lost"],
      [false, "lingering"],
    ]);
  });

  it("after the loss of a full master, the next one is no overflow", async () => {
    const { engine, manager } = fakeStack();
    engine.maxSessions = 1;
    await manager.open(web);
    await expect(manager.open({ ...web, onMaster: "m1" })).rejects.toSatisfy(isChannelError("refused"));
    engine.connection(0).end({ reason: "lost" });
    await manager.open(web);
    expect(manager.masters().map((master) => [master.id, master.overflow])).toEqual([["m2", false]]);
  });
});

describe("a login without prompts", () => {
  const nothing = new AuthError("nothing-to-try", "no key", { tried: [], methodsLeft: ["password"] });
  const hosts = [
    testHostConfig(),
    testHostConfig({ alias: "bastion", hostName: "bastion.test" }),
    testHostConfig({ alias: "db", hostName: "db.test", proxyJump: [{ alias: "bastion" }] }),
    testHostConfig({ alias: "db2", hostName: "db2.test", proxyJump: [{ alias: "bastion" }] }),
  ];

  it.each([
    ["the host's", "web1", "web1"],
    ["the jump host's", "db", "db2"],
  ])("does not fail a user's session that joined it: %s", async (_which, quiet, host) => {
    const { engine, manager, logins } = fakeStack(hosts);
    engine.hold = true;
    const unattended = expect(
      manager.open({ ...web, host: quiet, login: "unattended" }),
    ).rejects.toBeDefined();
    const attended = manager.open({ ...web, host });
    await settle();
    engine.failure = nothing;
    engine.release();
    await unattended;
    await settle();
    engine.failure = undefined;
    engine.hold = false;
    engine.release();
    expect((await attended).state.kind).toBe("open");
    expect(logins.map(({ allowPrompts }) => allowPrompts)).toContain(true);
  });

  it("is repeated once with prompts, and no third time", async () => {
    const { engine, manager } = fakeStack();
    engine.hold = true;
    engine.failure = nothing;
    const unattended = expect(manager.open({ ...web, login: "unattended" })).rejects.toBe(nothing);
    const attended = expect(manager.open(web)).rejects.toBe(nothing);
    await settle();
    engine.hold = false;
    engine.release();
    await Promise.all([unattended, attended]);
    expect(engine.requests).toHaveLength(2);
  });

  describe("with a login without a session", () => {
    /** An attempt without prompts has begun a login, the user's session has joined it, and it has failed. */
    async function joined() {
      const stack = fakeStack();
      const { engine, manager, logins } = stack;
      engine.hold = true;
      engine.failure = nothing;
      const unattended = expect(manager.open({ ...web, login: "unattended" })).rejects.toBe(nothing);
      const attended = manager.connect("web1");
      attended.catch(() => {});
      await settle();
      expect(logins).toHaveLength(1);
      engine.release();
      await unattended;
      await settle();
      return { ...stack, attended };
    }

    it("the login is repeated with prompts, and then lingers", async () => {
      const { engine, manager, logins, attended } = await joined();
      engine.failure = undefined;
      engine.release();
      expect(await attended).toBe("m2");
      expect(logins.map(({ allowPrompts }) => allowPrompts)).toEqual([false, true]);
      expect(manager.masters()).toMatchObject([{ id: "m2", state: { kind: "lingering" } }]);
    });

    it("the failure of the second one is reported, and nothing is left of it", async () => {
      const { clock, engine, manager, attended } = await joined();
      const second = new AuthError("refused", "no", { tried: ["password"], methodsLeft: [] });
      engine.failure = second;
      engine.release();
      await expect(attended).rejects.toBe(second);
      await settle();
      expect(engine.requests).toHaveLength(2);
      expect(manager.masters()).toEqual([]);
      expect(clock.pendingTimers).toBe(0);
    });

    it("there is no third login, even if the second one was started without prompts", async () => {
      const { engine, registry, manager } = fakeStack();
      engine.hold = true;
      engine.failure = nothing;
      const first = registry.acquire({ config: testHostConfig() }, false);
      const attended = expect(manager.connect("web1")).rejects.toBe(nothing);
      await settle();
      const others = registry.onDidChange(() => {
        if (first.master.isEnded) {
          others.dispose();
          registry.acquire({ config: testHostConfig() }, false);
        }
      });
      engine.release();
      await settle();
      engine.release();
      await attended;
      expect(engine.requests).toHaveLength(2);
    });
  });
});

describe("a session that may not log in", () => {
  const sharing = { ...web, login: "none" } as const;

  it.each<[string, (stack: ReturnType<typeof fakeStack>) => Promise<unknown>]>([
    ["nothing", async () => {}],
    [
      "a login started by another session",
      async ({ engine, manager }) => {
        engine.hold = true;
        manager.open(web).catch(() => {});
        await settle();
      },
    ],
    [
      "a master without room",
      async ({ engine, manager }) => {
        engine.maxSessions = 1;
        await manager.open(web);
        await expect(manager.open({ ...web, onMaster: "m1" })).rejects.toBeDefined();
      },
    ],
  ])("is not opened with only %s", async (_, bring) => {
    const stack = fakeStack();
    await bring(stack);
    const { length } = stack.engine.requests;
    await expect(stack.manager.open(sharing)).rejects.toSatisfy(isChannelError("connection-ended"));
    expect(stack.engine.requests).toHaveLength(length);
  });

  it("is opened on the existing master, and keeps it open", async () => {
    const { clock, engine, manager } = fakeStack();
    await manager.connect("web1");
    const session = await manager.open(sharing);
    await clock.advance(1_000_000);
    expect(session.snapshot()).toMatchObject({ masterId: "m1", state: { kind: "open" } });
    expect(engine.requests).toHaveLength(1);
  });

  it.each([
    ["refused", { maxSessions: 1 }],
    ["connection-ended", { dropsSessions: true }],
  ])("is not opened on another one if the existing one can't carry it: %s", async (reason, server) => {
    const { engine, manager } = fakeStack();
    Object.assign(engine, server);
    await manager.connect("web1");
    if (reason === "refused") {
      await manager.open(web);
    }
    await expect(manager.open(sharing)).rejects.toSatisfy(isChannelError(reason));
    expect(engine.requests).toHaveLength(1);
  });
});

describe("jump hosts", () => {
  const hosts = [
    testHostConfig({ alias: "bastion", hostName: "bastion.test" }),
    testHostConfig({ alias: "db", hostName: "db.test", proxyJump: [{ alias: "bastion" }] }),
    testHostConfig({ alias: "db2", hostName: "db2.test", proxyJump: [{ alias: "bastion" }] }),
  ];

  it("a silent jump host's master is skipped when another host is reached through it", async () => {
    const { clock, engine, manager } = fakeStack(hosts);
    await manager.open({ ...web, host: "db" });
    await clock.advance(20_000);
    engine.connection(0).answers = false;
    const opening = manager.open({ ...web, host: "db2" });
    await clock.advance(2_000);
    expect((await opening).state.kind).toBe("open");
    expect(manager.masters().map((master) => [master.spec, master.state.kind])).toEqual([
      ["db", "ready"],
      ["bastion", "hung"],
      ["db2", "ready"],
      ["bastion", "ready"],
    ]);
  });

  it("a jump host that refuses is named as the reason, and tried once", async () => {
    const { engine, manager } = fakeStack(hosts);
    engine.failure = new ConnectError("refused", "refused");
    await expect(manager.open({ ...web, host: "db" })).rejects.toSatisfy(
      (error: unknown) =>
        ConnectError.is(error) && error.reason === "jump-failed" && error.cause === engine.failure,
    );
    expect(engine.requests).toHaveLength(1);
    expect(manager.masters()).toEqual([]);
  });

  it("disconnecting a jump host's master first ends the connections behind it, as requested and not as lost", async () => {
    const { clock, engine, manager } = fakeStack(hosts);
    const behind = await manager.open({ ...web, host: "db" });
    const disconnecting = manager.disconnect("m2");
    await clock.advance(0);
    expect(engine.connection(0).ended).toBeUndefined();
    engine.connection(1).channels[0]?.end({});
    await disconnecting;
    expect((await behind.ended).kind).toBe("disconnected");
    expect(manager.masters()).toEqual([]);
  });
});

describe("a master that is lost", () => {
  it("is ignored by new sessions, settings, probes and disconnects", async () => {
    const { clock, engine, manager } = fakeStack();
    await manager.open(web);
    engine.connection().end({ reason: "lost" });
    await settle();
    manager.probe();
    await manager.refreshPolicies();
    const session = await manager.open(web);
    expect(session.snapshot().masterId).toBe("m2");
    engine.connection(1).end({ reason: "lost" });
    await settle();
    await manager.disconnectAll();
    expect(manager.masters()).toEqual([]);
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is removed with the history", async () => {
    const { engine, manager } = fakeStack();
    await manager.open(web);
    engine.connection().end({ reason: "lost" });
    await settle();
    manager.clearHistory();
    expect(manager.masters()).toEqual([]);
    expect(manager.history()).toEqual([]);
  });
});

describe("after a wake-up", () => {
  it("a dead master is detected within the urgent deadline, and accepts no session any more", async () => {
    const { clock, engine, manager } = fakeStack();
    await manager.open(web);
    engine.connection().answers = false;
    clock.sleep(3_600_000);
    manager.probe();
    await clock.advance(1_300);
    expect(manager.masters()[0]?.state).toMatchObject({ kind: "hung", silentSince: expect.any(Number) });
    expect((await manager.open(web)).snapshot().masterId).toBe("m2");
  });
});

describe("disposed", () => {
  const states = {
    connecting: async ({ engine, manager }: ReturnType<typeof fakeStack>) => {
      engine.hold = true;
      manager.open(web).catch(() => {});
      await settle();
    },
    opening: async ({ engine, manager }) => {
      await manager.connect("web1");
      engine.connection().holdOpens = true;
      manager.open(web).catch(() => {});
      await settle();
      queueMicrotask(() => engine.connection().releaseOpens());
    },
    ready: async ({ manager }) => {
      await manager.open({ ...web, timeLimitSeconds: 1000, idleLimitSeconds: 100 });
    },
    lingering: async ({ manager }) => {
      await manager.connect("web1");
    },
    suspect: async ({ clock, engine, manager }) => {
      await manager.open(web);
      engine.connection().answers = false;
      await clock.advance(31_000);
      expect(manager.masters()[0]?.state.kind).toBe("suspect");
    },
    hung: async ({ clock, engine, manager }) => {
      await manager.open(web);
      engine.connection().answers = false;
      manager.probe();
      await clock.advance(1_300);
      expect(manager.masters()[0]?.state.kind).toBe("hung");
    },
    "probed and stepped over": async ({ clock, engine, manager }) => {
      await manager.open(web);
      await clock.advance(20_000);
      engine.connection().answers = false;
      manager.open(web).catch(() => {});
      await clock.advance(500);
    },
    ending: async ({ clock, engine, manager }) => {
      const session = await manager.open(web);
      for (const channel of engine.connection().channels) {
        channel.queuedBytes = 1;
      }
      void session.disconnect();
      await clock.advance(1);
      expect(session.state.kind).toBe("ending");
    },
    disconnecting: async ({ engine, manager }) => {
      await manager.connect("web1");
      engine.connection().close = () => {};
      void manager.disconnect("m1");
      await settle();
      expect(manager.masters()[0]?.state.kind).toBe("disconnecting");
    },
    lost: async ({ engine, manager }) => {
      await manager.open(web);
      engine.connection().end({ reason: "lost" });
      await settle();
    },
    "learning that probes are ignored": async ({ engine, manager, clock, settings }) => {
      settings.keepalive = keepalive(10, 3);
      engine.answersPings = false;
      await manager.open(web);
      await clock.advance(1);
    },
  } satisfies Record<string, (stack: ReturnType<typeof fakeStack>) => Promise<void>>;

  it.each(Object.entries(states))(
    "while %s: leaves no timer, is idempotent, and settles every waiter",
    async (_, bring) => {
      const stack = fakeStack();
      await bring(stack);
      const ended = stack.manager.masters().flatMap(({ sessions }) => sessions.map(({ id }) => id));
      const sessions = ended.flatMap((id) => stack.manager.session(id) ?? []);
      for (let time = 0; time < 2; time++) {
        stack.manager.dispose();
        stack.registry.dispose();
      }
      await settle();
      expect(stack.clock.pendingTimers).toBe(0);
      expect(stack.engine.connections.every((connection) => connection.ended !== undefined)).toBe(true);
      for (const session of sessions) {
        expect((await session.ended).kind).toBe("killed");
      }
      await expect(stack.manager.open(web)).rejects.toBeDefined();
      expect(stack.clock.pendingTimers).toBe(0);
    },
  );
});
