import { describe, expect, it } from "vitest";
import { CancelledError } from "../../../src/base/errors.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { UsePolicy } from "../../../src/config/connectionPolicy.ts";
import type { EngineConnection, RiddenMaster, WindowName } from "../../../src/engine/connectionEngine.ts";
import type { OtherConnections } from "../../../src/master/masterPorts.ts";
import { FakeConnection, keepalive } from "../../support/fakeEngine.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";

const never = new AbortController().signal;
const source = { kind: "default" } as const;
const policy = (seconds: number, interval = 30): UsePolicy => ({
  ...{ spec: "web1", folder: undefined, keepalive: keepalive(interval, 3), linger: { seconds, source } },
});

/** A place on a connection that another window holds. */
class HeldConnection extends FakeConnection {
  declare readonly heldBy?: WindowName;
  declare readonly rides?: RiddenMaster;

  constructor(of: Pick<EngineConnection, "heldBy" | "rides"> = { heldBy: { pid: 7, name: "other" } }) {
    super(new ManualClock());
    Object.assign(this, of);
  }

  readonly notes: (readonly [inUse: boolean, linger: number, interval: number])[] = [];

  noteUse(inUse: boolean, { linger, keepalive: alive }: UsePolicy): void {
    this.notes.push([inUse, linger.seconds, alive.serverAliveInterval]);
  }
}

/** A window whose host is connected by another window. */
function sharing(join: OtherConnections["join"]) {
  let linger = 60;
  const stack = fakeStack([testHostConfig()], silentLogger, {
    others: { join },
    policies: () => ({
      ...{ keepalive: keepalive(30, 3), linger: { seconds: linger, source } },
      ...{ ignoreMissingReplies: false, uses: [policy(linger)] },
    }),
  });
  return {
    ...stack,
    setLinger: async (seconds: number) => {
      linger = seconds;
      await stack.manager.refreshPolicies();
    },
  };
}

describe("a connection that another window holds", () => {
  it("is used without a login, and that window gets to know when this one uses it, and how it wants it kept", async () => {
    const held = new HeldConnection();
    const { clock, engine, manager, setLinger } = sharing(async () => held);
    const session = await manager.open({ host: "web1", ...shell });
    expect(engine.requests).toEqual([]);
    expect(manager.masters()).toMatchObject([{ heldBy: held.heldBy, state: { kind: "ready" } }]);
    expect(held.notes).toEqual([[true, 60, 30]]);
    await manager.open({ host: "web1", ...shell });
    expect(held.notes).toHaveLength(1);
    await setLinger(60);
    expect(held.notes).toHaveLength(1);
    await setLinger(90);
    expect(held.notes).toEqual([
      [true, 60, 30],
      [true, 90, 30],
    ]);
    held.channels[0]?.end({ code: 0 });
    await session.ended;
    expect(held.notes).toHaveLength(2);
    held.channels[1]?.end({ code: 0 });
    await settle();
    expect(held.notes.at(-1)).toEqual([false, 90, 30]);
    await manager.open({ host: "web1", ...shell });
    expect(held.notes.slice(2)).toEqual([
      [false, 90, 30],
      [true, 90, 30],
    ]);
    expect(clock.pendingTimers).toBeGreaterThan(0);
  });

  it.each([
    ["another window", { heldBy: { pid: 7, name: "other" } }, "window-ended"],
    ["the keeper", { heldBy: { pid: 7, name: "", isKeeper: true } }, "keeper-ended"],
    ["the user's own ssh", { rides: { pid: 7, path: "/cm" } }, "ssh-ended"],
  ] as const)(
    "of %s is lost if it ends while this window uses it, and has lingered if it does not",
    async (_, of, reason) => {
      for (const [used, how] of [
        [true, "lost"],
        [true, "disconnected"],
        [false, "lost"],
      ] as const) {
        const held = new HeldConnection(of);
        const { manager, registry } = sharing(async () => held);
        const session = await manager.open({ host: "web1", ...shell });
        const [master] = registry.masters;
        if (!used) {
          held.channels[0]?.end({ code: 0 });
          await settle();
        }
        held.end({ reason: how });
        expect([master?.state.kind, master?.endReason]).toEqual(
          used ? ["lost", reason] : ["closed", "linger-over"],
        );
        if (used) {
          expect(await session.ended).toEqual({ kind: "lost", reason });
        }
      }
    },
  );

  it("is waited for without a limit of time, until this window gives up", async () => {
    const aborts: unknown[] = [];
    const { clock, engine, registry } = sharing(
      (_login, signal) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => {
            aborts.push(signal.reason);
            reject(signal.reason);
          }),
        ),
    );
    const { master } = registry.acquire({ config: testHostConfig({ connectTimeout: 5 }) }, true);
    await clock.advance(120_000);
    expect(master.state.kind).toBe("connecting");
    master.kill();
    await expect(master.ready(never)).rejects.toThrow(CancelledError);
    expect([aborts.length, engine.requests.length]).toEqual([1, 0]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is made by this window if there is none", async () => {
    const { engine, manager } = sharing(async () => undefined);
    await manager.open({ host: "web1", ...shell });
    expect(engine.requests).toHaveLength(1);
    expect(manager.masters()).toMatchObject([{ heldBy: undefined }]);
  });

  it.each([
    [true, 3],
    [false, 2],
  ])(
    "limits only its own place (held: %s): a further connection has room for %d sessions",
    async (held, room) => {
      const connection = new HeldConnection();
      const first = held ? [connection] : [];
      const { engine, manager } = sharing(async () => first.shift());
      engine.maxSessions = 2;
      connection.maxSessions = 2;
      for (let count = 0; count < 3; count++) {
        await manager.open({ host: "web1", ...shell });
      }
      expect(manager.masters().map(({ sessions }) => sessions.length)).toEqual([2, 1]);
      const own = engine.connections.at(-1);
      if (own !== undefined) {
        own.maxSessions = 3;
      }
      for (let count = 0; count < 2; count++) {
        await manager.open({ host: "web1", ...shell });
      }
      expect(manager.masters()[1]?.sessions.length).toBe(room);
    },
  );
});

