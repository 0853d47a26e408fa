import { describe, expect, test } from "vitest";
import { nextEvent } from "../../../../src/base/emitter.ts";
import type { Channel } from "../../../../src/engine/channels/channel.ts";
import { prepareSession, startSession } from "../../../../src/engine/channels/sessionRequests.ts";
import type { EngineChannel, SessionSpec } from "../../../../src/engine/connectionEngine.ts";
import { ChannelError } from "../../../../src/engine/engineErrors.ts";
import { peerSends } from "../../../support/channelMessages.ts";
import { ChannelEnd, channelPipe, loneEnd } from "../../../support/channelPipe.ts";
import { ManualClock, settle } from "../../../support/manualClock.ts";

const never = (): AbortSignal => new AbortController().signal;
const nothing = Buffer.alloc(0);

/** Resolves when no message is in transit. */
async function quiet({ near, far }: { readonly near: ChannelEnd; readonly far: ChannelEnd }): Promise<void> {
  for (let before = -1; before !== near.sent.length + far.sent.length; ) {
    before = near.sent.length + far.sent.length;
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function openPair(window = 1000): Promise<{
  readonly near: ChannelEnd;
  readonly far: ChannelEnd;
  readonly ours: Channel;
  readonly theirs: Channel;
}> {
  const pipe = channelPipe();
  const ours = await pipe.near.table.open("session", window, nothing, never());
  const theirs = pipe.far.accepted[0];
  if (theirs === undefined) {
    throw new Error("the far end has accepted nothing");
  }
  return { ...pipe, ours, theirs };
}

function reading(channel: EngineChannel): { text: string; events: string[] } {
  const seen = { text: "", events: [] as string[] };
  channel.onDidReceive(({ data }) => {
    seen.text += Buffer.from(data).toString("latin1");
  });
  channel.onDidReceiveEof(() => seen.events.push("eof"));
  channel.onDidClose(({ lost }) => seen.events.push(lost ? "lost" : "closed"));
  channel.resume();
  return seen;
}

describe("two ends that are joined by a pipe", () => {
  test("data, EOF and close arrive in order at the other end, both ways", async () => {
    const pair = await openPair();
    const [near, far] = [reading(pair.ours), reading(pair.theirs)];
    pair.ours.write(Buffer.from("to the far end"));
    pair.ours.eof();
    pair.theirs.write(Buffer.from("to the near end"));
    await quiet(pair);
    pair.theirs.close();
    await quiet(pair);
    expect(near).toEqual({ text: "to the near end", events: ["closed"] });
    expect(far).toEqual({ text: "to the far end", events: ["eof", "closed"] });
    expect([pair.near.table.size, pair.far.table.size]).toEqual([0, 0]);
    expect([pair.near.violation, pair.far.violation]).toEqual([undefined, undefined]);
  });

  test("more data than the window arrives completely, in pieces that the window allows", async () => {
    const pair = await openPair(1000);
    const far = reading(pair.ours);
    const text = "0123456789".repeat(20_000);
    pair.theirs.write(Buffer.from(text));
    pair.theirs.eof();
    await quiet(pair);
    expect(far).toEqual({ text, events: ["eof"] });
    expect(Math.max(...pair.far.sentOf(94).map((bytes) => bytes.length))).toBeLessThanOrEqual(1000 + 9);
  });

  test("a paused reader gets at most one window, and the rest after resume", async () => {
    const pair = await openPair(1000);
    pair.theirs.write(Buffer.alloc(5000, "x"));
    await quiet(pair);
    expect(pair.ours.details().localWindow).toBe(0);
    expect(pair.theirs.queuedBytes).toBe(4000);
    const near = reading(pair.ours);
    await quiet(pair);
    expect(near.text).toHaveLength(5000);
  });

  test("a close that crosses the other end's close ends both", async () => {
    const pair = await openPair();
    const [near, far] = [reading(pair.ours), reading(pair.theirs)];
    pair.ours.write(Buffer.from("late"));
    pair.ours.close();
    pair.theirs.close();
    await quiet(pair);
    expect([near.events, far.events]).toEqual([["closed"], ["closed"]]);
    expect([pair.near.table.size, pair.far.table.size]).toEqual([0, 0]);
    expect([pair.near.violation, pair.far.violation]).toEqual([undefined, undefined]);
  });

  test("a violation at one end ends the channels of both", async () => {
    const pair = await openPair();
    const [near, far] = [reading(pair.ours), reading(pair.theirs)];
    pair.near.table.receive(peerSends.confirmation(0, 5));
    await quiet(pair);
    expect([near.events, far.events]).toEqual([["lost"], ["lost"]]);
    expect(pair.near.violation?.reason).toBe("not-opening");
    await expect(pair.near.table.open("session", 1, nothing, never())).rejects.toMatchObject({
      reason: "connection-ended",
    });
  });

  test("1,024 concurrent opens all get their own channel, and a further one is refused", async () => {
    const pipe = channelPipe();
    const opens = Array.from({ length: 1024 }, () => pipe.near.table.open("session", 1000, nothing, never()));
    const channels = await Promise.all(opens);
    expect(new Set(channels.map(({ localId }) => localId)).size).toBe(1024);
    expect(new Set(channels.map((channel) => channel.details().remoteId)).size).toBe(1024);
    await expect(pipe.near.table.open("session", 1000, nothing, never())).rejects.toMatchObject({ code: 4 });
    for (const channel of channels) {
      channel.close();
    }
    await quiet(pipe);
    expect([pipe.near.table.size, pipe.far.table.size]).toEqual([0, 0]);
  });

  test("an open that the other end refuses rejects with its code, and leaves no channel", async () => {
    const pipe = channelPipe();
    pipe.far.accept = () => 4;
    const failure = await pipe.near.table
      .open("x11", 1000, nothing, never())
      .catch((error: unknown) => error);
    expect(ChannelError.is(failure) && [failure.reason, failure.code]).toEqual(["refused", 4]);
    expect([pipe.near.table.size, pipe.near.table.isOpening]).toEqual([0, false]);
  });

  test("a failing acceptance refuses the open", async () => {
    const pipe = channelPipe();
    pipe.far.accept = () => Promise.reject(new Error("no"));
    await expect(pipe.near.table.open("x11", 1000, nothing, never())).rejects.toMatchObject({ code: 2 });
    expect(pipe.far.table.size).toBe(0);
  });
});

describe("a peer that opens a thousand channels at once", () => {
  test("gets them in order, and other work continues in between", async () => {
    const end = loneEnd();
    end.accept = () => Promise.resolve((channel) => end.accepted.push(channel));
    for (let sender = 0; sender < 1024; sender++) {
      end.table.receive(peerSends.open("x11", sender));
    }
    const perTurn: number[] = [];
    for (let before = -1; before < end.accepted.length; ) {
      before = end.accepted.length;
      await new Promise((resolve) => setImmediate(resolve));
      perTurn.push(end.accepted.length - before);
    }
    expect(Math.max(...perTurn)).toBeLessThan(200);
    expect(end.sentOf(91).map((bytes) => bytes.readUInt32BE(1))).toEqual([...new Array(1024).keys()]);
  });

  test("gets nothing more once the connection has ended", async () => {
    const end = loneEnd();
    end.accept = () => Promise.resolve((channel) => end.accepted.push(channel));
    for (let sender = 0; sender < 1024; sender++) {
      end.table.receive(peerSends.open("x11", sender));
    }
    await new Promise((resolve) => setImmediate(resolve));
    end.table.end();
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The created local ends get the channels, so that they can end them.
    expect(end.accepted).toHaveLength(1024);
    expect(end.accepted.filter(({ isOpen }) => isOpen)).toEqual([]);
    expect(end.table.size).toBe(0);
  });
});

describe("opening a channel", () => {
  test("it is opening until the confirmation, and not after it", async () => {
    const end = loneEnd();
    const opening = end.table.open("session", 1000, nothing, never());
    expect(end.table.isOpening).toBe(true);
    end.table.receive(peerSends.confirmation(0, 7, 5000, 300));
    expect(end.table.isOpening).toBe(false);
    const channel = await opening;
    expect(channel.details()).toMatchObject({
      localId: 0,
      remoteId: 7,
      remoteWindow: 5000,
      maxPacketOut: 300,
    });
  });

  test("an aborted open is closed when the confirmation comes, and its number is free after the close", async () => {
    const end = loneEnd();
    const giveUp = new AbortController();
    const opening = end.table.open("session", 1000, nothing, giveUp.signal);
    giveUp.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
    expect(end.table.isOpening).toBe(true);
    end.table.receive(peerSends.confirmation(0, 7));
    expect(end.sentOf(97)).toHaveLength(1);
    end.table.receive(peerSends.close(0));
    expect([end.table.size, end.table.isOpening, end.violation]).toEqual([0, false, undefined]);
  });

  test("the end of the connection rejects it", async () => {
    const end = loneEnd();
    const opening = end.table.open("session", 1000, nothing, never());
    end.table.end();
    await expect(opening).rejects.toMatchObject({ reason: "connection-ended" });
    expect(end.table.size).toBe(0);
  });
});

describe("requests of the peer", () => {
  test("opens are refused with the code of the refusal and the peer's number", () => {
    const end = loneEnd();
    end.table.receive(peerSends.open("x11", 5));
    expect(end.sent).toEqual([peerSends.failure(5, 1, "open failed")]);
  });

  test("a request with want-reply gets a reply, and one without gets none", async () => {
    const end = loneEnd();
    const opening = end.table.open("session", 1000, nothing, never());
    end.table.receive(peerSends.confirmation(0, 7));
    await opening;
    end.table.receive(peerSends.request(0, "keepalive@openssh.com", true));
    end.table.receive(peerSends.request(0, "unheard-of", false));
    end.table.receive(peerSends.request(0, "exit-status", true, Buffer.alloc(4)));
    end.table.receive(peerSends.globalRequest("hostkeys-00@openssh.com", false));
    end.table.receive(peerSends.globalRequest("keepalive@openssh.com", true));
    expect(end.sent.slice(1)).toEqual([peerSends.requestFailed(7), peerSends.success(7), Buffer.of(82)]);
  });

  test("end of write: data that waits for the peer's window is dropped, output still arrives, and the writer continues", async () => {
    const end = loneEnd();
    const opening = end.table.open("session", 1000, nothing, never());
    end.table.receive(peerSends.confirmation(0, 7, 0));
    const channel = await opening;
    channel.resume();
    expect([channel.write(Buffer.alloc(300_000)), channel.queuedBytes]).toEqual([false, 300_000]);
    const drained = nextEvent(channel.onDidDrain, never());
    end.table.receive(peerSends.request(0, "eow@openssh.com", false));
    await drained;
    expect([channel.queuedBytes, channel.write(Buffer.alloc(300_000)), channel.isOpen]).toEqual([
      0,
      true,
      true,
    ]);
    const output = nextEvent(channel.onDidReceive, never());
    end.table.receive(peerSends.data(0, "still here"));
    expect(Buffer.from((await output).data).toString()).toBe("still here");
    expect(end.sent).toHaveLength(1);
    expect(end.table.forgiven.size).toBe(0);
  });

  test("a peer that sends requests and reads nothing loses its connection after a bounded number of replies", () => {
    const end = loneEnd();
    end.congested = true;
    let asked = 0;
    while (end.violation === undefined && asked < 300_000) {
      end.table.receive(asked % 2 === 0 ? peerSends.open("x11", asked) : peerSends.globalRequest("x", true));
      asked++;
    }
    expect(end.violation?.reason).toBe("replies-not-read");
    expect(end.sent.length).toBeLessThan(70_000);
    expect(end.logger.lines.length).toBeLessThan(5);
  });

  test("replies no longer count once the wire has accepted them", () => {
    const end = loneEnd();
    end.congested = true;
    for (let asked = 0; asked < 100_000; asked++) {
      if (asked === 50_000) {
        end.table.resumeSending();
      }
      end.table.receive(peerSends.globalRequest("x", true));
    }
    expect(end.violation).toBeUndefined();
  });

  test("a peer that reads may send requests without limit", () => {
    const end = loneEnd();
    for (let asked = 0; asked < 100_000; asked++) {
      end.congested = asked % 10_000 < 9_000;
      if (!end.congested) {
        end.table.resumeSending();
      }
      end.table.receive(peerSends.globalRequest("x", true));
    }
    expect(end.violation).toBeUndefined();
    expect(end.sent).toHaveLength(100_000);
  });
});

describe("a session", () => {
  const spec: SessionSpec = {
    request: { type: "exec", command: "true" },
    pty: { term: "xterm", columns: 80, rows: 24 },
    env: { LANG: "C" },
  };

  const clock = new ManualClock();

  async function starting(
    forwardAgent = false,
  ): Promise<{ end: ChannelEnd; channel: Channel; started: Promise<void> }> {
    const end = loneEnd();
    const opening = end.table.open("session", 1000, nothing, never());
    end.table.receive(peerSends.confirmation(0, 7));
    const channel = await opening;
    const started = startSession(channel, prepareSession(spec, forwardAgent, 1000), clock, never());
    started.catch(() => {});
    return { end, channel, started };
  }

  const outcomes = (channel: Channel): string[] =>
    channel.details().requests.map(({ name, outcome }) => `${name}: ${outcome}`);

  test("requests replies as ssh does: for the pty and the program, not for env and agent forwarding", async () => {
    const { end, channel, started } = await starting(true);
    expect(
      end.sentOf(98).map((bytes) => {
        const length = bytes.readUInt32BE(5);
        return [bytes.toString("latin1", 9, 9 + length), bytes[9 + length] === 1];
      }),
    ).toEqual([
      ["auth-agent-req@openssh.com", false],
      ["pty-req", true],
      ["env", false],
      ["exec", true],
    ]);
    end.table.receive(peerSends.success(0));
    end.table.receive(peerSends.success(0));
    await started;
    expect([outcomes(channel).slice(1), channel.ptyRefused]).toEqual([
      ["pty-req: accepted", "env: no reply asked", "exec: accepted"],
      false,
    ]);
  });

  test("continues without a pty if the server refuses it", async () => {
    const { end, channel, started } = await starting();
    end.table.receive(peerSends.requestFailed(0));
    end.table.receive(peerSends.success(0));
    await started;
    expect([channel.ptyRefused, channel.isOpen]).toEqual([true, true]);
  });

  test("has started when its program sends data, even if one request never gets a reply", async () => {
    for (const life of [
      peerSends.data(0, "$ "),
      peerSends.extended(0, 1, "motd"),
      peerSends.eof(0),
      peerSends.request(0, "exit-status", false, Buffer.alloc(4)),
    ]) {
      const { end, channel, started } = await starting();
      end.table.receive(peerSends.success(0));
      end.table.receive(life);
      await started;
      expect(channel.isOpen).toBe(true);
      expect(outcomes(channel)).toContain("exec: pending");
    }
  });

  test("a reply that comes after the first output belongs to its own request", async () => {
    const { end, channel, started } = await starting();
    end.table.receive(peerSends.data(0, "$ "));
    await started;
    end.table.receive(peerSends.requestFailed(0));
    end.table.receive(peerSends.success(0));
    expect(outcomes(channel)).toEqual(["pty-req: refused", "env: no reply asked", "exec: accepted"]);
  });

  test("a refused program closes the channel", async () => {
    const { end, started } = await starting();
    end.table.receive(peerSends.success(0));
    end.table.receive(peerSends.requestFailed(0));
    await expect(started).rejects.toMatchObject({ reason: "request-failed" });
    expect(end.sentOf(97)).toHaveLength(1);
  });

  test("a channel that the server closes before anything starts is a failure", async () => {
    const { end, started } = await starting();
    end.table.receive(peerSends.close(0));
    await expect(started).rejects.toMatchObject({ reason: "request-failed" });
  });

  test("the end of the connection reports that the program may have started", async () => {
    const { end, started } = await starting();
    end.table.end();
    await expect(started).rejects.toMatchObject({ reason: "connection-ended", mayHaveStarted: true });
  });

  test("a request that is larger than the server accepts is refused before anything is sent", () => {
    const large = "x".repeat(2000);
    const specs: SessionSpec[] = [
      { env: {}, request: { type: "exec", command: large } },
      { env: {}, request: { type: "subsystem", name: large } },
      { env: { A: large }, request: { type: "shell" } },
      { env: { [large]: "" }, request: { type: "shell" } },
      { env: {}, request: { type: "shell" }, pty: { term: large, columns: 1, rows: 1 } },
    ];
    for (const each of specs) {
      let failure: unknown;
      try {
        prepareSession(each, false, 1000);
      } catch (error) {
        failure = error;
      }
      expect(ChannelError.is(failure) && [failure.reason, failure.limit]).toEqual([
        "request-too-large",
        1000,
      ]);
    }
    expect(() =>
      prepareSession({ env: {}, request: { type: "exec", command: "x".repeat(900) } }, false, 1000),
    ).not.toThrow();
  });

  test("any number from settings or an extension becomes a valid uint32", async () => {
    const { end, channel, started } = await starting();
    end.table.receive(peerSends.success(0));
    end.table.receive(peerSends.success(0));
    await started;
    const before = end.sentOf(98).length;
    for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 2 ** 53]) {
      channel.resize({ columns: value, rows: value });
      channel.sendBreak(value);
    }
    expect(end.sentOf(98).length).toBe(before + 12);
    const sizes = end
      .sentOf(98)
      .slice(before)
      .filter((_, index) => index % 2 === 0)
      .map((bytes) => bytes.readUInt32BE(bytes.length - 16));
    expect(sizes).toEqual([0, 0, 0, 65_535, 65_535, 65_535]);
  });

  test.each<Partial<SessionSpec>>([
    { request: { type: "exec", command: "echo a\0b" } },
    { request: { type: "subsystem", name: "sftp\0" } },
    { env: { "LA\0NG": "C" } },
    { env: { LANG: "C\0" } },
    { pty: { term: "xterm\0", columns: 80, rows: 24 } },
  ])("a NUL character is never sent, because sshd would end the connection over it: %j", (change) => {
    expect(() => prepareSession({ ...spec, ...change }, false, 1000)).toThrow(
      expect.objectContaining({ reason: "request-has-nul" }),
    );
  });

  test("a program that the server neither accepts nor refuses counts as running after 5 s, as in ssh", async () => {
    const { channel, started } = await starting();
    let isStarted = false;
    void started.then(() => {
      isStarted = true;
    });
    await clock.advance(4999);
    expect(isStarted).toBe(false);
    await clock.advance(1);
    expect(isStarted).toBe(true);
    expect(channel.isOpen).toBe(true);
  });

  test("a refusal after that closes the channel, and an acceptance changes nothing", async () => {
    for (const accepts of [true, false]) {
      const { end, channel, started } = await starting();
      await clock.advance(5000);
      await started;
      end.table.receive(peerSends.success(0));
      end.table.receive(accepts ? peerSends.success(0) : peerSends.failure(0));
      await settle();
      expect(channel.isOpen).toBe(accepts);
    }
  });

  test("no timer is left once the server has replied", async () => {
    const { end, started } = await starting();
    end.table.receive(peerSends.success(0));
    end.table.receive(peerSends.success(0));
    await started;
    expect(clock.pendingTimers).toBe(0);
  });

  test.each(["", "TERM KILL", "x".repeat(65), "A\u0000", "-9"])(
    "a signal named %j is not sent",
    async (name) => {
      const { end, channel, started } = await starting();
      end.table.receive(peerSends.success(0));
      end.table.receive(peerSends.success(0));
      await started;
      const before = end.sent.length;
      channel.signal(name);
      expect(end.sent.length).toBe(before);
      channel.signal("USR1");
      expect(end.sent.length).toBe(before + 1);
    },
  );
});

