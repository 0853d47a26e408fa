import { printable } from "../../base/log.ts";
import { ChannelError } from "../engineErrors.ts";
import type { ConnectionHandlers, IncomingOpen, Wire } from "../ssh2/ssh2Internals.ts";
import { type ChannelCarrier, packetIn, Ssh2Channel } from "./channel.ts";
import { encode, encodeOpen, message, openFailureCode, sshString, uint32 } from "./channelMessages.ts";

interface Opening {
  confirmed(): void;
  failed(error: ChannelError): void;
}

/** What the table needs of the connection. */
export interface TableHost {
  wire(): Wire;
  /** More is queued for the socket than it should hold; `resumeSending` is to be called when that is over. */
  readonly congested: boolean;
  /** The peer broke the protocol. */
  violated(message: string): void;
  /** The peer opens a channel: undefined refuses it, else told what to do with the open channel. */
  accept(type: string): Promise<((channel: Ssh2Channel) => void) | undefined>;
  globalReply(): void;
}

/** All channels of one connection, by our number; routes what arrives. */
export class ChannelTable implements ConnectionHandlers {
  readonly #host: TableHost;
  readonly #channels = new Map<number, Ssh2Channel>();
  readonly #openings = new Map<number, Opening>();
  readonly #carrier: ChannelCarrier;
  #parked = new Set<Ssh2Channel>();
  #nextId = 0;
  #ended = false;

  constructor(host: TableHost) {
    this.#host = host;
    this.#carrier = {
      send: (bytes) => host.wire().send(bytes),
      sendData: (recipient, data) => host.wire().sendData(recipient, data),
      get congested() {
        return host.congested;
      },
      park: (channel) => this.#parked.add(channel),
      forget: (channel) => this.#channels.delete(channel.localId),
    };
  }

  /** A channel of ours waits for the peer's answer. */
  get isOpening(): boolean {
    return this.#openings.size > 0;
  }

  /** Resolves when the peer has confirmed the channel. Rejects with ChannelError or the signal's reason. */
  open(type: string, window: number, payload: Uint8Array, signal: AbortSignal): Promise<Ssh2Channel> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.#ended) {
        reject(connectionEnded());
        return;
      }
      const channel = this.#add(type, window);
      let abandoned = false;
      const onAbort = (): void => {
        // The number stays taken: the peer may still confirm, and then it is told to close.
        abandoned = true;
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#openings.set(channel.localId, {
        confirmed: () => {
          signal.removeEventListener("abort", onAbort);
          if (abandoned) {
            channel.close();
          } else {
            resolve(channel);
          }
        },
        failed: (error) => {
          signal.removeEventListener("abort", onAbort);
          this.#channels.delete(channel.localId);
          reject(error);
        },
      });
      this.#carrier.send(encodeOpen(type, channel.localId, window, packetIn, payload));
    });
  }

  /** The socket takes data again: each channel that waits sends a packet in turn. */
  resumeSending(): void {
    while (this.#parked.size > 0 && !this.#host.congested) {
      const waiting = this.#parked;
      this.#parked = new Set();
      for (const channel of waiting) {
        channel.pump();
      }
    }
  }

  /** The connection is gone: every channel ends, every open is rejected. */
  end(): void {
    this.#ended = true;
    const openings = [...this.#openings.values()];
    const channels = [...this.#channels].filter(([id]) => !this.#openings.has(id));
    this.#openings.clear();
    this.#channels.clear();
    this.#parked.clear();
    for (const opening of openings) {
      opening.failed(connectionEnded());
    }
    for (const [, channel] of channels) {
      channel.connectionEnded();
    }
  }

  openConfirmation(info: { recipient: number; sender: number; window: number; packetSize: number }): void {
    const opening = this.#openings.get(info.recipient);
    this.#openings.delete(info.recipient);
    this.#channels.get(info.recipient)?.confirmed(info.sender, info.window, info.packetSize);
    opening?.confirmed();
  }

  openFailure(recipient: number, code: number, description: string): void {
    const opening = this.#openings.get(recipient);
    this.#openings.delete(recipient);
    opening?.failed(
      new ChannelError("refused", `The server refused a channel (code ${code}): ${printable(description)}`, {
        code,
        description,
      }),
    );
  }

  data(recipient: number, data: Uint8Array): void {
    this.#checked(this.#channels.get(recipient)?.receiveData("stdout", data));
  }

  extendedData(recipient: number, data: Uint8Array, type: number): void {
    const channel = this.#channels.get(recipient);
    if (type === 1) {
      this.#checked(channel?.receiveData("stderr", data));
    } else {
      channel?.skipData(data.length);
    }
  }

  windowAdjust(recipient: number, bytes: number): void {
    this.#channels.get(recipient)?.receiveWindow(bytes);
  }

  eof(recipient: number): void {
    this.#channels.get(recipient)?.receiveEof();
  }

  close(recipient: number): void {
    this.#channels.get(recipient)?.receiveClose();
  }

  request(recipient: number, name: string, wantReply: boolean, data: unknown): void {
    this.#channels.get(recipient)?.receiveRequest(name, wantReply, data);
  }

  reply(recipient: number, accepted: boolean): void {
    this.#channels.get(recipient)?.receiveReply(accepted);
  }

  globalReply(): void {
    this.#host.globalReply();
  }

  /** Among them hostkeys-00@openssh.com and a server's keepalive: we take part in none, and say so. */
  globalRequest(_name: string, wantReply: boolean): void {
    if (wantReply) {
      this.#carrier.send(encode(message.requestFailure));
    }
  }

  channelOpen(info: IncomingOpen): void {
    this.#accept(info).catch((error: unknown) => this.#host.violated(String(error)));
  }

  async #accept(info: IncomingOpen): Promise<void> {
    const use = await this.#host.accept(info.type);
    if (use === undefined) {
      const refusal = [uint32(openFailureCode.administrativelyProhibited), sshString(""), sshString("")];
      this.#carrier.send(encode(message.channelOpenFailure, uint32(info.sender), ...refusal));
      return;
    }
    const channel = this.#add(info.type, acceptedWindow);
    channel.confirmed(info.sender, info.window, info.packetSize);
    const numbers = [info.sender, channel.localId, acceptedWindow, packetIn].map(uint32);
    this.#carrier.send(encode(message.channelOpenConfirmation, ...numbers));
    use(channel);
    if (this.#ended) {
      // While the other end of it was being reached: it learns the same way as the rest.
      channel.connectionEnded();
    }
  }

  #add(type: string, window: number): Ssh2Channel {
    const channel = new Ssh2Channel(this.#carrier, this.#nextId++, type, window);
    this.#channels.set(channel.localId, channel);
    return channel;
  }

  #checked(withinWindow: boolean | undefined): void {
    if (withinWindow === false) {
      this.#host.violated("The server sent more than the channel's window allows");
    }
  }
}

const acceptedWindow = 256 * 1024;

export function connectionEnded(): ChannelError {
  return new ChannelError("connection-ended", "The connection has ended");
}
