import { beforeEach, describe, expect, it } from "vitest";
import { CancelledError } from "../../../src/base/errors.ts";
import { ChannelOpener } from "../../../src/master/channelOpener.ts";
import { ChannelRoom } from "../../../src/master/channelRoom.ts";
import { FakeConnection } from "../../support/fakeEngine.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";

describe("opening a channel", () => {
  const spec = { request: { type: "shell" }, env: {} } as const;
  let clock: ManualClock;
  let connection: FakeConnection;
  let replies: number[];
  let probes: number[];
  let patience: (number | undefined)[];
  let alive: boolean;
  let opener: ChannelOpener;
  let started: boolean;
  let startLimit: number;
  let silenceLimit: number;
  /** Holds back the results of probes. */
  let heldProbe: Promise<void> | undefined;

  beforeEach(async () => {
    started = true;
    silenceLimit = 30_000;
    heldProbe = undefined;
    startLimit = Number.POSITIVE_INFINITY;
    await makeOpener();
  });

  async function makeOpener(): Promise<void> {
    clock = new ManualClock();
    connection = new FakeConnection(clock);
    replies = [];
    probes = [];
    patience = [];
    alive = true;
    opener = new ChannelOpener({
      clock,
      silenceLimit,
      startLimit,
      hasStarted: () => started,
      ready: async () => connection,
      probe: async (milliseconds) => {
        probes.push(clock.monotonic());
        patience.push(milliseconds);
        await heldProbe;
        return alive;
      },
      onReply: () => replies.push(clock.monotonic()),
      room: new ChannelRoom(undefined),
    });
    if (started) {
      await opener.session(spec, never());
      replies.length = 0;
    }
  }

  const never = (): AbortSignal => new AbortController().signal;

  it.each([
    ["session", () => opener.session(spec, never())],
    [
      "direct-tcpip",
      () => opener.directTcpip({ host: "db", port: 22 }, { host: "127.0.0.1", port: 1 }, never()),
    ],
  ])("a %s without a reply from a silent server times out after the limit", async (_, open) => {
    connection.answers = false;
    const outcome = open().catch((error: unknown) => error);
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });
    await clock.advance(29_999);
    expect(settled).toBe(false);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ reason: "timed-out" });
    expect(clock.pendingTimers).toBe(0);
    expect(replies).toEqual([]);
  });

  describe("for the first time on a server", () => {
    const openSilently = (since = 0): { isOver: boolean; outcome: Promise<unknown> } => {
      started = false;
      void makeOpener();
      clock.sleep(since);
      connection.answers = false;
      const opening = {
        isOver: false,
        outcome: opener.session(spec, never()).catch((error: unknown) => error),
      };
      void opening.outcome.then(() => {
        opening.isOver = true;
      });
      return opening;
    };

    it("waits without a limit and without a probe: the server may still be opening the account's session", async () => {
      const opening = openSilently();
      await clock.advance(600_000);
      expect(opening.isOver).toBe(false);
      expect(probes).toEqual([]);
    });

    it("limits the silence from the server's first message", async () => {
      const opening = openSilently();
      await clock.advance(100_000);
      connection.answers = true;
      await opener.session(spec, never());
      connection.answers = false;
      await clock.advance(30_000);
      expect(opening.isOver).toBe(false);
      await clock.advance(30_000);
      expect(await opening.outcome).toMatchObject({ reason: "timed-out" });
      expect(probes.length).toBeGreaterThan(0);
      expect(clock.pendingTimers).toBe(0);
    });

    it.each([0, 7000])(
      "waits for a minute if the open can't be cancelled, also %d ms after the login",
      async (since) => {
        startLimit = 60_000;
        const opening = openSilently(since);
        await clock.advance(59_999);
        expect(opening.isOver).toBe(false);
        await clock.advance(1);
        expect(await opening.outcome).toMatchObject({ reason: "timed-out" });
        expect(clock.pendingTimers).toBe(0);
      },
    );
  });

  it("a direct-tcpip channel is limited from the server's first message, too", async () => {
    started = false;
    await makeOpener();
    connection.answers = false;
    const outcome = failure(directTcpip(never()));
    await clock.advance(100_000);
    expect([outcome.error, probes]).toEqual([undefined, []]);
    started = true;
    await clock.advance(2000);
    expect(probes).toHaveLength(1);
    await clock.advance(58_000);
    expect(outcome.error).toMatchObject({ reason: "timed-out" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("without a limit waits for ever for a peer that replies to probes", async () => {
    silenceLimit = Number.POSITIVE_INFINITY;
    await makeOpener();
    connection.answers = false;
    const giveUp = new AbortController();
    const outcome = failure(opener.session(spec, giveUp.signal));
    await clock.advance(3_600_000);
    // Only the next probe.
    expect([outcome.error, clock.pendingTimers]).toEqual([undefined, 1]);
    giveUp.abort(new CancelledError());
    await settle();
    expect(outcome.error).toBeInstanceOf(CancelledError);
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits as long as data flows, and at most the limit after it has stopped", async () => {
    connection.answers = false;
    const outcome = opener.session(spec, never()).catch((error: unknown) => error);
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });
    for (let second = 0; second < 300; second++) {
      // 64 kbit/s
      connection.bytesIn += 8000;
      await clock.advance(1000);
    }
    expect(settled).toBe(false);
    await clock.advance(30_000);
    expect(await outcome).toMatchObject({ reason: "timed-out" });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    [1023, true],
    [1024, false],
  ])("counts %d bytes within the limit as silence: %s", async (bytes, isSilence) => {
    connection.bytesIn = 5000;
    connection.answers = false;
    const outcome = failure(opener.session(spec, never()));
    await clock.advance(10_000);
    connection.bytesIn += bytes;
    await clock.advance(20_000);
    expect(outcome.error !== undefined).toBe(isSilence);
  });

  it("does not count replies to keepalive probes as progress", async () => {
    connection.answers = false;
    const outcome = opener.session(spec, never()).catch((error: unknown) => error);
    for (let second = 0; second < 30; second += 5) {
      connection.bytesIn += 36;
      await clock.advance(5000);
    }
    expect(await outcome).toMatchObject({ reason: "timed-out" });
  });

  it("a cancelled open ends at once and leaves no timer", async () => {
    connection.answers = false;
    const giveUp = new AbortController();
    const outcome = opener.session(spec, giveUp.signal).catch((error: unknown) => error);
    await clock.advance(10_000);
    giveUp.abort(new CancelledError());
    expect(await outcome).toBeInstanceOf(CancelledError);
    expect(clock.pendingTimers).toBe(0);
  });

  const directTcpip = (signal: AbortSignal) =>
    opener.directTcpip({ host: "db", port: 22 }, { host: "127.0.0.1", port: 1 }, signal);

  /** The result of an open, once it has failed. */
  function failure(opening: Promise<unknown>): { readonly error: unknown } {
    const outcome: { error: unknown } = { error: undefined };
    opening.catch((error: unknown) => {
      outcome.error = error;
    });
    return outcome;
  }

  it.each([0, 1000, 1999, 2000, 9999, 10_000, 60_000])(
    "a link that died %d ms after its last byte is detected 2 s after that byte, and all pending opens are given up",
    async (silence) => {
      connection.answers = false;
      alive = false;
      await clock.advance(silence);
      const begun = clock.monotonic();
      const outcomes = [failure(opener.session(spec, never())), failure(directTcpip(never()))];
      await clock.advance(Math.max(0, 2000 - silence));
      for (const { error } of outcomes) {
        expect(error).toMatchObject({ reason: "connection-ended" });
      }
      expect(probes[0]).toBe(Math.max(2000, begun));
      // A peer with recent data may be delayed by TCP retransmissions.
      expect(patience[0]).toBe(silence < 10_000 ? 5000 : undefined);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it("a link that a flood filled a moment ago gets more time", async () => {
    connection.answers = false;
    alive = false;
    const outcome = failure(opener.session(spec, never()));
    await settle();
    connection.receive();
    connection.bytesIn += 20_000;
    await clock.advance(2000);
    expect(patience).toEqual([15_000]);
    expect(outcome.error).toMatchObject({ reason: "connection-ended" });
  });

  it.each([
    [16 * 1024 - 1, 5000],
    [16 * 1024, 15_000],
  ])("%d bytes since the open began give the link %d ms", async (bytes, given) => {
    connection.bytesIn = 1_000_000;
    connection.answers = false;
    failure(opener.session(spec, never()));
    await settle();
    connection.receive();
    connection.bytesIn += bytes;
    await clock.advance(2000);
    expect(patience).toEqual([given]);
  });

  it("a silent peer that replies to probes gets one every 2 s until the limit", async () => {
    connection.answers = false;
    const outcome = failure(opener.session(spec, never()));
    await clock.advance(30_000);
    expect(probes).toEqual(Array.from({ length: 14 }, (_, index) => (index + 1) * 2000));
    expect(outcome.error).toMatchObject({ reason: "timed-out" });
  });

  it("a probe that is answered after the open is over leaves no timer", async () => {
    connection.answers = false;
    let release: () => void = () => {};
    heldProbe = new Promise((resolve) => {
      release = resolve;
    });
    const giveUp = new AbortController();
    failure(opener.session(spec, giveUp.signal));
    await clock.advance(2000);
    expect(probes).toHaveLength(1);
    giveUp.abort(new CancelledError());
    await settle();
    release();
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  it("what happens after a channel has opened does not abort it", async () => {
    const signals: AbortSignal[] = [];
    const openSession = connection.openSession.bind(connection);
    connection.openSession = async (asked, signal) => {
      signals.push(signal);
      return await openSession(asked, signal);
    };
    const caller = new AbortController();
    await opener.session(spec, caller.signal);
    opener.giveUp();
    caller.abort(new CancelledError());
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it("pending opens fail at once if another probe finds the peer hung", async () => {
    connection.answers = false;
    const outcome = failure(opener.session(spec, never()));
    await clock.advance(10);
    opener.giveUp();
    await settle();
    expect(outcome.error).toMatchObject({ reason: "connection-ended" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("a peer that sends is not probed", async () => {
    connection.answers = false;
    const opening = new AbortController();
    failure(opener.session(spec, opening.signal));
    for (let second = 0; second < 60; second++) {
      connection.receive();
      connection.bytesIn += 8000;
      await clock.advance(1000);
    }
    expect(probes).toEqual([]);
    opening.abort(new CancelledError());
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  it("the reply counts as a sign of life when it comes", async () => {
    await clock.advance(1000);
    connection.holdOpens = true;
    const opening = opener.session(spec, never());
    await clock.advance(500);
    connection.releaseOpens();
    await opening;
    expect(replies).toEqual([1500]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("an aborted open rejects, and nothing is sent", async () => {
    await expect(opener.session(spec, AbortSignal.abort(new CancelledError()))).rejects.toThrow(
      CancelledError,
    );
    expect(connection.channels).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });
});
