import { beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../src/base/log.ts";
import type { ConnectionPolicy } from "../../../src/config/connectionPolicy.ts";
import { ConnectionHealth } from "../../../src/master/connectionHealth.ts";
import { FakeConnection, keepalive } from "../../support/fakeEngine.ts";
import { ManualClock } from "../../support/manualClock.ts";

const policy = (changes: Partial<ConnectionPolicy> = {}): ConnectionPolicy => ({
  ...{ keepalive: keepalive(10, 3), linger: { seconds: 1, source: { kind: "default" } } },
  ...{ ignoreMissingReplies: false, uses: [] },
  ...changes,
});

describe("the health of a connection", () => {
  let clock: ManualClock;
  let connection: FakeConnection;
  let health: ConnectionHealth;
  let events: string[];

  beforeEach(() => {
    clock = new ManualClock();
    connection = new FakeConnection(clock);
    connection.bytesIn = 500;
    events = [];
    health = new ConnectionHealth(clock, silentLogger, {
      onHealth: ({ kind }) => events.push(kind),
      onMeasured: () => events.push("measured"),
      onDead: () => events.push("dead"),
    });
  });

  it("is unknown before the connection is up: a probe gets no reply", async () => {
    expect([health.current, health.roundTrips, health.hasStarted, health.probesIgnored]).toEqual([
      ...[{ kind: "alive" }, [], false, false],
    ]);
    expect(await health.probe(1250)).toBe(false);
    health.noteReply();
    health.setPolicy(policy());
    health.dispose();
    expect([events, clock.pendingTimers]).toEqual([[], 0]);
  });

  it("shows whether the server has sent anything since the login", () => {
    health.watch(connection, policy());
    expect(health.hasStarted).toBe(false);
    connection.bytesIn++;
    expect(health.hasStarted).toBe(true);
  });

  it("has the last 60 round trips, oldest first, in a frozen list", async () => {
    connection.roundTrip = 1;
    health.watch(connection, policy());
    await clock.advance(0);
    for (let count = 2; count <= 70; count++) {
      connection.roundTrip = count;
      await clock.advance(10_000);
    }
    expect(health.roundTrips).toEqual(Array.from({ length: 60 }, (_, index) => index + 11));
    expect(Object.isFrozen(health.roundTrips)).toBe(true);
    expect(events).toEqual(Array.from({ length: 70 }, () => "measured"));
    expect(health.current).toEqual({ kind: "alive" });
  });

  it.each([true, false])("follows the setting for missing replies, which is %s at first", async (first) => {
    connection.answers = false;
    health.watch(connection, policy({ ignoreMissingReplies: first }));
    expect(health.probesIgnored).toBe(first);
    health.setPolicy(policy({ ignoreMissingReplies: !first }));
    expect([health.probesIgnored, events]).toEqual([!first, ["measured"]]);
  });

  it("is good again when another request gets a reply", async () => {
    connection.holdPings = true;
    connection.answersChannelProbes = false;
    health.watch(connection, policy());
    const probe = health.probe(1250);
    await clock.advance(100);
    connection.receive();
    health.noteReply();
    expect(await probe).toBe(true);
    expect(events).toEqual([]);
  });
});
