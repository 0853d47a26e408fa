import type { Disposable } from "../../../base/disposable.ts";
import { Emitter } from "../../../base/emitter.ts";
import { WireReader } from "../../../base/wire.ts";
import type { GlobalRequests } from "../globalRequests.ts";
import { decodeOpen, largestChannelId, message } from "../messages.ts";
import { forwardedTypes } from "../remoteForwards.ts";
import type { Wire } from "../wire.ts";
import { RelayClient } from "./relayClient.ts";
import type { RelayedChannel } from "./relayedChannel.ts";
import type { ChannelRelay, RelayClientPort, RelayedClient } from "./relayTypes.ts";
import { ServerDescriptors } from "./serverDescriptors.ts";

/** Our own channels are numbered from 0. */
const firstId = 0x40000000;

export interface RelayHost {
  readonly wire: Wire;
  readonly requests: GlobalRequests;
  /** A session requests agent forwarding. Undefined: there is no agent, or it must not be forwarded. */
  forwardAgent(): Disposable | undefined;
}

/**
 * Passes the channels of other programs through our connection, message by message: it rewrites the channel numbers,
 * hands each side's window to the other, and buffers nothing. It sits between the wire and the channel table. It accepts
 * from clients only what sshd tolerates, because sshd ends the whole connection over anything else.
 */
export class Relay implements ChannelRelay {
  readonly #host: RelayHost;
  readonly #channels = new Map<number, RelayedChannel>();
  readonly #clients = new Set<RelayClient>();
  readonly #descriptors = new ServerDescriptors();
  readonly #drained = new Emitter<void>();
  readonly #changed = new Emitter<void>();
  readonly onDidDrain = this.#drained.event;
  readonly onDidChange = this.#changed.event;
  #nextId = firstId;
  #ended = false;

  constructor(host: RelayHost) {
    this.#host = host;
  }

  get congested(): boolean {
    return this.#host.wire.congested;
  }

  get ownsMessages(): boolean {
    return this.#host.wire.ownsMessages === true;
  }

  /** Bytes of the clients' data that the server has not acknowledged by its windows. */
  get unacknowledged(): number {
    return [...this.#channels.values()].reduce((sum, channel) => sum + channel.unacknowledged, 0);
  }

  get sessions(): number {
    return [...this.#channels.values()].filter(({ isSession }) => isSession).length;
  }

  attach(port: RelayClientPort): RelayedClient {
    const client = new RelayClient(port, {
      send: (bytes) => this.#host.wire.send(bytes),
      request: (name, payload, settle) => this.#host.requests.send(name, payload, settle),
      forwardAgent: () => this.#host.forwardAgent(),
      takeId: () => this.#takeId(),
      add: (channel) => {
        this.#channels.set(channel.localId, channel);
        this.#descriptors.connections += channel.isSession ? 0 : 1;
        this.#changed.fire();
      },
      forget: (channel) => {
        channel.agent?.dispose();
        if (this.#channels.delete(channel.localId) && !channel.isSession) {
          this.#descriptors.connections--;
        }
        this.#changed.fire();
      },
      changed: () => this.#changed.fire(),
      descriptors: this.#descriptors,
      gone: () => {
        this.#clients.delete(client);
        this.#changed.fire();
      },
    });
    if (this.#ended) {
      client.connectionEnded();
    } else {
      this.#clients.add(client);
      this.#changed.fire();
    }
    return client;
  }

  /**
   * Handles a message of the server with a number from 80 to 127.
   * @returns whether it was for a client. Invalid messages are left to the channel table.
   */
  receive(bytes: Buffer): boolean {
    const type = bytes[0] ?? 0;
    if (this.#clients.size === 0 && this.#channels.size === 0) {
      return false;
    }
    if (type === message.channelOpen) {
      return this.#open(bytes);
    }
    if (type < message.channelOpenConfirmation || bytes.length < 5) {
      return false;
    }
    const channel = this.#channels.get(bytes.readUInt32BE(1));
    return channel !== undefined && this.#forChannel(type, channel, bytes);
  }

  /** The wire accepts data again. */
  resumeSending(): void {
    this.#drained.fire();
  }

  /** The connection has ended. */
  end(): void {
    this.#ended = true;
    for (const client of [...this.#clients]) {
      client.connectionEnded();
    }
    this.#clients.clear();
    this.#channels.clear();
    this.#descriptors.listeners.clear();
    this.#drained.dispose();
    this.#changed.dispose();
  }

  /** The server opens a channel for a connection to its listener for a client. */
  #open(bytes: Buffer): boolean {
    const body = new WireReader(bytes, 1);
    const open = decodeOpen(body);
    if (open === undefined || !forwardedTypes.has(open.type)) {
      return false;
    }
    const address = body.rest();
    const listener = [...this.#descriptors.listeners].find(
      (each) => each.type === open.type && address.subarray(0, each.address.length).equals(each.address),
    );
    listener?.client.offered(open, bytes);
    return listener !== undefined;
  }

  #forChannel(type: number, channel: RelayedChannel, bytes: Buffer): boolean {
    const { client } = channel;
    const body = new WireReader(bytes, 5);
    if (type === message.channelOpenConfirmation || type === message.channelOpenFailure) {
      return !channel.isOpen && client.answered(channel, type, body, bytes);
    }
    if (!channel.isOpen || channel.closeReceived) {
      return false;
    }
    switch (type) {
      case message.channelWindowAdjust: {
        const granted = body.uint32();
        if (granted === undefined || body.left > 0) {
          return false;
        }
        channel.granted(granted);
        return true;
      }
      case message.channelData:
        channel.received(Math.max(0, body.left - 4));
        break;
      case message.channelExtendedData:
        channel.received(Math.max(0, body.left - 8));
        break;
      case message.channelClose:
        client.serverClosed(channel, bytes);
        return true;
      case message.channelRequest:
        client.serverAsks(channel, body, bytes);
        return true;
      case message.channelSuccess:
      case message.channelFailure:
        client.serverReplies(channel, bytes);
        return true;
      default:
        break;
    }
    client.pass(channel, bytes);
    return true;
  }

  #takeId(): number {
    do {
      this.#nextId = this.#nextId >= largestChannelId ? firstId : this.#nextId + 1;
    } while (this.#channels.has(this.#nextId));
    return this.#nextId;
  }
}