describe("other windows that use a connection of this one", () => {
  it("add their policy to it while they are there: the strictest keepalive and the longest linger", async () => {
    const { manager, registry } = sharing(async () => undefined);
    await manager.open({ host: "web1", ...shell });
    const { guests } = registry.masters[0] ?? {};
    const current = () =>
      manager
        .masters()
        .map(({ keepalive: alive, linger, uses }) => [
          alive.serverAliveInterval,
          linger?.seconds,
          uses.length,
        ]);
    const strict = guests?.add({ ...policy(5, 10), window: "strict" });
    const long = guests?.add({ ...policy(600), window: "long" });
    expect(current()).toEqual([[10, 600, 3]]);
    expect(manager.masters()[0]?.uses.map(({ window }) => window)).toEqual([undefined, "strict", "long"]);
    strict?.dispose();
    expect(current()).toEqual([[30, 600, 2]]);
    long?.dispose();
    expect(current()).toEqual([[30, 60, 1]]);
  });

  it("keep it open while they hold it, and it lingers from then on", async () => {
    const { clock, engine, manager, registry } = sharing(async () => undefined);
    await manager.open({ host: "web1", ...shell });
    const hold = registry.masters[0]?.guests.hold();
    engine.connection().channels[0]?.end({ code: 0 });
    await clock.advance(600_000);
    expect(manager.masters()).toMatchObject([{ state: { kind: "ready" } }]);
    hold?.dispose();
    expect(manager.masters()).toMatchObject([{ state: { kind: "lingering", until: clock.now() + 60_000 } }]);
    await clock.advance(61_000);
    expect(manager.masters()).toEqual([]);
  });

  it("change nothing once it has ended", async () => {
    const { clock, manager, registry } = sharing(async () => undefined);
    await manager.open({ host: "web1", ...shell });
    const [master] = registry.masters;
    const guest = master?.guests.add(policy(600, 5));
    master?.kill();
    await settle();
    let changes = 0;
    manager.onDidChange(() => changes++);
    guest?.dispose();
    master?.guests.add(policy(900, 1));
    await settle();
    expect([changes, clock.pendingTimers]).toEqual([0, 0]);
  });
});
