import { describe, expect, it } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { asError, CancelledError } from "../../../src/base/errors.ts";
import { ConfigError } from "../../../src/config/configErrors.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { Reconnections } from "../../../src/reconnect/reconnections.ts";
import type { LoginMode, ReconnectTicket } from "../../../src/reconnect/reconnectTypes.ts";
import type { MasterSnapshot } from "../../../src/session/masterSnapshotTypes.ts";
import type { Session } from "../../../src/session/sessionTypes.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";

type Stack = ReturnType<typeof fakeStack>;

/** A terminal without a screen: reconnects as the tab does. */
class Terminal {
  readonly #stack: Stack;
  readonly #host: string;
  readonly #automatic: boolean;
  session: Session | undefined;
  ticket: ReconnectTicket | undefined;
  /** Recorded calls: `wait MS`, `wait` (for the user), `wait for others`, `attempt LOGIN`, `open`, `stop`. */
  readonly log: string[] = [];

  constructor(stack: Stack, { host = "web1", automatic = true } = {}) {
    this.#stack = stack;
    this.#host = host;
    this.#automatic = automatic;
  }

  async open(before?: Session, login: LoginMode = "attended"): Promise<this> {
    const session = await this.#stack.manager.open({
      host: this.#host,
      title: `tab of ${this.#host}`,
      ...shell,
      login,
      ...(before && { inPlaceOf: before }),
    });
    this.session = session;
    void session.ended.then((outcome) => {
      if (outcome.kind === "lost") {
        this.#wait(session);
      }
    });
    return this;
  }

  #wait(lost: Session): void {
    const { clock, manager } = this.#stack;
    this.ticket = manager.reconnect(lost, {
      automatic: this.#automatic,
      attempt: (login) => {
        this.log.push(`attempt ${login}`);
        this.open(lost, login).then(
          () => {
            this.log.push("open");
            this.ticket?.dispose();
          },
          (error: unknown) => this.ticket?.failed(asError(error)),
        );
      },
      wait: (until) => this.log.push(until === undefined ? "wait" : `wait ${until - clock.now()}`),
      waitForOthers: () => this.log.push("wait for others"),
      stop: () => this.log.push("stop"),
    });
  }
}

const away = new ConnectError("refused", "nobody listens");
const refused = new AuthError("refused", "no", { tried: [], methodsLeft: [] });

async function terminals(stack: Stack, count: number): Promise<readonly [Terminal, ...Terminal[]]> {
  const first = await new Terminal(stack).open();
  const others = await Promise.all(Array.from({ length: count - 1 }, () => new Terminal(stack).open()));
  return [first, ...others];
}

/** The newest connection is lost. */
async function lose({ engine }: Stack): Promise<void> {
  engine.connections.at(-1)?.end({ reason: "lost" });
  await settle();
}

function seen({ manager }: Stack): readonly MasterSnapshot[] {
  return manager.masters();
}

