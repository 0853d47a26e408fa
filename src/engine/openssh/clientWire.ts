import { wireString, wireUint32 } from "../../base/wire.ts";
import { encode, encodeRequest, message } from "../channels/messages.ts";
import { ProxyWire } from "./proxyWire.ts";

/** Knows the channels that other clients have at the master, by the master's own numbers. */
export interface OtherClients {
  /** Resolves when what the master has reported so far is known. */
  drain(): Promise<unknown>;
  hasChannel(id: number): boolean;
}

/**
 * Keeps this client from harming the others of its master, where OpenSSH has two defects.
 *
 * A master ends with everybody's sessions if a client leaves while an open of it is not answered (chan_send_close2 in
 * channels.c). So it stays until then. When it leaves, the master itself closes the channels that are open.
 *
 * A master before OpenSSH 9.9 looks up the channel of our CLOSE by the server's number, and may find another client
 * whose session has this number at the master (channel_by_remote_id). Then it sends a second CLOSE when we leave, and
 * sshd ends the connection. So a CLOSE with such a number waits until the other client has gone, or for the master's.
 */
export class ClientWire extends ProxyWire {
  /** Opens that the server has not answered. */
  #unanswered = 0;
  /** The server's numbers, by ours. */
  readonly #remoteIds = new Map<number, number>();
  /** The server has closed them, and we have not. By its numbers. */
  readonly #closedThere = new Set<number>();
  #others: OtherClients | undefined;
  /** By the server's numbers. The value: the server was told to end what runs there. */
  readonly #withheld = new Map<number, { isToldToEnd: boolean }>();
  #isLeaving = false;

  get unanswered(): number {
    return this.#unanswered;
  }

  /** The master looks up our CLOSEs among the channels of others. */
  mind(others: OtherClients): void {
    this.#others = others;
  }

  override send(bytes: Uint8Array): void {
    if (this.#isLeaving) {
      return;
    }
    if (bytes[0] === message.channelOpen) {
      this.#unanswered++;
    } else if (bytes[0] === message.channelClose && this.#others !== undefined) {
      this.#withheld.set(numberAt(bytes, 1), { isToldToEnd: false });
      void this.#others.drain().then(() => this.closeWithheld());
      return;
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
      case message.channelOpenConfirmation:
        this.#unanswered--;
        this.#remoteIds.set(numberAt(bytes, 1), numberAt(bytes, 5));
        break;
      case message.channelClose: {
        const id = numberAt(bytes, 1);
        const remoteId = this.#remoteIds.get(id);
        this.#remoteIds.delete(id);
        if (remoteId !== undefined) {
          this.#closedThere.add(remoteId);
        }
        break;
      }
      default:
        break;
    }
  }

  /** Other clients may have gone: sends each CLOSE that does no harm now. */
  closeWithheld(): void {
    for (const [remoteId, state] of this.#withheld) {
      if (this.#isLeaving) {
        return;
      }
      if (this.#others?.hasChannel(remoteId) !== true) {
        this.#withheld.delete(remoteId);
        this.#closedThere.delete(remoteId);
        super.send(encode(message.channelClose, wireUint32(remoteId)));
      } else if (!state.isToldToEnd) {
        state.isToldToEnd = true;
        if (!this.#closedThere.has(remoteId)) {
          super.send(encodeRequest(remoteId, "signal", false, wireString("HUP")));
        }
      }
    }
  }

  /** From now on nothing is sent. */
  leave(): void {
    this.#isLeaving = true;
  }
}

function numberAt(bytes: Uint8Array, offset: number): number {
  return bytes.length < offset + 4
    ? -1
    : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
