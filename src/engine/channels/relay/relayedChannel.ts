import type { Disposable } from "../../../base/disposable.ts";
import { encodeOpen, largestWindow } from "../messages.ts";
import type { RelayClient } from "./relayClient.ts";
import type { RelayedChannelSnapshot } from "./relayTypes.ts";
import { ReplyOrder } from "./replyOrder.ts";

interface RelayedChannelInit {
  readonly type: string;
  /** The program that the channel belongs to. */
  readonly client: RelayClient;
  /** Its number on our connection, which the program uses as well. */
  readonly localId: number;
  readonly clientId: number;
  /** Bytes that the server may send. */
  readonly window: number;
  /** The largest data message that the program accepts. */
  readonly packet: number;
  readonly reply: (message: Buffer) => void;
}

/** A channel of another program: its number at each of the three ends, and the windows of both sides. */
export class RelayedChannel {
  readonly type: string;
  readonly client: RelayClient;
  readonly localId: number;
  readonly clientId: number;
  readonly replies: ReplyOrder;
  /** The server's number, once the channel is open. */
  serverId: number | undefined;
  eofSent = false;
  /** Nothing is sent to the server after CLOSE: sshd ends the connection over a number that is not in use. */
  closeSent = false;
  closeReceived = false;
  command: string | undefined;
  /** Agent forwarding, which ends with the channel. */
  agent: Disposable | undefined;
  bytesIn = 0;
  bytesOut = 0;
  readonly #init: RelayedChannelInit;
  #incoming: number;
  #outgoing = 0;
  #granted = 0;
  #packet = 0;

  constructor(init: RelayedChannelInit) {
    this.#init = init;
    this.type = init.type;
    this.client = init.client;
    this.localId = init.localId;
    this.clientId = init.clientId;
    this.#incoming = init.window;
    this.replies = new ReplyOrder(init.reply);
  }

  get isOpen(): boolean {
    return this.serverId !== undefined;
  }

  get isOver(): boolean {
    return this.closeSent && this.closeReceived;
  }

  /** Bytes that the server has not acknowledged by its window. */
  get unacknowledged(): number {
    return this.#granted - this.#outgoing;
  }

  opened(serverId: number, window: number, packet: number): void {
    this.serverId = serverId;
    this.#outgoing = window;
    this.#granted = window;
    this.#packet = packet;
  }

  /** The message by which the program opens a session. */
  encodeOpen(): Buffer {
    const { type, clientId, window, packet } = this.#init;
    return encodeOpen({ type, sender: clientId, window, packet }, Buffer.alloc(0));
  }

  received(bytes: number): void {
    this.bytesIn += bytes;
    this.#incoming = Math.max(0, this.#incoming - bytes);
  }

  /** The server enlarges its window. The part above the largest window size is ignored. */
  granted(bytes: number): void {
    this.#outgoing = Math.min(this.#outgoing + bytes, largestWindow);
    this.#granted = Math.max(this.#granted, this.#outgoing);
  }

  /**
   * The program enlarges its window. @returns false if sshd would end the connection over it
   * (channel_input_window_adjust)
   */
  grant(bytes: number): boolean {
    this.#incoming += bytes;
    return this.#incoming <= largestWindow;
  }

  /** @returns false if the server's window, its packet size or an EOF forbids it: sshd would end the connection */
  send(bytes: number): boolean {
    if (this.eofSent || bytes > this.#packet || bytes > this.#outgoing) {
      return false;
    }
    this.#outgoing -= bytes;
    this.bytesOut += bytes;
    return true;
  }

  snapshot(): RelayedChannelSnapshot {
    const { type, command, bytesIn, bytesOut } = this;
    return { type, command, bytesIn, bytesOut };
  }
}