describe("a lost master with waiting terminals", () => {
  it("is shown as reconnecting, with its next attempt, the terminals, and why the last attempt failed", async () => {
    const stack = fakeStack();
    await terminals(stack, 2);
    const lostAt = stack.clock.now();
    await lose(stack);
    expect(seen(stack)).toMatchObject([
      {
        id: "m1",
        spec: "web1",
        state: {
          kind: "reconnecting",
          since: lostAt,
          reason: "connection-lost",
          attempting: false,
          until: lostAt + 1000,
        },
        sessions: [{ id: "s1" }, { id: "s2" }],
      },
    ]);
    expect(seen(stack)[0]?.state).not.toHaveProperty("error");
    stack.engine.hold = true;
    stack.engine.failure = away;
    await stack.clock.advance(1000);
    expect(seen(stack)).toMatchObject([
      { id: "m1", state: { attempting: true, until: undefined }, sessions: [{ id: "s1" }, { id: "s2" }] },
    ]);
    stack.engine.release();
    await settle();
    expect(seen(stack)).toMatchObject([
      {
        id: "m1",
        state: { kind: "reconnecting", attempting: false, until: lostAt + 3000, error: away },
        sessions: [{ id: "s1" }, { id: "s2" }],
      },
    ]);
    stack.engine.hold = false;
    stack.engine.failure = undefined;
    await stack.clock.advance(2000);
    expect(seen(stack)).toMatchObject([{ id: "m3", state: { kind: "ready" }, sessions: [{}, {}] }]);
    stack.manager.killAll();
    await stack.clock.advance(1000);
    expect(stack.clock.pendingTimers).toBe(0);
  });

  it("shows a new session below it while that session's login is the attempt", async () => {
    const stack = fakeStack();
    await terminals(stack, 1);
    await lose(stack);
    stack.engine.hold = true;
    const opening = stack.manager.open({ host: "web1", title: "other", ...shell });
    await settle();
    expect(seen(stack)).toMatchObject([
      {
        id: "m1",
        state: { kind: "reconnecting", attempting: true },
        sessions: [{ id: "s1" }, { title: "other" }],
      },
    ]);
    stack.engine.release();
    await opening;
    await settle();
    expect(seen(stack)).toMatchObject([{ id: "m2", state: { kind: "ready" }, sessions: [{}, {}] }]);
  });

  it("is shown as lost again when no terminal waits any more", async () => {
    const stack = fakeStack();
    const [terminal] = await terminals(stack, 1);
    await lose(stack);
    terminal.ticket?.dispose();
    expect(seen(stack)).toMatchObject([{ id: "m1", state: { kind: "lost" }, sessions: [] }]);
    expect(stack.clock.pendingTimers).toBe(0);
  });
});

