import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { Channel } from "../../../../src/engine/channels/channel.ts";
import { ChannelStream } from "../../../../src/engine/channels/channelStream.ts";
import { ChannelError } from "../../../../src/engine/engineErrors.ts";
import { peerSends } from "../../../support/channelMessages.ts";
import { type ChannelEnd, loneEnd } from "../../../support/channelPipe.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stream over channel 0, which is number 7 at the peer and may send `window` bytes. */
async function stream(window = 1000): Promise<{ end: ChannelEnd; channel: Channel; stream: ChannelStream }> {
  const end = loneEnd();
  const opening = end.table.open("direct-tcpip", 1_000_000, Buffer.alloc(0), new AbortController().signal);
  end.table.receive(peerSends.confirmation(0, 7, window, 32 * 1024));
  const channel = await opening;
  return { end, channel, stream: new ChannelStream(channel) };
}

describe("a channel as a stream", () => {
  test("it reads the peer's data up to EOF", async () => {
    const made = await stream();
    const read = text(made.stream);
    made.end.table.receive(peerSends.data(0, "one "));
    made.end.table.receive(peerSends.data(0, "two"));
    made.end.table.receive(peerSends.eof(0));
    expect(await read).toBe("one two");
    expect(made.channel.isOpen).toBe(true);
  });

  test("a close without EOF also ends the reading side", async () => {
    const made = await stream();
    const [read, closed] = [text(made.stream), once(made.stream, "close")];
    made.end.table.receive(peerSends.data(0, "all"));
    made.end.table.receive(peerSends.close(0));
    expect(await read).toBe("all");
    await closed;
  });

  test("a reader that does not read pauses the channel at the stream's mark", async () => {
    const made = await stream();
    made.stream.once("data", () => made.stream.pause());
    await turn();
    for (let sent = 0; sent < 20; sent++) {
      made.end.table.receive(peerSends.data(0, Buffer.alloc(16 * 1024, "x")));
      await turn();
    }
    expect(made.stream.readableLength).toBeGreaterThanOrEqual(64 * 1024);
    expect(made.stream.readableLength).toBeLessThan(128 * 1024);
    made.end.table.receive(peerSends.eof(0));
    made.stream.resume();
    let length = 0;
    made.stream.on("data", (data: Buffer) => {
      length += data.length;
    });
    await once(made.stream, "end");
    expect(made.channel.details().bytesIn).toBe(20 * 16 * 1024);
    expect(length).toBeGreaterThanOrEqual(18 * 16 * 1024);
  });

  test("written data is sent to the peer, followed by EOF", async () => {
    const made = await stream();
    const finished = once(made.stream, "finish");
    made.stream.write("abc");
    made.stream.end("def");
    await finished;
    expect(made.end.sentOf(94).map((bytes) => bytes.toString("latin1", 9))).toEqual(["abc", "def"]);
    expect(made.end.sentOf(96)).toHaveLength(1);
  });

  test("a writer waits while the queue is full, and continues when the peer accepts the data", async () => {
    const made = await stream(0);
    let taken = 0;
    made.stream.write(Buffer.alloc(300_000), () => taken++);
    await turn();
    expect(taken).toBe(0);
    made.end.table.receive(peerSends.adjust(0, 300_000));
    await turn();
    expect(taken).toBe(1);
  });

  test("it is finished only when its data and EOF are sent", async () => {
    const made = await stream(0);
    let finished = false;
    made.stream.on("finish", () => {
      finished = true;
    });
    made.stream.end("abc");
    await turn();
    expect([finished, made.end.sentOf(96)]).toEqual([false, []]);
    made.end.table.receive(peerSends.adjust(0, 1000));
    await turn();
    expect([finished, made.end.sentOf(96).length]).toEqual([true, 1]);
  });

  test("a waiting writer is released when the peer closes", async () => {
    const made = await stream(0);
    made.stream.resume();
    let taken = 0;
    made.stream.write(Buffer.alloc(300_000), () => taken++);
    await turn();
    const closed = once(made.stream, "close");
    made.end.table.receive(peerSends.close(0));
    await closed;
    expect([taken, made.stream.errored]).toEqual([1, null]);
  });

  test("a lost connection destroys it with an error that says so", async () => {
    const made = await stream();
    made.stream.resume();
    await turn();
    const failed = once(made.stream, "error");
    made.end.table.end();
    const [error]: unknown[] = await failed;
    expect(ChannelError.is(error) && error.reason).toBe("connection-ended");
    expect(made.stream.destroyed).toBe(true);
  });

  test("a waiting writer gets a result when the connection is lost", async () => {
    const made = await stream(0);
    made.stream.resume();
    made.stream.on("error", () => {});
    const answered = new Promise((resolve) => made.stream.write(Buffer.alloc(300_000), resolve));
    await turn();
    made.end.table.end();
    await answered;
  });

  test("destroying it closes the channel", async () => {
    const made = await stream();
    const closed = once(made.stream, "close");
    made.stream.destroy();
    await closed;
    expect(made.end.sentOf(97)).toHaveLength(1);
  });
});
