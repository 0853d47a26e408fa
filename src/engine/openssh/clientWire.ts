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
 * Keeps this client from harming the others of its master, where OpenSSH has three defects.
 *
 * A master ends with everybody's sessions if a client leaves while an open of it is not answered (chan_send_close2 in
 * channels.c). So it stays until then.
 *
 * A master crashes if data comes for a channel of a client that has left. So it closes its channels, asks for no more
 * data, and stays until the server has closed them, too.
 *
 * A master before OpenSSH 9.9 looks up the channel of our CLOSE by the server's number, and may find another client
 * whose session has this number at the master (channel_by_remote_id). Then it sends a second CLOSE when we leave, and
 * sshd ends the connection. So a CLOSE with such a number waits until the other client has gone. Meanwhile what runs
 * there is told to end. When we leave, the master closes what is open.
 */
export class ClientWire extends ProxyWire {
  /** Opens that the server has not answered. */
  #unanswered = 0;
  /** Those that the server has not closed: its numbers, by ours. */
  readonly #remoteIds = new Map<number, number>();
  /** We have closed them, and the server has not. By its numbers. */
  readonly #closing = new Set<number>();
  #others: OtherClients | undefined;
  /** By the server's numbers. The value: the server was told to end what runs there. */
  readonly #withheld = new Map<number, { isToldToEnd: boolean }>();
  /** What other clients have at the master is being read. */
  #isLooking = false;
  #isLeaving = false;

  /** The server owes an answer: it does harm to leave. */
  get isOwed(): boolean {
    return this.#unanswered > 0 || this.#closing.size > 0 || this.#isLooking;
  }

  /** The server has nothing of this client any more. */
  get isClear(): boolean {
    return !this.isOwed && this.#remoteIds.size === 0;
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
    } else if (bytes[0] === message.channelClose) {
      this.#close(numberAt(bytes, 1));
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
      case message.channelOpenConfirmation: {
        this.#unanswered--;
        const remoteId = numberAt(bytes, 5);
        this.#remoteIds.set(numberAt(bytes, 1), remoteId);
        if (this.#isLeaving) {
          this.#close(remoteId);
        }
        break;
      }
      case message.channelClose: {
        const id = numberAt(bytes, 1);
        this.#closing.delete(this.#remoteIds.get(id) ?? -1);
        this.#remoteIds.delete(id);
        break;
      }
      default:
        break;
    }
  }

  /** Other clients may have gone: sends each CLOSE that does no harm now. */
  closeWithheld(): void {
    const open = new Set(this.#remoteIds.values());
    for (const [remoteId, state] of this.#withheld) {
      if (this.#others?.hasChannel(remoteId) !== true) {
        this.#withheld.delete(remoteId);
        this.#sendClose(remoteId);
      } else if (!state.isToldToEnd && open.has(remoteId)) {
        state.isToldToEnd = true;
        super.send(encodeRequest(remoteId, "signal", false, wireString("HUP")));
      }
    }
  }

  /** Closes every channel. Nothing else is sent from now on. */
  leave(): void {
    if (!this.#isLeaving) {
      this.#isLeaving = true;
      for (const remoteId of this.#remoteIds.values()) {
        if (!this.#closing.has(remoteId)) {
          this.#close(remoteId);
        }
      }
    }
  }

  #close(remoteId: number): void {
    if (this.#others === undefined) {
      this.#sendClose(remoteId);
      return;
    }
    if (!this.#withheld.has(remoteId)) {
      this.#withheld.set(remoteId, { isToldToEnd: false });
    }
    if (!this.#isLooking) {
      this.#isLooking = true;
      void this.#others.drain().then(() => {
        this.#isLooking = false;
        this.closeWithheld();
      });
    }
  }

  #sendClose(remoteId: number): void {
    if ([...this.#remoteIds.values()].includes(remoteId)) {
      this.#closing.add(remoteId);
    }
    super.send(encode(message.channelClose, wireUint32(remoteId)));
  }
}

function numberAt(bytes: Uint8Array, offset: number): number {
  return bytes.length < offset + 4
    ? -1
    : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
