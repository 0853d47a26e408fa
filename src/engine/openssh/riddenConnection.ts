import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { guarded } from "../../base/guarded.ts";
import type { Logger } from "../../base/log.ts";
import { ChannelConnection } from "../channelConnection.ts";
import { message, openFailureCode } from "../channels/messages.ts";
import type { Acceptance } from "../channels/peerOpens.ts";
import type {
  Endpoint,
  EngineChannel,
  ForwardAddress,
  ForwardedHandler,
  RemoteListener,
  RiddenMaster,
} from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import { ChannelError } from "../engineErrors.ts";
import type { MuxFrames } from "../mux/muxFrames.ts";
import { MasterForwards } from "./masterForwards.ts";
import { ProxyWire } from "./proxyWire.ts";
import { RiddenForwards } from "./riddenForwards.ts";

export interface RiddenConnectionParts {
  readonly master: RiddenMaster;
  /** In the proxy phase. The connection owns it from now on. */
  readonly socket: Socket;
  readonly frames: MuxFrames;
  readonly info: ConnectionInfo;
  /** For sockets of forwards; only this user can enter it. */
  readonly folder: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Our channels on a master that the user's own `ssh` made, as its proxy client (OpenSSH's PROTOCOL.mux). Ending it ends
 * only our channels, never the master.
 */
export class RiddenConnection extends ChannelConnection<CountingWire> {
  readonly info: ConnectionInfo;
  readonly rides: RiddenMaster;
  readonly #socket: Socket;
  readonly #listeners: MasterForwards;
  readonly #forwards: RiddenForwards;
  #closesInOrder = false;

  constructor(parts: RiddenConnectionParts) {
    const { socket, frames, logger, master, folder } = parts;
    super(parts, (events) => {
      const malformed = (what: string): void => {
        events.malformed(what);
        // What it has answered can't be read any more.
        socket.destroy();
      };
      return new CountingWire(socket, frames, { ...events, malformed });
    });
    this.#socket = socket;
    this.info = parts.info;
    this.rides = master;
    this.#listeners = new MasterForwards(master.path, logger, folder);
    this.#forwards = new RiddenForwards(master.path, folder, logger);
    const onGone = guarded(() => this.finish({ reason: "lost" }));
    socket.on("error", () => {});
    socket.on("end", onGone);
    socket.on("close", onGone);
    this.wire.start();
  }

  /** Whether the server has room for a session. @throws ChannelError `connection-ended`, or the signal's reason */
  async hasRoom(signal: AbortSignal): Promise<boolean> {
    try {
      (await this.table.open("session", 0, Buffer.alloc(0), signal)).close();
      return true;
    } catch (error) {
      if (ChannelError.is(error) && error.reason === "refused") {
        return false;
      }
      throw error;
    }
  }

  override openForward(
    target: ForwardAddress,
    _originator: Endpoint,
    signal: AbortSignal,
  ): Promise<EngineChannel> {
    return this.#forwards.open(target, signal);
  }

  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return this.#listeners.listen(at, handler, signal);
  }

  /** A master disconnects a client that sends a global request, so the keepalive opens a channel instead. */
  ping(signal: AbortSignal): Promise<number> {
    return this.probeChannel(signal);
  }

  /** What was written before is still sent. */
  close(): void {
    this.#closesInOrder = true;
    this.finish({ reason: "closed" });
  }

  protected override receive(bytes: Buffer): void {
    this.wire.countAnswer(bytes);
    super.receive(bytes);
    if (this.ended !== undefined && this.wire.unanswered <= 0) {
      this.#socket.destroy();
    }
  }

  /** The master never passes a channel that the server opens to a proxy client. */
  protected accept(): Acceptance {
    return openFailureCode.administrativelyProhibited;
  }

  /**
   * If a client leaves while the server has not answered one of its opens, an OpenSSH master ends with everybody's
   * sessions (chan_send_close2 in channels.c). So the socket stays until the answers are there, or the master has ended.
   */
  protected detach(): void {
    if (this.wire.unanswered > 0) {
      this.#socket.resume();
      return;
    }
    this.wire.end();
    if (this.#closesInOrder) {
      this.#socket.end();
    } else {
      this.#socket.destroy();
    }
  }

  protected override channelsEnded(): void {
    this.#forwards.dispose();
    this.#listeners.leave();
  }
}

/** Counts the opens that the server has not answered. */
class CountingWire extends ProxyWire {
  unanswered = 0;

  override send(bytes: Uint8Array): void {
    if (bytes[0] === message.channelOpen) {
      this.unanswered++;
    }
    super.send(bytes);
  }

  countAnswer(bytes: Uint8Array): void {
    if (bytes[0] === message.channelOpenConfirmation || bytes[0] === message.channelOpenFailure) {
      this.unanswered--;
    }
  }
}
