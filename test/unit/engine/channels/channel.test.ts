import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { wireBoolean, wireString, wireUint32 } from "../../../../src/base/wire.ts";
import type { Channel } from "../../../../src/engine/channels/channel.ts";
import type { ChannelExit } from "../../../../src/engine/connectionEngine.ts";
import { peerSends } from "../../../support/channelMessages.ts";
import { type ChannelEnd, loneEnd } from "../../../support/channelPipe.ts";

const nothing = Buffer.alloc(0);
const never = (): AbortSignal => new AbortController().signal;

interface Seen {
  readonly text: string[];
  readonly ends: { readonly exit: ChannelExit; readonly lost: boolean }[];
  eofs: number;
}

/** An open channel: number 0 here and 7 at the peer. Both windows: 1000 bytes. */
async function open(window = 1000): Promise<{ end: ChannelEnd; channel: Channel; seen: Seen }> {
  const end = loneEnd();
  const opening = end.table.open("session", window, nothing, never());
  end.table.receive(peerSends.confirmation(0, 7, 1000, 300));
  const channel = await opening;
  const seen: Seen = { text: [], ends: [], eofs: 0 };
  channel.onDidReceive(({ kind, data }) => seen.text.push(`${kind}:${Buffer.from(data).toString("latin1")}`));
  channel.onDidReceiveEof(() => seen.eofs++);
  channel.onDidClose((ended) => seen.ends.push(ended));
  return { end, channel, seen };
}

const moments = (channel: Channel) => channel.details().moments?.map(({ kind }) => kind);

describe("the details of a channel", () => {
  test("a new channel has both numbers, its type, and has been opened", async () => {
    const { channel } = await open();
    expect(channel.details()).toMatchObject({ localId: 0, remoteId: 7, type: "session", requests: [] });
    expect(moments(channel)).toEqual(["opened"]);
  });

  test("bytes and windows count sent and received data", async () => {
    const { end, channel } = await open();
    channel.resume();
    channel.write(Buffer.alloc(10));
    end.table.receive(peerSends.data(0, "abc"));
    end.table.receive(peerSends.extended(0, 1, "de"));
    expect(channel.details()).toMatchObject({
      localWindow: 995,
      localWindowSize: 1000,
      remoteWindow: 990,
      remoteWindowSize: 1000,
      maxPacketIn: 32 * 1024,
      maxPacketOut: 300,
      bytesIn: 5,
      bytesOut: 10,
    });
    expect([channel.unacknowledged, end.table.unacknowledged]).toEqual([10, 10]);
    end.table.receive(peerSends.adjust(0, 10));
    expect([channel.unacknowledged, end.table.unacknowledged]).toEqual([0, 0]);
    end.table.receive(peerSends.adjust(0, 500));
    expect(channel.details()).toMatchObject({ remoteWindow: 1500, remoteWindowSize: 1500 });
  });

  test("each message is sent to the peer's number", async () => {
    const { end, channel } = await open();
    channel.write(Buffer.from("x"));
    channel.signal("INT");
    void channel.request("shell", "", nothing);
    expect(channel.sendBreak(100)).toBe(true);
    channel.eof();
    channel.close();
    expect(end.sent.slice(1).map((bytes) => [bytes[0], bytes.readUInt32BE(1)])).toEqual([
      [94, 7],
      [98, 7],
      [98, 7],
      [98, 7],
      [96, 7],
      [97, 7],
    ]);
  });

  test("its moments are in order, each kind once", async () => {
    const { end, channel } = await open();
    channel.resume();
    channel.eof();
    end.table.receive(peerSends.eof(0));
    end.table.receive(peerSends.eof(0));
    end.table.receive(peerSends.request(0, "exit-status", false, wireUint32(0)));
    end.table.receive(peerSends.request(0, "exit-status", false, wireUint32(1)));
    end.table.receive(peerSends.close(0));
    expect(moments(channel)).toEqual([
      "opened",
      "eof-sent",
      "eof-received",
      "exit-received",
      "close-received",
      "close-sent",
    ]);
    expect(channel.details()).toMatchObject({
      eofSent: true,
      eofReceived: true,
      closeSent: true,
      closeReceived: true,
    });
  });

  test("a program that a signal ended has a moment for it", async () => {
    const { end, channel } = await open();
    end.table.receive(peerSends.request(0, "exit-signal", false, nothing));
    expect(moments(channel)).toEqual(["opened", "exit-received"]);
  });

  test("a second EOF fires no second event", async () => {
    const { end, channel, seen } = await open();
    channel.resume();
    end.table.receive(peerSends.eof(0));
    end.table.receive(peerSends.eof(0));
    expect(seen.eofs).toBe(1);
  });

  test("a lost connection is a moment; one that ends after the close is not", async () => {
    const lost = await open();
    lost.channel.resume();
    lost.end.table.end();
    lost.channel.close();
    expect(lost.channel.details().closeSent).toBe(false);
    expect([moments(lost.channel), lost.channel.isLost]).toEqual([["opened", "connection-lost"], true]);
    const closed = await open();
    closed.end.table.receive(peerSends.close(0));
    closed.channel.connectionEnded();
    expect([moments(closed.channel)?.at(-1), closed.channel.isLost]).toEqual(["close-sent", false]);
  });

  test("of many requests the first fifty and the last fifty are kept", async () => {
    const { channel } = await open();
    for (let columns = 1; columns <= 120; columns++) {
      channel.resize({ columns, rows: 24 });
    }
    const kept = channel.details().requests.map(({ detail }) => detail);
    const expected = [...Array(120).keys()].map((at) => `${at + 1}x24`);
    expect(kept).toEqual([...expected.slice(0, 50), ...expected.slice(70)]);
  });

  test("the contents of a request are shown with escaped control characters", async () => {
    const { channel } = await open();
    channel.notify("env", "A\u001b[31m", nothing);
    expect(channel.details().requests[0]?.detail).toBe("A\\u{1b}[31m");
  });
});

