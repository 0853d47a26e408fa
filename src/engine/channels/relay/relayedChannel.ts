import type { Disposable } from "../../../base/disposable.ts";
import { wireUint32 } from "../../../base/wire.ts";
import { encode, encodeOpen, largestWindow, message } from "../messages.ts";
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
  readonly toProgram: (message: Buffer) => void;
}

/**
 * Bytes of the server's window that a program has at a time. OpenSSH's client reads as much ahead from its input as its
 * window allows, and copies all of it into a larger buffer with each read (sshbuf_allocate in sshbuf.c): with the 2 MiB
 * of sshd, it spends half of an upload's processor time on that. This much keeps a program busy while it is read here.
 */
const largestLoan = 512 * 1024;

/** The window that a program gets first. @param window of the server */
export function firstLoan(window: number): number {
  return Math.min(window, largestLoan);
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
  /** What it leads to, where the program says so. */
  target: string | undefined;
  /** Agent forwarding, which ends with the channel. */
  agent: Disposable | undefined;
  bytesIn = 0;
  bytesOut = 0;
  readonly #init: RelayedChannelInit;
  #incoming: number;
  #outgoing = 0;
  #granted = 0;
  #packet = 0;
  /** The part of `outgoing` that the program knows of. */
  #lent = 0;

  constructor(init: RelayedChannelInit) {
    this.#init = init;
    this.type = init.type;
    this.client = init.client;
    this.localId = init.localId;
    this.clientId = init.clientId;
    this.#incoming = init.window;
    this.replies = new ReplyOrder(init.toProgram);
  }

  get isSession(): boolean {
    return this.type === "session";
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
    this.#lent = firstLoan(window);
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
    this.#lend();
  }

  /**
   * The program enlarges its window. @returns false if sshd would end the connection over it
   * (channel_input_window_adjust)
   */
  grant(bytes: number): boolean {
    this.#incoming += bytes;
    return this.#incoming <= largestWindow;
  }

  /** @returns false if the window, the server's packet size or an EOF forbids it: sshd would end the connection */
  send(bytes: number): boolean {
    if (this.eofSent || bytes > this.#packet || bytes > this.#lent) {
      return false;
    }
    this.#outgoing -= bytes;
    this.#lent -= bytes;
    this.bytesOut += bytes;
    this.#lend();
    return true;
  }

  snapshot(): RelayedChannelSnapshot {
    const { type, command, target, bytesIn, bytesOut } = this;
    return { type, command, target, bytesIn, bytesOut };
  }

  /** Gives the program more of the server's window. */
  #lend(): void {
    const more = firstLoan(this.#outgoing) - this.#lent;
    // What is scarce is passed on at once, the rest in halves: each message wakes the program.
    if (more > 0 && (this.#outgoing <= largestLoan || more >= largestLoan / 2)) {
      this.#lent += more;
      const { clientId, toProgram } = this.#init;
      toProgram(encode(message.channelWindowAdjust, wireUint32(clientId), wireUint32(more)));
    }
  }
}
