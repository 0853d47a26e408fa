import { type ChannelOpen, encodeOpenFailure, openFailureCode } from "../messages.ts";
import { firstLoan } from "./relayedChannel.ts";

/** Channels that the server has opened for a program and that the program has not confirmed. */
export class RelayOffers {
  readonly #sendToServer: (bytes: Buffer) => void;
  readonly #most: number;
  /** By the server's channel number. */
  readonly #offers = new Map<number, ChannelOpen>();

  /** @param most further ones are refused */
  constructor(sendToServer: (bytes: Buffer) => void, most: number) {
    this.#sendToServer = sendToServer;
    this.#most = most;
  }

  /**
   * @param bytes the whole message; the program uses the same number as the server
   * @param isInUse the number is that of an open channel
   * @returns whether the message, which is changed, goes to the program
   */
  add(open: ChannelOpen, bytes: Buffer, isInUse: boolean): boolean {
    if (this.#offers.size >= this.#most || isInUse) {
      const code = openFailureCode.resourceShortage;
      this.#sendToServer(encodeOpenFailure(open.sender, code, "Too many channels"));
      return false;
    }
    this.#offers.set(open.sender, open);
    // The window follows the type and the sender's channel number.
    bytes.writeUInt32BE(firstLoan(open.window), 1 + 4 + Buffer.byteLength(open.type) + 4);
    return true;
  }

  get(serverId: number): ChannelOpen | undefined {
    return this.#offers.get(serverId);
  }

  confirmed(serverId: number): void {
    this.#offers.delete(serverId);
  }

  refuse(serverId: number, text: string): void {
    this.#offers.delete(serverId);
    this.#sendToServer(encodeOpenFailure(serverId, openFailureCode.connectFailed, text));
  }

  /** The program has disconnected. */
  end(): void {
    for (const serverId of [...this.#offers.keys()]) {
      this.refuse(serverId, "The client has gone");
    }
  }
}
