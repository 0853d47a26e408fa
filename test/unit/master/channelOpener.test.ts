import { beforeEach, describe, expect, it } from "vitest";
import { CancelledError } from "../../../src/base/errors.ts";
import { ChannelOpener } from "../../../src/master/channelOpener.ts";
import { FakeConnection } from "../../support/fakeEngine.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("opening a channel", () => {
  const spec = { request: { type: "shell" }, env: {} } as const;
  let clock: ManualClock;
  let connection: FakeConnection;
  let replies: number[];
  let opener: ChannelOpener;

  beforeEach(() => {
    clock = new ManualClock();
    connection = new FakeConnection(clock);
    replies = [];
    opener = new ChannelOpener({
      clock,
      silenceLimit: 30_000,
      ready: async () => connection,
      probe: async () => true,
      onReply: (asked) => replies.push(asked),
    });
  });

  const never = (): AbortSignal => new AbortController().signal;

  it.each([
    ["session", () => opener.session(spec, never())],
    [
      "direct-tcpip",
      () => opener.directTcpip({ host: "db", port: 22 }, { host: "127.0.0.1", port: 1 }, never()),
    ],
  ])("a %s that a silent server does not answer is too late after the limit", async (_, open) => {
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

  it("waits as long as data flows, and no longer than the limit after it has stopped", async () => {
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

  it("takes answers to keepalive probes for no progress", async () => {
    connection.answers = false;
    const outcome = opener.session(spec, never()).catch((error: unknown) => error);
    for (let second = 0; second < 30; second += 5) {
      connection.bytesIn += 36;
      await clock.advance(5000);
    }
    expect(await outcome).toMatchObject({ reason: "timed-out" });
  });

  it("an opening that a person gives up ends at once and leaves no timer", async () => {
    connection.answers = false;
    const giveUp = new AbortController();
    const outcome = opener.session(spec, giveUp.signal).catch((error: unknown) => error);
    await clock.advance(10_000);
    giveUp.abort(new CancelledError());
    expect(await outcome).toBeInstanceOf(CancelledError);
    expect(clock.pendingTimers).toBe(0);
  });

  it("the answer counts as a sign of life from when it was asked for", async () => {
    await clock.advance(1000);
    connection.holdOpens = true;
    const opening = opener.session(spec, never());
    await clock.advance(500);
    connection.releaseOpens();
    await opening;
    expect(replies).toEqual([1000]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("whoever gives up before it begins is told so, and nothing is asked", async () => {
    await expect(opener.session(spec, AbortSignal.abort(new CancelledError()))).rejects.toThrow(
      CancelledError,
    );
    expect(connection.channels).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