describe("terminals of one destination", () => {
  it("reconnect together: one delay for all, one login per attempt, and one when it works", async () => {
    const stack = fakeStack([testHostConfig(), testHostConfig({ alias: "www" })]);
    const tabs = [...(await terminals(stack, 9)), await new Terminal(stack, { host: "www" }).open()];
    await lose(stack);
    stack.engine.failure = away;
    await stack.clock.advance(1000 + 2000);
    expect(stack.engine.requests).toHaveLength(1 + 2);
    stack.engine.failure = undefined;
    await stack.clock.advance(4000);
    expect(stack.engine.requests).toHaveLength(1 + 3);
    for (const { log } of tabs) {
      expect(log).toEqual([
        "wait 1000",
        "attempt unattended",
        "wait 2000",
        "attempt unattended",
        "wait 4000",
        "attempt unattended",
        "open",
      ]);
    }
    expect(seen(stack)).toMatchObject([{ sessions: { length: 10 } }]);
  });

  it("reconnect at once when any master becomes ready", async () => {
    const stack = fakeStack();
    const tabs = await terminals(stack, 3);
    await lose(stack);
    stack.engine.failure = away;
    await stack.clock.advance(20_000);
    stack.engine.failure = undefined;
    const { length } = stack.engine.requests;
    await stack.manager.open({ host: "web1", ...shell });
    await settle();
    expect(stack.engine.requests).toHaveLength(length + 1);
    expect(tabs.map(({ log }) => log.slice(-2))).toEqual(tabs.map(() => ["attempt unattended", "open"]));
    expect(stack.clock.pendingTimers).toBe(1);
  });

  it("all reconnect after Enter in one of them, including those under `ask`", async () => {
    const stack = fakeStack();
    const [first, second] = await terminals(stack, 2);
    const asking = await new Terminal(stack, { automatic: false }).open();
    await lose(stack);
    expect(asking.log).toEqual(["wait"]);
    second?.ticket?.now();
    await settle();
    expect(stack.engine.requests).toHaveLength(2);
    for (const tab of [first, second, asking]) {
      expect(tab?.log.slice(-2)).toEqual(["attempt attended", "open"]);
    }
  });

  it("leave a terminal under `ask` alone", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    const asking = await new Terminal(stack, { automatic: false }).open();
    await lose(stack);
    await stack.clock.advance(1000);
    expect(tab.log.at(-1)).toBe("open");
    expect(asking.log).toEqual(["wait"]);
    expect(seen(stack)).toMatchObject([
      { state: { kind: "reconnecting", until: undefined }, sessions: [{ id: asking.session?.id }] },
      { state: { kind: "ready" } },
    ]);
  });

  it("leave it alone, too, when another session logs in", async () => {
    const stack = fakeStack();
    const asking = await new Terminal(stack, { automatic: false }).open();
    await lose(stack);
    await stack.manager.connect("web1");
    await settle();
    expect(asking.log).toEqual(["wait"]);
  });

  it("wait for the user after a refused login, and reconnect when another login works", async () => {
    const stack = fakeStack();
    const tabs = await terminals(stack, 2);
    await lose(stack);
    stack.engine.failure = refused;
    await stack.clock.advance(1_000_000);
    expect(stack.engine.requests).toHaveLength(2);
    expect(tabs.map(({ log }) => log.at(-1))).toEqual(["wait", "wait"]);
    expect(seen(stack)).toMatchObject([{ state: { attempting: false, until: undefined, error: refused } }]);
    stack.engine.failure = undefined;
    await stack.manager.connect("web1");
    await settle();
    expect(tabs.map(({ log }) => log.slice(-2))).toEqual(tabs.map(() => ["attempt none", "open"]));
  });

  it("keep their delays for a server that accepts and drops connections", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    for (let round = 0; round < 4; round++) {
      await lose(stack);
      await stack.clock.advance(1000 * 2 ** round);
      expect(tab.log.at(-1)).toBe("open");
    }
    expect(tab.log.filter((entry) => entry.startsWith("wait"))).toEqual([
      "wait 1000",
      "wait 2000",
      "wait 4000",
      "wait 8000",
    ]);
    await stack.clock.advance(30_000);
    await lose(stack);
    expect(tab.log.at(-1)).toBe("wait 1000");
  });

  it("try a master that refuses them once, and then wait", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await lose(stack);
    stack.engine.maxSessions = 0;
    await stack.manager.connect("web1");
    await settle();
    // Whatever happens to it, it is the same master.
    await stack.manager.refreshPolicies();
    await stack.clock.advance(1999);
    expect(tab.log).toEqual(["wait 1000", "attempt unattended", "wait 2000"]);
  });

  it("try their own master that refuses them once", async () => {
    const stack = fakeStack();
    const tabs = await terminals(stack, 2);
    await lose(stack);
    stack.engine.maxSessions = 0;
    await stack.clock.advance(2999);
    for (const { log } of tabs) {
      expect(log).toEqual(["wait 1000", "attempt unattended", "wait 2000"]);
    }
  });

  it("try at once, and from the shortest delay again, when the machine wakes or its addresses change", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await lose(stack);
    stack.engine.failure = away;
    await stack.clock.advance(100_000);
    expect(tab.log.at(-1)).toBe("wait 10000");
    stack.manager.environmentChanged();
    await settle();
    expect(tab.log.slice(-2)).toEqual(["attempt unattended", "wait 1000"]);
  });

  it("stop together on request, and one alone when its tab is closed", async () => {
    const stack = fakeStack();
    const [first, second, third] = await terminals(stack, 3);
    await lose(stack);
    first.ticket?.dispose();
    expect(seen(stack)).toMatchObject([
      { state: { kind: "reconnecting" }, sessions: [{ id: "s2" }, { id: "s3" }] },
    ]);
    stack.manager.stopReconnecting("m1");
    expect([first, second, third].map((tab) => tab?.log.at(-1))).toEqual(["wait 1000", "stop", "stop"]);
    expect(seen(stack)).toEqual([]);
    await stack.clock.advance(100_000);
    expect(stack.engine.requests).toHaveLength(1);
    expect(stack.clock.pendingTimers).toBe(0);
  });

  it.each(["disconnectAll", "killAll"] as const)("stop with %s", async (all) => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await lose(stack);
    await stack.manager[all]();
    expect(tab.log.at(-1)).toBe("stop");
    expect(seen(stack)).toEqual([]);
  });

  it("do not affect another destination", async () => {
    const stack = fakeStack([testHostConfig(), testHostConfig({ alias: "db1", hostName: "db1.test" })]);
    const [web] = await terminals(stack, 1);
    await lose(stack);
    const db = await new Terminal(stack, { host: "db1" }).open();
    expect(web.log).toEqual(["wait 1000"]);
    await lose(stack);
    expect(db.log).toEqual(["wait 1000"]);
    db.ticket?.now();
    await settle();
    expect(web.log).toEqual(["wait 1000"]);
    expect(db.log.at(-1)).toBe("open");
  });
});