describe("the end of a channel", () => {
  const exitSignal = (signal: string, core: boolean, text: string): Buffer =>
    Buffer.concat([wireString(signal), wireBoolean(core), wireString(text), wireString("")]);

  test.each([
    ["an exit status", "exit-status", wireUint32(3), { code: 3 }],
    [
      "an exit signal",
      "exit-signal",
      exitSignal("SEGV", true, "bad\u001baccess"),
      { signal: "SEGV", coreDumped: true, message: "bad\\u{1b}access" },
    ],
    [
      "an exit signal without a message",
      "exit-signal",
      exitSignal("HUP", false, ""),
      { signal: "HUP", coreDumped: false },
    ],
    ["a truncated exit signal", "exit-signal", Buffer.of(0, 0), { coreDumped: false }],
  ])("%s is reported with the close", async (_, name, rest, exit) => {
    const { end, channel, seen } = await open();
    channel.resume();
    end.table.receive(peerSends.request(0, name, true, rest));
    end.table.receive(peerSends.close(0));
    expect(seen.ends).toEqual([{ exit, lost: false }]);
    expect(end.sentOf(99)).toHaveLength(1);
  });

  test("an exit status and an exit signal are both kept", async () => {
    const { end, channel, seen } = await open();
    channel.resume();
    end.table.receive(peerSends.request(0, "exit-status", false, wireUint32(1)));
    end.table.receive(peerSends.request(0, "exit-signal", false, exitSignal("TERM", false, "")));
    end.table.receive(peerSends.request(0, "exit-status", false, wireUint32(2)));
    end.table.receive(peerSends.close(0));
    expect(seen.ends[0]?.exit).toEqual({ code: 2, signal: "TERM", coreDumped: false });
  });

  test("a malformed exit status ends the connection and gets no reply", async () => {
    const { end } = await open();
    end.table.receive(peerSends.request(0, "exit-status", true, Buffer.of(1)));
    expect(end.violation?.reason).toBe("malformed");
    expect([...end.sentOf(99), ...end.sentOf(100)]).toEqual([]);
  });

  test("it fires once, and no event follows", async () => {
    const { end, channel, seen } = await open();
    channel.resume();
    end.table.receive(peerSends.close(0));
    channel.connectionEnded();
    channel.receiveData("stdout", Buffer.from("late"));
    expect(seen).toEqual({ text: [], ends: [{ exit: {}, lost: false }], eofs: 0 });
  });

  test("paused output is delivered before the peer's close, and dropped after our own", async () => {
    for (const [ours, text] of [
      [false, ["stdout:last words"]],
      [true, []],
    ] as const) {
      const { end, channel, seen } = await open();
      channel.resume();
      channel.pause();
      end.table.receive(peerSends.data(0, "last words"));
      if (ours) {
        channel.close();
      }
      end.table.receive(peerSends.close(0));
      channel.resume();
      expect(seen).toEqual({ text, ends: [{ exit: {}, lost: false }], eofs: 0 });
      expect(end.sentOf(97)).toHaveLength(1);
    }
  });

  test("our close, the peer's, and the end of the connection settle a pending request", async () => {
    const ways: readonly ((end: ChannelEnd, channel: Channel) => void)[] = [
      (_, channel) => channel.close(),
      ({ table }) => table.receive(peerSends.close(0)),
      ({ table }) => table.end(),
    ];
    for (const ends of ways) {
      const { end, channel } = await open();
      const answer = channel.request("pty-req", "", nothing);
      const life = channel.showsLife();
      ends(end, channel);
      expect([await answer, await life]).toEqual([undefined, undefined]);
      expect(channel.details().requests[0]?.outcome).toBe("pending");
    }
  });

  test("after it no request is sent, and no sign of life is awaited", async () => {
    const { end, channel } = await open();
    channel.close();
    const before = end.sent.length;
    expect(await channel.request("shell", "", nothing)).toBeUndefined();
    expect(await channel.showsLife()).toBeUndefined();
    expect([channel.notify("x", "", nothing), channel.sendBreak(5), channel.write(Buffer.from("x"))]).toEqual(
      [false, false, false],
    );
    channel.eof();
    channel.close();
    expect([end.sent.length, channel.isOpen, channel.details().closeSent]).toEqual([before, false, true]);
  });

  test("our close and a lost connection drop data that waits for the peer's window", async () => {
    for (const ends of [
      (channel: Channel) => channel.close(),
      (channel: Channel) => channel.connectionEnded(),
    ]) {
      const { channel } = await open();
      channel.resume();
      channel.write(Buffer.alloc(5000));
      expect(channel.queuedBytes).toBe(4000);
      ends(channel);
      expect(channel.queuedBytes).toBe(0);
    }
  });
});

