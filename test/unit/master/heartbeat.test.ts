import { beforeEach, describe, expect, it } from "vitest";
import { type Health, Heartbeat } from "../../../src/master/heartbeat.ts";
import { FakeConnection, keepalive } from "../../support/fakeEngine.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";

describe("heartbeat", () => {
  let clock: ManualClock;
  let connection: FakeConnection;
  let health: Health[];
  let deadAt: number | undefined;
  let ignored: boolean[];
  let roundTrips: number[];

  function start(interval: number, countMax: number, ignoreMissingReplies = false): Heartbeat {
    return new Heartbeat(clock, connection, keepalive(interval, countMax), ignoreMissingReplies, {
      onHealth: (next) => health.push(next),
      onDead: () => {
        deadAt = clock.monotonic();
      },
      onProbesIgnored: (next) => ignored.push(next),
      onRoundTrip: (milliseconds) => roundTrips.push(milliseconds),
    });
  }

  beforeEach(async () => {
    clock = new ManualClock();
    await clock.advance(1000);
    connection = new FakeConnection(clock);
    health = [];
    ignored = [];
    roundTrips = [];
    deadAt = undefined;
  });

  it("measures the round trip right after the login", async () => {
    start(30, 3);
    await clock.advance(0);
    expect(roundTrips).toEqual([7]);
  });

  it("probes after an interval of silence and continues while the peer replies", async () => {
    start(10, 3);
    await clock.advance(0);
    connection.pings = 0;
    await clock.advance(100_000);
    expect(connection.pings).toBe(10);
    expect(deadAt).toBeUndefined();
    expect(health).toEqual([]);
  });

  it("does not probe while data arrives", async () => {
    start(10, 3);
    await clock.advance(0);
    connection.pings = 0;
    for (let second = 0; second < 100; second++) {
      connection.receive();
      await clock.advance(1000);
    }
    expect(connection.pings).toBe(0);
  });

  it("keeps a peer that sends a flood and answers no probe in time", async () => {
    start(1, 3);
    await clock.advance(0);
    connection.answers = false;
    for (let tenth = 0; tenth < 600; tenth++) {
      connection.receive();
      await clock.advance(100);
    }
    expect(deadAt).toBeUndefined();
  });

  it.each([
    [1, 20_000],
    [3, 40_000],
  ])(
    "with a count of %i finds a silent peer dead %i ms after its last data, as OpenSSH does",
    async (countMax, after) => {
      start(10, countMax);
      await clock.advance(0);
      connection.answers = false;
      const last = clock.monotonic();
      await clock.advance(100_000);
      expect(deadAt).toBe(last + after);
    },
  );

  it.each([
    ["lives", true],
    ["is dead", false],
  ])("a peer %s, judged by data that had arrived when a busy process read it", async (_, answered) => {
    const timers: (() => void)[] = [];
    clock.setTimeout = (callback) => {
      timers.push(callback);
      return { dispose: () => undefined };
    };
    connection.answers = false;
    start(10, 1);
    for (const busy of [0, 900]) {
      clock.sleep(10_000 + busy);
      timers.at(-1)?.();
    }
    if (answered) {
      connection.receive();
    }
    await settle();
    expect(deadAt === undefined).toBe(answered);
  });

  it("shows a suspect peer within the interval, with the time at which it will count as dead", async () => {
    start(10, 3);
    await clock.advance(0);
    connection.answers = false;
    const last = clock.now();
    await clock.advance(10_600);
    expect(health).toEqual([{ kind: "suspect", unanswered: 1, countMax: 3, deadAt: last + 40_000 }]);
    connection.answers = true;
    await clock.advance(10_000);
    expect(health.at(-1)).toEqual({ kind: "alive" });
    expect(deadAt).toBeUndefined();
  });

  it("restarts the count after any data, not only after a reply", async () => {
    start(10, 2);
    await clock.advance(0);
    connection.answers = false;
    await clock.advance(25_000);
    connection.receive();
    const last = clock.monotonic();
    await clock.advance(60_000);
    expect(deadAt).toBe(last + 30_000);
  });

  it("never probes and never gives up with an interval of 0", async () => {
    start(0, 3);
    connection.answers = false;
    await clock.advance(1_000_000);
    expect(connection.pings).toBe(0);
    expect(deadAt).toBeUndefined();
  });

  it("applies a new interval at once, even if it was off", async () => {
    const heartbeat = start(0, 3);
    connection.answers = false;
    await clock.advance(60_000);
    heartbeat.setPolicy(keepalive(5, 1), false);
    const changed = clock.monotonic();
    await clock.advance(60_000);
    expect(deadAt).toBe(changed + 5000);
  });

  it("detects a device that sends data but never replies to probes, and stops counting", async () => {
    connection.answers = false;
    start(10, 1);
    await clock.advance(9000);
    connection.receive();
    await clock.advance(19_000);
    expect(connection.channelProbes).toBe(1);
    connection.receive();
    await clock.advance(100_000);
    expect(ignored).toEqual([true]);
    expect(deadAt).toBeUndefined();
  });

  describe("a device that ignores global requests", () => {
    beforeEach(() => {
      connection.answersPings = false;
    });

    it.each([0, 10])(
      "is alive by its replies to other probes, with an interval of %d s",
      async (interval) => {
        const heartbeat = start(interval, 3);
        await clock.advance(100_000);
        expect(await heartbeat.probeNow(1500)).toBe(true);
        expect(health).toEqual([]);
        expect(ignored).toEqual([]);
      },
    );

    it("is detected as hung and dead when it is frozen", async () => {
      const heartbeat = start(10, 3);
      await clock.advance(100_000);
      connection.answers = false;
      const last = connection.lastReceived;
      const probe = heartbeat.probeNow(1500);
      await clock.advance(1500);
      expect(await probe).toBe(false);
      expect(health.at(-1)?.kind).toBe("hung");
      await clock.advance(100_000);
      expect(deadAt).toBe(last + 40_000);
    });

    it("that ignores channels, too, is not hung: data just after an urgent probe shows that it is up", async () => {
      connection.answersChannelProbes = false;
      const heartbeat = start(10, 3);
      await clock.advance(5000);
      const probe = heartbeat.probeNow(1500);
      await clock.advance(100);
      connection.receive();
      await clock.advance(1400);
      expect(await probe).toBe(true);
      expect([health, ignored]).toEqual([[], [true]]);
      connection.channelProbes = 0;
      expect(await heartbeat.probeNow(1500)).toBe(true);
      expect(connection.channelProbes).toBe(0);
      await clock.advance(1_000_000);
      expect(deadAt).toBeUndefined();
    });

    it("stays alive if it replies to a channel request at the same moment", async () => {
      connection.answersChannelProbes = false;
      const heartbeat = start(0, 3);
      await clock.advance(60_000);
      const probe = heartbeat.probeNow(1500);
      await clock.advance(5);
      connection.receive();
      heartbeat.noteReply();
      await clock.advance(1500);
      expect(await probe).toBe(true);
      expect(health).toEqual([]);
    });
  });

  it("opens no channel to probe a peer that answers requests", async () => {
    const heartbeat = start(10, 3);
    await clock.advance(100_000);
    await heartbeat.probeNow(1500);
    connection.answers = false;
    await clock.advance(100_000);
    expect(deadAt).toBeDefined();
    expect(connection.channelProbes).toBe(0);
  });

  describe("with our own data before the probe", () => {
    it("an urgent probe waits that much longer", async () => {
      const heartbeat = start(30, 3);
      await clock.advance(0);
      connection.holdPings = true;
      connection.sendDelay = 10_000;
      const probe = heartbeat.probeNow(1500);
      await clock.advance(10_000);
      expect(health).toEqual([]);
      connection.releasePings();
      expect(await probe).toBe(true);
    });

    it("a peer that stays silent is found hung", async () => {
      const heartbeat = start(30, 3);
      await clock.advance(0);
      connection.answers = false;
      connection.sendDelay = 1_000_000;
      const probe = heartbeat.probeNow(1500);
      await clock.advance(31_499);
      expect(health).toEqual([]);
      await clock.advance(1);
      expect(await probe).toBe(false);
    });

    it("the peer is neither suspect nor dead before its reply can have arrived", async () => {
      start(1, 3);
      await clock.advance(0);
      connection.holdPings = true;
      connection.sendDelay = 12_000;
      await clock.advance(2000);
      connection.sendDelay = 0;
      await clock.advance(9000);
      expect(health).toEqual([]);
      expect(deadAt).toBeUndefined();
      connection.holdPings = false;
      connection.answers = false;
      await clock.advance(10_000);
      expect(deadAt).toBeDefined();
    });
  });

  it("does not disconnect a host with ignoreMissingReplies", async () => {
    connection.answers = false;
    start(10, 1, true);
    await clock.advance(1_000_000);
    expect(deadAt).toBeUndefined();
  });

  it("an urgent probe reports within its deadline that no reply came, and a network that recovers is healthy", async () => {
    const heartbeat = start(30, 3);
    await clock.advance(0);
    connection.answers = false;
    const probe = heartbeat.probeNow(1500);
    await clock.advance(1500);
    expect(await probe).toBe(false);
    expect(health.at(-1)?.kind).toBe("hung");
    connection.answers = true;
    await clock.advance(30_000);
    expect(health.at(-1)).toEqual({ kind: "alive" });
    expect(deadAt).toBeUndefined();
  });

  it("does not count the time of a sleep against the peer", async () => {
    start(10, 3);
    await clock.advance(0);
    clock.sleep(3_600_000);
    await clock.advance(1);
    expect(deadAt).toBeUndefined();
    expect(connection.pings).toBe(2);
  });

  it("does not count a sleep against a peer that was already suspect, whichever clock stopped", async () => {
    start(10, 3);
    await clock.advance(0);
    connection.answers = false;
    await clock.advance(39_900);
    expect(health.at(-1)).toMatchObject({ kind: "suspect", unanswered: 3 });
    clock.sleep(3_600_000);
    await clock.advance(1);
    expect(deadAt).toBeUndefined();
    connection.answers = true;
    await clock.advance(30_000);
    expect(health.at(-1)).toEqual({ kind: "alive" });
  });

  it("shows any sign of life of a suspect peer at once, not at the next probe", async () => {
    start(30, 3);
    await clock.advance(0);
    connection.answers = false;
    await clock.advance(31_000);
    expect(health.at(-1)?.kind).toBe("suspect");
    connection.receive();
    await clock.advance(500);
    expect(health.at(-1)).toEqual({ kind: "alive" });
  });

  it("shows any sign of life of a hung peer at once, also with keepalive off", async () => {
    const heartbeat = start(0, 3);
    connection.answers = false;
    const probe = heartbeat.probeNow(1500);
    await clock.advance(1500);
    expect(await probe).toBe(false);
    connection.receive();
    await clock.advance(500);
    expect(health.at(-1)).toEqual({ kind: "alive" });
    heartbeat.dispose();
    expect(clock.pendingTimers).toBe(0);
  });

  it("urgent probes, however many, don't delay the end of a dead peer", async () => {
    const heartbeat = start(10, 3);
    await clock.advance(0);
    connection.answers = false;
    const last = clock.monotonic();
    for (let second = 0; second < 60; second++) {
      void heartbeat.probeNow(1500);
      await clock.advance(1000);
    }
    expect(deadAt).toBe(last + 40_000);
  });

  it("data that arrived before an urgent probe and is read after it is no sign of life", async () => {
    const heartbeat = start(30, 3);
    await clock.advance(0);
    connection.answers = false;
    clock.sleep(60_000);
    const probe = heartbeat.probeNow(1500);
    await clock.advance(20);
    connection.receive();
    await clock.advance(1500);
    expect(await probe).toBe(false);
  });

  it("a reply that took an hour of sleep does not make the next urgent probe wait for hours", async () => {
    const heartbeat = start(30, 3);
    await clock.advance(0);
    connection.roundTrip = 3_600_000;
    expect(await heartbeat.probeNow(1500)).toBe(true);
    connection.answers = false;
    const probe = heartbeat.probeNow(1500);
    await clock.advance(1500);
    expect(await probe).toBe(false);
  });

  it("a device that ignores requests and opens sessions is probed by opening a channel", async () => {
    connection.answersPings = false;
    connection.answersChannelProbes = false;
    const heartbeat = start(10, 3);
    await clock.advance(50);
    connection.receive();
    heartbeat.noteReply();
    await clock.advance(1000);
    expect(ignored).toEqual([]);
    connection.answersChannelProbes = true;
    await clock.advance(1_000_000);
    expect(deadAt).toBeUndefined();
    expect(health).toEqual([]);
    expect(connection.channelProbes).toBeGreaterThan(10);
  });

  it("a peer that has got no channel to probe it yet has ignored none", async () => {
    connection.answersPings = false;
    start(10, 3);
    await clock.advance(6000);
    connection.receive();
    await clock.advance(5000);
    expect(ignored).toEqual([]);
  });

  it.each([
    [[7], 500],
    [[400], 1600],
    [[400, 3000], 1600],
    [[400, 3000, 3000, 3000, 3000], 1600],
    [[400, 1000, 1000, 1000, 1000, 1000], 4000],
    [[9000], 5000],
  ])("after round trips of %j ms a peer is suspect %d ms after a probe", async (times, patience) => {
    connection.roundTrip = times[0] ?? 0;
    start(10, 3);
    await clock.advance(0);
    for (const time of times.slice(1)) {
      connection.roundTrip = time;
      await clock.advance(10_000);
    }
    connection.answers = false;
    await clock.advance(10_000 + patience - 1);
    expect(health).toEqual([]);
    await clock.advance(1);
    expect(health).toMatchObject([{ kind: "suspect" }]);
  });

  it("data soon after a probe does not show that the peer ignores probes", async () => {
    connection.answersPings = false;
    connection.answersChannelProbes = false;
    start(10, 3);
    for (let count = 0; count < 2; count++) {
      await clock.advance(900);
      connection.receive();
      await clock.advance(10_000);
    }
    expect(ignored).toEqual([]);
  });

  it("data after a probe keeps the peer from being suspect", async () => {
    start(10, 3);
    await clock.advance(0);
    connection.answers = false;
    await clock.advance(10_100);
    connection.receive();
    await clock.advance(5000);
    expect(health).toEqual([]);
  });

  it("a hung peer stays hung, and is not only suspect, when a further probe gets no reply", async () => {
    const heartbeat = start(10, 3);
    await clock.advance(0);
    connection.answers = false;
    const probe = heartbeat.probeNow(1500);
    await clock.advance(15_000);
    expect(await probe).toBe(false);
    expect(health.map(({ kind }) => kind)).toEqual(["hung"]);
  });

  it("a hung peer is silent since its last data", async () => {
    const heartbeat = start(0, 3);
    await clock.advance(5000);
    connection.receive();
    const last = clock.now();
    connection.answers = false;
    await clock.advance(60_000);
    const probe = heartbeat.probeNow(1500);
    await clock.advance(1500);
    expect(await probe).toBe(false);
    expect([health, ignored]).toEqual([[{ kind: "hung", silentSince: last }], []]);
  });

  it("a changed count alone applies at once, too", async () => {
    const heartbeat = start(10, 30);
    await clock.advance(0);
    connection.answers = false;
    await clock.advance(25_000);
    heartbeat.setPolicy(keepalive(10, 1), false);
    await clock.advance(20_000);
    // Two intervals after the last probe, not one: the count begins anew.
    expect(deadAt).toBe(41_000);
  });

  it("a reply just after that of the first session still counts", async () => {
    connection.holdPings = true;
    const heartbeat = start(10, 3);
    heartbeat.noteReply();
    await clock.advance(100);
    connection.releasePings();
    await clock.advance(10_000);
    expect(ignored).toEqual([]);
  });

  it("a suspect peer is alive until a changed interval has passed", async () => {
    const heartbeat = start(10, 3);
    await clock.advance(0);
    connection.answers = false;
    await clock.advance(11_000);
    expect(health.at(-1)?.kind).toBe("suspect");
    heartbeat.setPolicy(keepalive(20, 3), false);
    expect(health.at(-1)).toEqual({ kind: "alive" });
    // The last probe was sent 10 s after the start, and a reply takes up to half a second.
    await clock.advance(19_499);
    expect(health.at(-1)).toEqual({ kind: "alive" });
    await clock.advance(1);
    expect(health.at(-1)?.kind).toBe("suspect");
  });

  it("a peer whose missing replies are ignored just before its end is probed on, and may end later", async () => {
    const timers: (() => void)[] = [];
    clock.setTimeout = (callback) => {
      timers.push(callback);
      return { dispose: () => undefined };
    };
    connection.answers = false;
    const heartbeat = start(10, 1);
    const next = timers[0];
    clock.sleep(10_000);
    next?.();
    clock.sleep(10_000);
    timers.at(-1)?.();
    heartbeat.setPolicy(keepalive(10, 1), true);
    const before = timers.length;
    await settle();
    expect([deadAt, timers.length]).toEqual([undefined, before + 1]);
    heartbeat.setPolicy(keepalive(10, 1), false);
    timers.at(-1)?.();
    await settle();
    expect(deadAt).toBe(clock.monotonic());
  });

  it("applies the setting for missing replies at once", async () => {
    const heartbeat = start(10, 1);
    await clock.advance(0);
    connection.answers = false;
    await clock.advance(11_000);
    expect(health.at(-1)?.kind).toBe("suspect");
    heartbeat.setPolicy(keepalive(10, 1), true);
    expect(health.at(-1)).toEqual({ kind: "alive" });
    await clock.advance(1_000_000);
    expect(deadAt).toBeUndefined();
    heartbeat.setPolicy(keepalive(10, 1), false);
    await clock.advance(30_000);
    expect(deadAt).toBeDefined();
  });

  it("leaves no timer when disposed, and settles a pending probe", async () => {
    const heartbeat = start(10, 3);
    connection.answers = false;
    const probe = heartbeat.probeNow(1500);
    heartbeat.dispose();
    expect(await probe).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});