describe("a terminal whose attempt fails while others still try", () => {
  /** The attempt has begun, and none of the three has finished. */
  async function trying(stack: Stack, { automatic = true } = {}) {
    const [first] = await terminals(stack, 1);
    const second = await new Terminal(stack, { automatic }).open();
    const third = await new Terminal(stack).open();
    await lose(stack);
    stack.engine.hold = true;
    first.ticket?.now();
    await settle();
    return [first, second, third] as const;
  }

  it("is informed, and gets the next step when the others have finished", async () => {
    const stack = fakeStack();
    const [first, second, third] = await trying(stack);
    first.ticket?.failed(away);
    second.ticket?.failed(refused);
    await stack.clock.advance(0);
    expect([first, second, third].map(({ log }) => log.at(-1))).toEqual([
      "wait for others",
      "wait for others",
      "attempt attended",
    ]);
    expect(seen(stack)).toMatchObject([{ state: { attempting: true, error: refused } }]);
    third.ticket?.failed(away);
    expect([first, second, third].map(({ log }) => log.at(-1))).toEqual(["wait 2000", "wait", "wait 2000"]);
  });

  it("is informed only once, while more of them fail", async () => {
    const stack = fakeStack();
    const [first, second, third] = await trying(stack);
    first.ticket?.failed(away);
    await stack.clock.advance(0);
    second.ticket?.failed(away);
    await stack.clock.advance(0);
    expect([first, second, third].map(({ log }) => log.slice(1))).toEqual([
      ["attempt attended", "wait for others"],
      ["attempt attended", "wait for others"],
      ["attempt attended"],
    ]);
  });

  it("waits for them, too, when the machine wakes or its addresses change", async () => {
    const stack = fakeStack();
    const [first] = await trying(stack);
    first.ticket?.failed(away);
    await stack.clock.advance(0);
    stack.manager.environmentChanged();
    expect(first.log.at(-1)).toBe("wait for others");
  });

  it("waits only for the user if it may not reconnect automatically", async () => {
    const stack = fakeStack();
    const [, asking] = await trying(stack, { automatic: false });
    asking.ticket?.failed(away);
    await stack.clock.advance(0);
    expect(asking.log).toEqual(["wait", "attempt attended", "wait"]);
  });

  it("retries as soon as the user requests it", async () => {
    const stack = fakeStack();
    const [first, second] = await trying(stack);
    first.ticket?.failed(away);
    await stack.clock.advance(0);
    first.ticket?.now();
    expect(first.log.slice(-2)).toEqual(["wait for others", "attempt attended"]);
    expect(second.log.filter((entry) => entry === "attempt attended")).toHaveLength(1);
  });

  it("leaves no timer if all leave at that moment", async () => {
    const stack = fakeStack();
    const tabs = await trying(stack);
    tabs[0].ticket?.failed(away);
    for (const { ticket } of tabs) {
      ticket?.dispose();
    }
    stack.manager.killAll();
    expect(stack.clock.pendingTimers).toBe(0);
  });
});