describe("signs of life", () => {
  test("messages that arrive meanwhile count: output, EOF, an exit status, a signal", async () => {
    for (const message of [
      peerSends.data(0, "$ "),
      peerSends.extended(0, 1, "no such file"),
      peerSends.eof(0),
      peerSends.request(0, "exit-status", false, wireUint32(0)),
      peerSends.request(0, "exit-signal", false, nothing),
    ]) {
      const { end, channel } = await open();
      const life = channel.showsLife();
      end.table.receive(message);
      expect(await life).toBe(true);
    }
  });

  test("earlier messages count, delivered or not", async () => {
    for (const message of [peerSends.data(0, "$ "), peerSends.eof(0)]) {
      for (const paused of [true, false]) {
        const { end, channel } = await open();
        if (!paused) {
          channel.resume();
        }
        end.table.receive(message);
        expect(await channel.showsLife()).toBe(true);
      }
    }
  });

  test("there is none before any message, and a refused pty is not a refused request of another kind", async () => {
    const { end, channel } = await open();
    const life: unknown[] = [];
    void channel.showsLife().then((alive) => life.push(alive));
    void channel.request("x11-req", "", nothing);
    end.table.receive(peerSends.requestFailed(0));
    await new Promise((resolve) => setImmediate(resolve));
    expect([life, channel.ptyRefused]).toEqual([[], false]);
  });
});

