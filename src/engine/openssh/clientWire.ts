import { wireUint32 } from "../../base/wire.ts";
import { encode, message } from "../channels/messages.ts";
import { ProxyWire } from "./proxyWire.ts";

/** A channel that the server has. */
interface ServersChannel {
  readonly remoteId: number;
  closeSent: boolean;
  closeReceived: boolean;
}

/**
 * Knows what the server still has of this client, so that the client can leave a master that others use, too: an
 * OpenSSH master ends with everybody's sessions if a client leaves while an open of it is not answered
 * (chan_send_close2 in channels.c), and what it does with the open channels of such a client is seldom tried.
 */
export class ClientWire extends ProxyWire {
  /** Opens that the server has not answered. */
  #unanswered = 0;
  /** By our number. */
  readonly #channels = new Map<number, ServersChannel>();
  #isLeaving = false;

  get unanswered(): number {
    return this.#unanswered;
  }

  /** The server has nothing of this client. */
  get isClear(): boolean {
    return this.#unanswered <= 0 && this.#channels.size === 0;
  }

  override send(bytes: Uint8Array): void {
    if (this.#isLeaving) {
      return;
    }
    if (bytes[0] === message.channelOpen) {
      this.#unanswered++;
    } else if (bytes[0] === message.channelClose) {
      const remoteId = numberAt(bytes, 1);
      for (const [id, channel] of this.#channels) {
        if (channel.remoteId === remoteId && !channel.closeSent) {
          channel.closeSent = true;
          this.#forgetIfOver(id, channel);
          break;
        }
      }
    }
    super.send(bytes);
  }

  override sendData(recipient: number, data: Uint8Array): void {
    if (!this.#isLeaving) {
      super.sendData(recipient, data);
    }
  }

  /** Call it for each message of the server. */
  note(bytes: Uint8Array): void {
    switch (bytes[0]) {
      case message.channelOpenFailure:
        this.#unanswered--;
        break;
      case message.channelOpenConfirmation: {
        this.#unanswered--;
        const channel = { remoteId: numberAt(bytes, 5), closeSent: false, closeReceived: false };
        this.#channels.set(numberAt(bytes, 1), channel);
        if (this.#isLeaving) {
          this.#close(channel);
        }
        break;
      }
      case message.channelClose: {
        const id = numberAt(bytes, 1);
        const channel = this.#channels.get(id);
        if (channel !== undefined) {
          channel.closeReceived = true;
          this.#forgetIfOver(id, channel);
        }
        break;
      }
      default:
        break;
    }
  }

  /** Closes every channel. From now on only answers to opens cause messages. */
  leave(): void {
    this.#isLeaving = true;
    for (const [id, channel] of this.#channels) {
      if (!channel.closeSent) {
        this.#close(channel);
        this.#forgetIfOver(id, channel);
      }
    }
  }

  #close(channel: ServersChannel): void {
    channel.closeSent = true;
    super.send(encode(message.channelClose, wireUint32(channel.remoteId)));
  }

  #forgetIfOver(id: number, { closeSent, closeReceived }: ServersChannel): void {
    if (closeSent && closeReceived) {
      this.#channels.delete(id);
    }
  }
}

function numberAt(bytes: Uint8Array, offset: number): number {
  return bytes.length < offset + 4
    ? -1
    : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
