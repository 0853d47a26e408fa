import { Duplex } from "node:stream";
import type { EngineChannel } from "../connectionEngine.ts";
import { ChannelError } from "../engineErrors.ts";

/**
 * A channel as a Node stream, for users of sockets (an inner SSH connection through a jump host, a forwarded agent).
 * Half-open like the channel. When its connection is lost, it is destroyed with ChannelError `connection-ended`.
 * Destroying it closes the channel.
 */
export class ChannelStream extends Duplex {
  readonly #channel: EngineChannel;
  #closed = false;
  #resumeWriting: ((error?: Error | null) => void) | undefined;

  /** Make it in the same turn in which the channel opened. */
  constructor(channel: EngineChannel) {
    super({ highWaterMark: 64 * 1024 });
    this.#channel = channel;
    channel.onDidReceive(({ data }) => {
      if (!this.push(data)) {
        channel.pause();
      }
    });
    channel.onDidReceiveEof(() => this.push(null));
    channel.onDidDrain(() => this.#continue());
    channel.onDidClose(({ lost }) => {
      this.#closed = true;
      if (lost) {
        this.destroy(
          new ChannelError("connection-ended", "The connection that carried this stream has ended"),
        );
        return;
      }
      if (!this.readableEnded) {
        this.push(null);
      }
      this.#continue();
      this.end();
    });
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(data: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    // After the end nothing is sent; the reading side has received the end.
    if (this.#closed || this.#channel.write(data)) {
      done();
    } else {
      this.#resumeWriting = done;
    }
  }

  /** Wait until the queue and EOF are sent: the close that follows would drop them. */
  override _final(done: (error?: Error | null) => void): void {
    this.#channel.eof();
    if (this.#closed || this.#channel.queuedBytes === 0) {
      done();
    } else {
      this.#resumeWriting = done;
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#channel.close();
    this.#continue();
    done(error);
  }

  #continue(): void {
    const done = this.#resumeWriting;
    this.#resumeWriting = undefined;
    done?.();
  }
}