describe("a terminal that is lost while others reconnect", () => {
  it("tries with them, or waits for the user if it may not reconnect automatically", async () => {
    const stack = fakeStack();
    stack.engine.maxSessions = 1;
    const first = await new Terminal(stack).open();
    const second = await new Terminal(stack).open();
    const asking = await new Terminal(stack, { automatic: false }).open();
    stack.engine.connection(0).end({ reason: "lost" });
    stack.engine.hold = true;
    await stack.clock.advance(1000);
    expect(first.log.at(-1)).toBe("attempt unattended");
    for (const connection of [stack.engine.connection(1), stack.engine.connection(2)]) {
      connection.end({ reason: "lost" });
    }
    await settle();
    expect(second.log).toEqual(["attempt unattended"]);
    expect(asking.log).toEqual(["wait"]);
    stack.manager.killAll();
  });

  it("leaves the delays as they are, however long its connection lasted", async () => {
    const stack = fakeStack();
    stack.engine.maxSessions = 1;
    const first = await new Terminal(stack).open();
    const second = await new Terminal(stack).open();
    await stack.clock.advance(40_000);
    stack.engine.failure = away;
    stack.engine.connection(0).end({ reason: "lost" });
    await stack.clock.advance(1000);
    stack.engine.connection(1).end({ reason: "lost" });
    await stack.clock.advance(2000);
    expect(first.log.at(-1)).toBe("wait 4000");
    expect(second.log).toEqual(["wait 2000", "attempt unattended", "wait 4000"]);
    stack.manager.killAll();
  });

  it("shows no next attempt once the last terminal that would make it has left", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    const asking = await new Terminal(stack, { automatic: false }).open();
    await lose(stack);
    expect(seen(stack)).toMatchObject([{ state: { until: stack.clock.now() + 1000 } }]);
    tab.ticket?.dispose();
    expect(seen(stack)).toMatchObject([{ state: { kind: "reconnecting", until: undefined } }]);
    expect([asking.log, stack.clock.pendingTimers]).toEqual([["wait"], 0]);
  });

  it("keeps that time while one of several leaves", async () => {
    const stack = fakeStack();
    const [tab, other] = await terminals(stack, 2);
    await new Terminal(stack, { automatic: false }).open();
    await lose(stack);
    tab.ticket?.dispose();
    expect(seen(stack)).toMatchObject([{ state: { until: stack.clock.now() + 1000 } }]);
    await stack.clock.advance(1000);
    expect(other?.log.at(-1)).toBe("open");
  });
});

describe("what a holder reports", () => {
  it("counts once, and only while it tries and waits", async () => {
    const stack = fakeStack();
    const [tab, other] = await terminals(stack, 2);
    await lose(stack);
    tab.ticket?.failed(refused);
    expect(seen(stack)[0]?.state).not.toHaveProperty("error");
    stack.engine.hold = true;
    await stack.clock.advance(1000);
    tab.ticket?.failed(away);
    tab.ticket?.failed(refused);
    expect(seen(stack)).toMatchObject([{ state: { error: away } }]);
    tab.ticket?.dispose();
    tab.ticket?.failed(refused);
    tab.ticket?.now();
    expect(tab.log.at(-1)).toBe("attempt unattended");
    other?.ticket?.failed(away);
    expect(other?.log.at(-1)).toBe("wait 2000");
    stack.manager.killAll();
  });

  it("is announced, as are its waiting, its failure and its end", () => {
    const clock = new ManualClock();
    const attempts: LoginMode[] = [];
    let changes = 0;
    const reconnections = new Reconnections({
      ...{ clock, random: () => 0, usableMasters: () => [] },
      onChange: () => changes++,
    });
    const ticket = reconnections.join(
      { destinationKey: "a", master: undefined },
      {
        automatic: false,
        attempt: (login) => attempts.push(login),
        wait: () => {},
        waitForOthers: () => {},
        stop: () => {},
      },
    );
    expect(changes).toBe(1);
    ticket.now();
    expect([attempts, changes]).toEqual([["attended"], 2]);
    ticket.failed(away);
    expect(changes).toBe(3);
    ticket.dispose();
    expect(changes).toBe(4);
    ticket.dispose();
    expect(changes).toBe(4);
  });

  it("is no failure if the attempt was cancelled", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await lose(stack);
    stack.engine.hold = true;
    await stack.clock.advance(1000);
    tab.ticket?.failed(new CancelledError());
    expect(seen(stack)[0]?.state).toMatchObject({ kind: "reconnecting", until: undefined });
    expect(seen(stack)[0]?.state).not.toHaveProperty("error");
    expect(tab.log.at(-1)).toBe("wait");
    stack.manager.killAll();
  });

  it("is shown at once, also that it waits no more", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await lose(stack);
    const shown: unknown[] = [];
    stack.manager.onDidChange(() => shown.push(...seen(stack).map(({ state }) => state.kind)));
    tab.ticket?.dispose();
    expect(shown).toEqual(["lost"]);
  });

  it("without a connection waits alone, and ends with all others", async () => {
    const { manager } = fakeStack();
    const sessions: Session[] = [];
    manager.onDidChange(() => {
      const session = manager.session("s1");
      if (session !== undefined) {
        sessions.push(session);
      }
    });
    await expect(manager.open({ host: "nowhere", ...shell })).rejects.toThrow(ConfigError);
    const [lost] = sessions;
    if (lost === undefined) {
      throw new Error("no session");
    }
    expect(lost.connection()).toBeUndefined();
    const log: string[] = [];
    manager.reconnect(lost, {
      automatic: false,
      attempt: () => log.push("attempt"),
      wait: () => log.push("wait"),
      waitForOthers: () => log.push("wait for others"),
      stop: () => log.push("stop"),
    });
    expect([log, manager.masters()]).toEqual([["wait"], []]);
    manager.killAll();
    expect(log).toEqual(["wait", "stop"]);
  });
});

