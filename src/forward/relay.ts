import type { Socket } from "node:net";
import { longestDelay } from "../base/clock.ts";
import { guarded } from "../base/guarded.ts";
import { releaseMemory } from "../base/releaseMemory.ts";
import type { EngineChannel } from "../engine/connectionEngine.ts";
import { resetSocket } from "./resetSocket.ts";

export interface RelayInit {
  readonly channel: EngineChannel;
  /** With `allowHalfOpen`, paused. */
  readonly socket: Socket;
  /** Seconds without data in either direction, after which both sides are closed. 0: no limit. */
  readonly idleLimit: number;
  /** Data that was already read and comes first. */
  readonly forChannel?: Uint8Array;
  readonly forSocket?: Uint8Array;
  /** The channel's EOF was received before. */
  readonly channelHasEnded?: boolean;
  /** Counts transferred bytes. */
  count(direction: "toChannel" | "toSocket", bytes: number): void;
  /** Called once, when both sides are closed. */
  ended(): void;
}

/**
 * Joins a channel and a socket; call it in the turn in which the channel opened. The EOF of each side is passed on,
 * and the other may continue sending, as in OpenSSH's nchan.c. A slow side pauses the other one: the channel by its
 * window, the socket by not being read. If a channel closes without EOF, or its connection is lost, the socket is
 * reset, so that its program does not take a part for the whole.
 */
export function relay(init: RelayInit): void {
  const { channel, socket, idleLimit, forChannel, forSocket, count, ended } = init;
  let channelIsOpen = true;
  let socketIsOpen = true;
  let gotEof = false;
  const finish = (): void => {
    if (!channelIsOpen && !socketIsOpen) {
      ended();
    }
  };
  /** Send the queued data first, because `close` drops it. */
  const closeChannel = (): void => {
    if (channelIsOpen && !socketIsOpen && channel.queuedBytes === 0) {
      channel.close();
    }
  };
  const send = (data: Uint8Array): void => {
    count("toChannel", data.length);
    if (channelIsOpen && !channel.write(data)) {
      socket.pause();
    }
  };
  const receive = (data: Uint8Array): void => {
    count("toSocket", data.length);
    if (!socketIsOpen) {
      return;
    }
    if (!socket.write(data)) {
      channel.pause();
    }
    // The kernel has taken all of it.
    if (socket.writableLength === 0 && channel.ownsChunks) {
      releaseMemory(data);
    }
  };

  socket.setNoDelay(true);
  socket.setTimeout(
    Math.min(idleLimit * 1000, longestDelay),
    guarded(() => {
      channel.close();
      socket.destroy();
    }),
  );
  socket.on("data", guarded(send));
  socket.on(
    "end",
    guarded(() => channel.eof()),
  );
  socket.on(
    "drain",
    guarded(() => channel.resume()),
  );
  socket.on(
    "error",
    guarded(() => channel.close()),
  );
  socket.on(
    "close",
    guarded(() => {
      socketIsOpen = false;
      // Let the channel flow, so that its end is noticed.
      channel.resume();
      if (!channelIsOpen || socket.readableEnded) {
        closeChannel();
      } else {
        channel.close();
      }
      finish();
    }),
  );

  channel.onDidReceive(({ kind, data }) => {
    if (kind === "stdout") {
      receive(data);
    }
  });
  const receiveEof = (): void => {
    gotEof = true;
    if (socket.readableEnded && socket.writableLength === 0) {
      // Both directions have ended. To close is enough, and one system call less than to end it first.
      socket.destroy();
    } else {
      socket.end();
    }
  };
  channel.onDidReceiveEof(receiveEof);
  channel.onDidDrain(() => {
    socket.resume();
    closeChannel();
  });
  channel.onDidClose(({ lost }) => {
    channelIsOpen = false;
    if (!lost && (gotEof || socket.writableLength > 0)) {
      socket.destroySoon();
    } else {
      resetSocket(socket);
    }
    finish();
  });

  if (forSocket !== undefined && forSocket.length > 0) {
    receive(forSocket);
  }
  if (init.channelHasEnded) {
    receiveEof();
  }
  if (socket.destroyed) {
    socketIsOpen = false;
    channel.close();
  }
  channel.resume();
  socket.resume();
  if (forChannel !== undefined && forChannel.length > 0) {
    send(forChannel);
  }
  // A socket reports this even while it is paused.
  if (socket.readableEnded) {
    channel.eof();
  }
}