describe("a sender that waits for the wire", () => {
  test("data that waits for the peer's window is kept when the server sends an unknown request", async () => {
    const { end, channel } = await open();
    channel.write(Buffer.alloc(1500));
    end.table.receive(peerSends.request(0, "keepalive@openssh.com", false));
    expect(channel.queuedBytes).toBe(500);
    end.table.receive(peerSends.adjust(0, 500));
    expect(channel.queuedBytes).toBe(0);
  });

  test("each channel sends one packet in turn when the wire accepts data again", async () => {
    const end = loneEnd();
    const channels: Channel[] = [];
    for (const remote of [50, 51]) {
      const opening = end.table.open("session", 1000, nothing, never());
      end.table.receive(peerSends.confirmation(channels.length, remote, 100_000, 10));
      channels.push(await opening);
    }
    end.congested = true;
    for (const channel of channels) {
      channel.write(Buffer.alloc(25));
    }
    end.table.resumeSending();
    expect(end.sentOf(94)).toHaveLength(0);
    end.congested = false;
    end.table.resumeSending();
    expect(end.sentOf(94).map((bytes) => bytes.readUInt32BE(1))).toEqual([50, 51, 50, 51, 50, 51]);
  });

  test("a channel reports that its queue is drained when its wire has room again", async () => {
    const { end, channel } = await open();
    let drained = 0;
    channel.onDidDrain(() => drained++);
    channel.write(Buffer.alloc(300_000));
    expect(drained).toBe(0);
    end.table.receive(peerSends.adjust(0, 300_000));
    expect(drained).toBe(1);
  });
});

describe("data at the limits", () => {
  test("the largest packet is accepted, and extended data that fills the window exactly", async () => {
    const { end, channel, seen } = await open(100_000);
    channel.resume();
    end.table.receive(peerSends.data(0, Buffer.alloc(32 * 1024, "x")));
    expect([seen.text.length, end.table.forgiven.size]).toEqual([1, 0]);
    const small = await open(1000);
    small.channel.resume();
    small.end.table.receive(peerSends.extended(0, 1, Buffer.alloc(1000, "x")));
    expect([small.seen.text.length, small.end.table.forgiven.size]).toEqual([1, 0]);
  });

  test("output of standard error may be larger than a packet of standard output", async () => {
    const { end, channel, seen } = await open(100_000);
    channel.resume();
    end.table.receive(peerSends.extended(0, 1, Buffer.alloc(40_000, "x")));
    expect([seen.text.length, end.table.forgiven.size]).toEqual([1, 0]);
  });

  test("skipped data is never delivered, and its window is given back", async () => {
    const { end, channel, seen } = await open();
    channel.resume();
    end.table.receive(peerSends.extended(0, 2, Buffer.alloc(250, "x")));
    expect([seen.text, end.sentOf(93)]).toEqual([[], [peerSends.adjust(7, 250)]]);
    end.table.receive(peerSends.data(0, Buffer.alloc(32 * 1024 + 1, "x")));
    end.table.receive(peerSends.extended(0, 1, Buffer.alloc(1001, "x")));
    expect(seen.text).toEqual([]);
  });
});

