import { Budget } from "../../../base/budget.ts";
import { WireReader, wireUint32 } from "../../../base/wire.ts";
import { ConnectError } from "../../engineErrors.ts";
import { message } from "./transportMessages.ts";

/**
 * Messages that one side does not support (RFC 4253 section 11.4). No server has many of either kind, and each of its
 * own needs a reply, so both have a budget.
 */
export class UnknownMessages {
  readonly #budget = new Budget(2_500, 100);

  /** @returns the reply to an unknown message with this sequence number. @throws ConnectError */
  answer(sequence: number): Buffer {
    this.#count();
    return Buffer.concat([Buffer.of(message.unimplemented), wireUint32(sequence)]);
  }

  /** @returns the sequence number of our message that the server does not support. @throws ConnectError */
  named(unimplemented: Buffer): number | undefined {
    this.#count();
    return new WireReader(unimplemented, 1).uint32();
  }

  #count(): void {
    if (!this.#budget.take()) {
      throw new ConnectError("protocol", "The server sends messages without end that one side does not know");
    }
  }
}
