import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { EngineChannel } from "../engine/connectionEngine.ts";

/** How long a program may take to exit after EOF, before the channel is closed. Milliseconds. */
const eofGrace = 2000;
/** How long a killed program has between HUP and KILL. Milliseconds. */
const killGrace = 300;
/** How long queued input may take to be sent, and the server to confirm the close. Milliseconds. */
const closeDeadline = 5000;

export interface ClosePorts {
  readonly hasPty: boolean;
  readonly isEnded: () => boolean;
  /** A timer that the session cancels when it ends. */
  readonly after: (milliseconds: number, callback: () => void) => Disposable;
  /** The server did not confirm the close in time. */
  readonly onSilence: () => void;
}

/** Sends EOF after the queued data, lets the program exit, and closes the channel. */
export function closeInOrder(
  channel: EngineChannel,
  { hasPty, isEnded, after, onSilence }: ClosePorts,
): void {
  let isFlushed = false;
  // If the reader has paused the output, it has to be read before the close can follow it.
  const hard = after(closeDeadline + eofGrace, () => {
    channel.close();
    onSilence();
  });
  channel.eof();
  const close = (): void => {
    if (!isEnded()) {
      channel.close();
      hard.dispose();
      after(closeDeadline, onSilence);
    }
  };
  const flushed = (): void => {
    if (isFlushed || channel.queuedBytes > 0) {
      return;
    }
    isFlushed = true;
    if (hasPty) {
      // EOF means nothing to a terminal's shell (sshd keeps the pty open): the close hangs it up.
      close();
    } else {
      // A program that reads to the end of its input may still print something.
      after(eofGrace, close);
    }
  };
  flushed();
  if (!isFlushed) {
    channel.onDidDrain(flushed);
  }
}

/**
 * Sends HUP, and then KILL and the close to a program that does not exit, so that a shell can save its history. RFC
 * 4254 section 6.9; sshd delivers signals only to logins other than root's, but always hangs up a pty.
 * @param onDone the channel is closed and no longer needs the connection.
 */
export function killProgram(channel: EngineChannel, clock: Clock, onDone: () => void): void {
  channel.signal("HUP");
  const done = (): void => {
    timer.dispose();
    closed.dispose();
    onDone();
  };
  const timer = clock.setTimeout(() => {
    channel.signal("KILL");
    channel.close();
    done();
  }, killGrace);
  const closed = channel.onDidClose(done);
}