describe("the table of channels", () => {
  test("an open whose signal has aborted is not sent", async () => {
    const end = loneEnd();
    await expect(
      end.table.open("session", 1000, nothing, AbortSignal.abort(new Error("no"))),
    ).rejects.toThrow("no");
    expect([end.sent, end.table.size]).toEqual([[], 0]);
  });

  test("an open after the end of the connection is rejected", async () => {
    const end = loneEnd();
    end.table.end();
    await expect(end.table.open("session", 1000, nothing, never())).rejects.toMatchObject({
      reason: "connection-ended",
    });
    expect(end.sent).toEqual([]);
  });

  test("an abort after the confirmation changes nothing", async () => {
    const end = loneEnd();
    const abort = new AbortController();
    const opening = end.table.open("session", 1000, nothing, abort.signal);
    end.table.receive(peerSends.confirmation(0, 7));
    const channel = await opening;
    abort.abort(new Error("late"));
    expect([channel.isOpen, end.sentOf(97)]).toEqual([true, []]);
  });

  test("messages after the end are ignored, as is a second end", async () => {
    const { end, channel, seen } = await open();
    channel.resume();
    end.table.end();
    end.table.end();
    end.table.receive(peerSends.data(0, "x"));
    end.table.receive(peerSends.globalRequest("x", true));
    expect(seen).toEqual({ text: [], ends: [{ exit: {}, lost: true }], eofs: 0 });
    expect([end.sentOf(82), end.violation]).toEqual([[], undefined]);
  });

  test("both replies to a global request are passed on", () => {
    const end = loneEnd();
    end.table.receive(Buffer.of(81));
    end.table.receive(Buffer.of(82));
    expect([end.globalReplies, end.table.forgiven.size]).toEqual([[true, false], 0]);
  });

  test("a global request without want-reply is passed on, and gets no reply", () => {
    const end = loneEnd();
    end.table.receive(peerSends.globalRequest("hostkeys-00@openssh.com"));
    end.table.receive(peerSends.globalRequest("keepalive@openssh.com", true));
    expect(end.announcements).toEqual(["hostkeys-00@openssh.com"]);
    expect(end.sent).toEqual([Buffer.of(82)]);
  });

  test("after the end it has no channels, open or opening", async () => {
    const { end } = await open();
    const opening = end.table.open("session", 1000, nothing, never());
    expect([end.table.size, end.table.isOpening]).toEqual([2, true]);
    end.table.end();
    expect([end.table.size, end.table.isOpening]).toEqual([0, false]);
    await expect(opening).rejects.toMatchObject({ reason: "connection-ended" });
  });

  test("a settled or aborted open leaves no listener on its signal", async () => {
    const end = loneEnd();
    const [confirmed, refused, given] = [new AbortController(), new AbortController(), new AbortController()];
    const open = ({ signal }: AbortController) => end.table.open("session", 1000, nothing, signal);
    const all = Promise.allSettled([open(confirmed), open(refused), open(given)]);
    given.abort();
    end.table.receive(peerSends.confirmation(0, 7));
    end.table.receive(peerSends.failure(1));
    expect((await all).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    for (const { signal } of [confirmed, refused, given]) {
      expect(getEventListeners(signal, "abort")).toEqual([]);
    }
  });

  test("an open of the peer that is refused is counted", () => {
    const end = loneEnd();
    end.table.receive(peerSends.open("x11", 3));
    end.table.receive(peerSends.open("x11", 4));
    expect([...end.table.forgiven]).toEqual([["a channel open that was refused", 2]]);
  });

  test("a request for a channel that is still being opened is not answered", () => {
    const end = loneEnd();
    void end.table.open("session", 1000, nothing, never());
    end.table.receive(peerSends.request(0, "keepalive@openssh.com", true));
    expect(end.sent.map((bytes) => bytes[0])).toEqual([90]);
  });
});

describe("a channel that the peer opens", () => {
  test("is confirmed with our number and window, and used in the turn in which it opened", async () => {
    for (const [type, window] of [
      ["auth-agent@openssh.com", 256 * 1024],
      ["forwarded-tcpip", 2 * 1024 * 1024],
    ] as const) {
      const end = loneEnd();
      const used: Channel[] = [];
      end.accept = () => Promise.resolve((channel) => used.push(channel));
      end.table.receive(peerSends.open(type, 5, 1000, 100));
      await new Promise((resolve) => setImmediate(resolve));
      expect(end.sent).toEqual([
        Buffer.concat([Buffer.of(91), ...[5, 0, window, 32 * 1024].map(wireUint32)]),
      ]);
      expect(used[0]?.details()).toMatchObject({ localId: 0, remoteId: 5, remoteWindow: 1000, type });
    }
  });

  test("whose local end connects after the connection ended is lost at once; a refused one gets no message", async () => {
    const end = loneEnd();
    const lost: boolean[] = [];
    end.accept = () =>
      Promise.resolve((channel) => {
        channel.onDidClose((ended) => lost.push(ended.lost));
        channel.resume();
      });
    end.table.receive(peerSends.open("x", 5));
    end.table.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect([lost, end.table.size]).toEqual([[true], 0]);

    const refusing = loneEnd();
    refusing.accept = () => Promise.reject(new Error("unreachable"));
    refusing.table.receive(peerSends.open("x", 5));
    refusing.table.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(refusing.sent).toEqual([]);
  });
});
