import { message } from "../channels/messages.ts";
import { ProxyWire } from "./proxyWire.ts";

/** Counts the opens that the server has not answered. */
export class CountingWire extends ProxyWire {
  unanswered = 0;

  override send(bytes: Uint8Array): void {
    if (bytes[0] === message.channelOpen) {
      this.unanswered++;
    }
    super.send(bytes);
  }

  countAnswer(bytes: Uint8Array): void {
    if (bytes[0] === message.channelOpenConfirmation || bytes[0] === message.channelOpenFailure) {
      this.unanswered--;
    }
  }
}