describe("a terminal whose login was refused", () => {
  /**
   * The first one waits for the user, as does a third one under `ask`; the second one has just lost its own
   * connection.
   */
  async function stuck() {
    const stack = fakeStack();
    stack.engine.maxSessions = 1;
    const first = await new Terminal(stack).open();
    const second = await new Terminal(stack).open();
    const asking = await new Terminal(stack, { automatic: false }).open();
    stack.engine.failure = refused;
    for (const connection of [stack.engine.connection(0), stack.engine.connection(2)]) {
      connection.end({ reason: "lost" });
    }
    await stack.clock.advance(1000);
    expect(first.log).toEqual(["wait 1000", "attempt unattended", "wait"]);
    stack.engine.failure = undefined;
    stack.engine.connection(1).end({ reason: "lost" });
    await settle();
    expect(second.log).toEqual(["wait 2000"]);
    return { stack, first, second, asking, logins: stack.engine.requests.length };
  }

  it("shares a connection that others make, as soon as it exists", async () => {
    const { stack, first, second, asking, logins } = await stuck();
    stack.engine.maxSessions = 10;
    stack.engine.hold = true;
    await stack.clock.advance(2000);
    expect(first.log.at(-1)).toBe("wait");
    stack.engine.release();
    await settle();
    expect(first.log.slice(-2)).toEqual(["attempt none", "open"]);
    expect(second.log.slice(-2)).toEqual(["attempt unattended", "open"]);
    expect(asking.log).toEqual(["wait"]);
    expect(stack.engine.requests).toHaveLength(logins + 1);
    expect(new Set([first, second].map(({ session }) => session?.snapshot().masterId)).size).toBe(1);
  });

  it("does not log in a second time: neither without room nor later", async () => {
    const { stack, first, second, logins } = await stuck();
    await stack.clock.advance(2000);
    expect(second.log.at(-1)).toBe("open");
    expect(first.log.slice(-2)).toEqual(["attempt none", "wait"]);
    await stack.clock.advance(1_000_000);
    expect(first.log.at(-1)).toBe("wait");
    expect(stack.engine.requests).toHaveLength(logins + 1);
  });

  it("tries each connection of others once", async () => {
    const { clock, engine, manager } = fakeStack();
    const lost = await manager.open({ host: "web1", ...shell });
    engine.connection().end({ reason: "lost" });
    await lost.ended;
    const attempts: LoginMode[] = [];
    const ticket = manager.reconnect(lost, {
      automatic: true,
      attempt: (login) => {
        attempts.push(login);
        queueMicrotask(() => ticket.failed(refused));
      },
      wait: () => {},
      waitForOthers: () => {},
      stop: () => {},
    });
    await clock.advance(1000);
    expect(attempts).toEqual(["unattended"]);
    for (const expected of [["none"], ["none", "none"]]) {
      const other = await manager.open({ host: "web1", ...shell });
      await manager.open({ host: "web1", ...shell });
      await settle();
      expect(attempts.slice(1)).toEqual(expected);
      manager.kill(other.snapshot().masterId ?? "");
    }
    ticket.dispose();
  });

  it("makes no more logins when the server accepts logins and drops sessions", async () => {
    const { stack, first, second, logins } = await stuck();
    stack.engine.dropsSessions = true;
    await stack.clock.advance(2000);
    expect(stack.engine.requests).toHaveLength(logins + 1);
    expect([first, second].map(({ log }) => log.at(-1))).toEqual(["wait", "wait 4000"]);
    await stack.clock.advance(4000);
    expect(stack.engine.requests).toHaveLength(logins + 2);
  });
});

