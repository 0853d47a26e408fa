import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { guarded } from "../../base/guarded.ts";
import type { Logger } from "../../base/log.ts";
import { ChannelConnection } from "../channelConnection.ts";
import { openFailureCode } from "../channels/messages.ts";
import type { Acceptance } from "../channels/peerOpens.ts";
import type {
  Endpoint,
  EngineChannel,
  ForwardAddress,
  ForwardedHandler,
  RemoteListener,
} from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import type { MuxFrames } from "../mux/muxFrames.ts";
import { ClientWire } from "./clientWire.ts";
import { Departure } from "./departure.ts";
import type { Departures } from "./departures.ts";
import { MasterForwards } from "./masterForwards.ts";
import { RiddenForwards } from "./riddenForwards.ts";

export interface SharedMasterParts {
  /** Of the master's control socket. */
  readonly path: string;
  /** In the proxy phase. The connection owns it from now on. */
  readonly socket: Socket;
  readonly frames: MuxFrames;
  readonly info: ConnectionInfo;
  /** For sockets of forwards; only this user can enter it. */
  readonly folder: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly departures?: Departures | undefined;
}

/**
 * Our channels on a master that other programs use, too, as its proxy client (OpenSSH's PROTOCOL.mux). Leaving it ends
 * only our channels. A subclass starts the wire at the end of its constructor.
 */
export abstract class SharedMasterConnection extends ChannelConnection<ClientWire> {
  readonly info: ConnectionInfo;
  readonly #socket: Socket;
  readonly #listeners: MasterForwards;
  readonly #forwards: RiddenForwards;
  #leavesInOrder = false;
  readonly #clock: Clock;
  protected readonly departures: Departures | undefined;
  /** Waits for the server's answers after the end. */
  #departure: Departure | undefined;

  protected constructor(parts: SharedMasterParts) {
    const { socket, frames, logger, path, folder } = parts;
    super(parts, (events) => {
      const malformed = (what: string): void => {
        events.malformed(what);
        // What it has answered can't be read any more.
        socket.destroy();
      };
      return new ClientWire(socket, frames, { ...events, malformed });
    });
    this.#socket = socket;
    this.#clock = parts.clock;
    this.departures = parts.departures;
    this.info = parts.info;
    this.#listeners = new MasterForwards(path, logger, folder);
    this.#forwards = new RiddenForwards(path, folder, logger);
    const onGone = guarded(() => this.masterGone());
    socket.on("error", () => {});
    socket.on("end", onGone);
    socket.on("close", onGone);
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
    this.#leavesInOrder = true;
    this.finish({ reason: "closed" });
  }

  /** The master has closed our socket. */
  protected masterGone(): void {
    this.finish({ reason: "lost" });
  }

  protected override receive(bytes: Buffer): void {
    this.wire.note(bytes);
    super.receive(bytes);
    this.#departure?.noted();
  }

  /** The master never passes a channel that the server opens to a proxy client. */
  protected accept(): Acceptance {
    return openFailureCode.administrativelyProhibited;
  }

  protected detach(): void {
    this.#departure = new Departure({
      ...{ wire: this.wire, socket: this.#socket, clock: this.#clock },
      leave: () => {
        if (this.#leavesInOrder) {
          this.#socket.end();
        } else {
          this.#socket.destroy();
        }
      },
    });
    this.departures?.add(this.#departure.left);
  }

  protected override channelsEnded(): void {
    this.#forwards.dispose();
    void this.leaveForwards();
  }

  /** Whether the master still has our socket open, as far as we know. */
  protected get isAttached(): boolean {
    return !this.#socket.destroyed;
  }

  /** Resolves when the master has cancelled what listens for us at the server. Never rejects. */
  protected leaveForwards(): Promise<void> {
    return this.#listeners.leave();
  }
}
