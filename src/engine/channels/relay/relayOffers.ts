import { type ChannelOpen, encodeOpenFailure, openFailureCode } from "../messages.ts";
import { firstLoan } from "./relayedChannel.ts";
import type { ServerDescriptors } from "./serverDescriptors.ts";

/** Why a channel is refused, for the one who opens it. */
export const tooManyChannels = "programs have too many channels on this connection";

/** Channels that the server has opened for a program and that the program has not confirmed. */
export class RelayOffers {
  readonly #sendToServer: (bytes: Buffer) => void;
  readonly #descriptors: ServerDescriptors;
  /** By the server's channel number. */
  readonly #offers = new Map<number, ChannelOpen>();

  constructor(sendToServer: (bytes: Buffer) => void, descriptors: ServerDescriptors) {
    this.#sendToServer = sendToServer;
    this.#descriptors = descriptors;
  }

  /**
   * @param bytes the whole message; the program uses the same number as the server
   * @param isInUse the number is that of an open channel
   * @returns whether the message, which is changed, goes to the program
   */
  add(open: ChannelOpen, bytes: Buffer, isInUse: boolean): boolean {
    if (isInUse || !this.#descriptors.hasRoom) {
      const code = openFailureCode.resourceShortage;
      this.#sendToServer(encodeOpenFailure(open.sender, code, tooManyChannels));
      return false;
    }
    this.#offers.set(open.sender, open);
    this.#descriptors.connections++;
    // The window follows the type and the sender's channel number.
    bytes.writeUInt32BE(firstLoan(open.window), 1 + 4 + Buffer.byteLength(open.type) + 4);
    return true;
  }

  get(serverId: number): ChannelOpen | undefined {
    return this.#offers.get(serverId);
  }

  /** It is a channel now. */
  confirmed(serverId: number): void {
    if (this.#offers.delete(serverId)) {
      this.#descriptors.connections--;
    }
  }

  refuse(serverId: number, text: string): void {
    this.confirmed(serverId);
    this.#sendToServer(encodeOpenFailure(serverId, openFailureCode.connectFailed, text));
  }

  /** The program has disconnected. */
  end(): void {
    for (const serverId of [...this.#offers.keys()]) {
      this.refuse(serverId, "The client has gone");
    }
  }
}