describe("reconnecting now", () => {
  async function silent(stack: Stack): Promise<void> {
    stack.engine.connection().answers = false;
    await stack.clock.advance(46_000);
  }

  it("starts the next attempt of a waiting destination", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await lose(stack);
    expect(await stack.manager.reconnectNow("m1")).toBe("reconnecting");
    await settle();
    expect(tab.log.slice(-2)).toEqual(["attempt attended", "open"]);
  });

  it("is one attempt, however often it is requested meanwhile", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await lose(stack);
    stack.engine.hold = true;
    stack.engine.failure = refused;
    for (let count = 0; count < 3; count++) {
      expect(await stack.manager.reconnectNow("m1")).toBe("reconnecting");
    }
    await settle();
    stack.engine.release();
    await settle();
    expect(tab.log).toEqual(["wait 1000", "attempt attended", "wait"]);
    expect(stack.engine.requests).toHaveLength(2);
  });

  it("starts an attempt with prompts if the current one ends because it needs them", async () => {
    const stack = fakeStack();
    const [first, second] = await terminals(stack, 2);
    await lose(stack);
    stack.engine.hold = true;
    stack.engine.failure = refused;
    await stack.clock.advance(1000);
    expect(await stack.manager.reconnectNow("m1")).toBe("reconnecting");
    stack.engine.release();
    await settle();
    for (const tab of [first, second]) {
      expect(tab?.log).toEqual(["wait 1000", "attempt unattended", "attempt attended"]);
    }
    expect(stack.engine.requests).toHaveLength(3);
    stack.engine.release();
    await settle();
    expect(first.log.at(-1)).toBe("wait");
    expect(stack.engine.requests).toHaveLength(3);
  });

  it("gives up a master that does not respond; its terminals continue at once, with one new login", async () => {
    const stack = fakeStack();
    const tabs = await terminals(stack, 3);
    const asking = await new Terminal(stack, { automatic: false }).open();
    await silent(stack);
    expect(seen(stack)).toMatchObject([{ state: { kind: "suspect" } }]);
    const begun = stack.manager.reconnectNow("m1");
    await stack.clock.advance(1250);
    expect(await begun).toBe("no-answer");
    await settle();
    expect(stack.manager.history().map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 4 }, () => ({ kind: "lost", reason: "unresponsive" })),
    );
    expect(stack.engine.requests).toHaveLength(2);
    for (const { log } of [...tabs, asking]) {
      expect(log).toEqual(["attempt attended", "open"]);
    }
  });

  it("does nothing to one that responds after all, or is healthy", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    expect(await stack.manager.reconnectNow("m1")).toBe("answers");
    await silent(stack);
    expect(seen(stack)).toMatchObject([{ state: { kind: "suspect" } }]);
    stack.engine.connection().answers = true;
    expect(await stack.manager.reconnectNow("m1")).toBe("answers");
    expect(seen(stack)).toMatchObject([{ id: "m1", state: { kind: "ready" }, sessions: [{ id: "s1" }] }]);
    expect(tab.log).toEqual([]);
  });

  it("reports an ended master as ended", async () => {
    const stack = fakeStack();
    expect(await stack.manager.reconnectNow("m7")).toBe("ended");
    const session = await stack.manager.open({ host: "web1", ...shell });
    stack.engine.connection().end({ reason: "lost" });
    await session.ended;
    expect(seen(stack)).toMatchObject([{ state: { kind: "lost" } }]);
    expect(await stack.manager.reconnectNow("m1")).toBe("ended");
    expect(stack.engine.requests).toHaveLength(1);
    // Nor does it apply to what follows.
    const [tab] = await terminals(stack, 1);
    await lose(stack);
    expect(tab.log).toEqual(["wait 1000"]);
  });

  it("reports a master that is lost during the probe as ended; its terminals continue at once", async () => {
    const stack = fakeStack();
    const tabs = await terminals(stack, 2);
    await silent(stack);
    const begun = stack.manager.reconnectNow("m1");
    await stack.clock.advance(100);
    await lose(stack);
    expect(await begun).toBe("ended");
    await settle();
    expect(tabs.map(({ log }) => log.slice(-2))).toEqual(tabs.map(() => ["attempt attended", "open"]));
  });

  it.each([
    ["before it replies", false],
    ["at the moment in which it replies", true],
  ])("reports a master that the user ends during the probe as ended: %s", async (_when, answers) => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await silent(stack);
    stack.engine.connection().holdPings = true;
    const begun = stack.manager.reconnectNow("m1");
    await settle();
    if (answers) {
      stack.engine.connection().releasePings();
    }
    stack.manager.kill("m1");
    expect(await begun).toBe("ended");
    await stack.clock.advance(10_000);
    expect(tab.log).toEqual([]);
    expect(stack.engine.requests).toHaveLength(1);
  });

  it("applies now, not to later losses", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    await silent(stack);
    const begun = stack.manager.reconnectNow("m1");
    await stack.clock.advance(1250);
    await begun;
    await settle();
    await lose(stack);
    expect(tab.log).toEqual(["attempt attended", "open", "wait 1000"]);
  });
});