describe("channels that the peer opens", () => {
  const kind = "forwarded-tcpip";
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("that could not be opened, or have closed, leave their places to others", async () => {
    const end = new ChannelEnd();
    const { accept } = end;
    for (let number = 0; number < 1100; number++) {
      end.accept = number % 2 === 0 ? accept : () => Promise.resolve(undefined);
      end.table.receive(peerSends.open(kind, number));
      await turn();
      const channel = end.accepted.pop();
      channel?.resume();
      if (channel !== undefined) {
        end.table.receive(peerSends.close(channel.localId));
      }
    }
    expect([end.sentOf(91).length, end.sentOf(92).length]).toEqual([550, 550]);
    expect([...new Set(end.sentOf(92).map((refusal) => refusal.readUInt32BE(5)))]).toEqual([2]);
  });

  test("share the memory for unread data: each next one gets a smaller window, until others close", async () => {
    const end = new ChannelEnd();
    const open = async (number: number): Promise<number> => {
      end.table.receive(peerSends.open(kind, number));
      await turn();
      return end.sentOf(91).at(-1)?.readUInt32BE(9) ?? 0;
    };
    const mebibyte = 1024 * 1024;
    for (let number = 0; number < 9; number++) {
      expect(await open(number)).toBe(2 * mebibyte);
    }
    expect(await open(9)).toBe(1.5 * mebibyte);
    for (const channel of end.accepted.slice(0, 4)) {
      channel.resume();
      end.table.receive(peerSends.close(channel.localId));
    }
    expect(await open(10)).toBe(2 * mebibyte);
  });
});

test("the data of a channel may be kept without a copy only if the wire hands its messages over", async () => {
  for (const owns of [true, false]) {
    const end = new ChannelEnd(owns);
    end.table.receive(peerSends.open("forwarded-tcpip", 1));
    await settle();
    expect(end.accepted.map(({ ownsChunks }) => ownsChunks)).toEqual([owns]);
  }
});