describe("the time limit of a terminal", () => {
  it("keeps running over the gap, from where it was extended last; other limits start again", async () => {
    const stack = fakeStack();
    stack.settings.time = 300;
    const [tab] = await terminals(stack, 1);
    await stack.clock.advance(100_000);
    tab.session?.extend();
    await stack.clock.advance(100_000);
    await lose(stack);
    await stack.clock.advance(1000);
    expect(tab.log.at(-1)).toBe("open");
    await lose(stack);
    await stack.clock.advance(2000);
    const { session } = tab;
    await stack.clock.advance(196_000);
    expect(session?.state.kind).toBe("open");
    await stack.clock.advance(2000);
    expect(session?.state).toMatchObject({ kind: "ending", how: "limit" });
  });
});

describe("after the end", () => {
  it("no holder waits, and no timer is left", async () => {
    const stack = fakeStack();
    const [tab] = await terminals(stack, 1);
    const { session } = tab;
    await lose(stack);
    stack.manager.dispose();
    stack.registry.dispose();
    expect(stack.clock.pendingTimers).toBe(0);
    const log: string[] = [];
    // Its settings took a moment to read.
    if (session !== undefined) {
      stack.manager.reconnect(session, {
        automatic: true,
        attempt: () => log.push("attempt"),
        wait: () => log.push("wait"),
        waitForOthers: () => log.push("wait for others"),
        stop: () => log.push("stop"),
      });
    }
    await stack.clock.advance(100_000);
    expect(log).toEqual([]);
    expect(stack.clock.pendingTimers).toBe(0);
  });
});
