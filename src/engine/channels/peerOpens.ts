import { type WireReader, wireUint32 } from "../../base/wire.ts";
import type { Channel } from "./channel.ts";
import {
  type ChannelOpen,
  decodeOpen,
  encode,
  encodeOpenFailure,
  maximumPacketSize,
  message,
  openFailureCode,
} from "./messages.ts";

/** Receives the channel in the turn in which it opened. */
export type ChannelUser = (channel: Channel) => void;

/**
 * An RFC 4254 section 5.1 code, or a promise of the channel's user once it is open. Undefined: it could not be
 * opened.
 */
export type Acceptance = number | Promise<ChannelUser | undefined>;

interface PeerOpensInit {
  accept(type: string, body: WireReader): Acceptance;
  add(type: string, window: number): Channel;
  send(message: Uint8Array): void;
  /** @param message the refusal to send. */
  refused(message: Uint8Array): void;
  malformed(): void;
  isEnded(): boolean;
  forget(channel: Channel): void;
}

/**
 * Window in bytes: OpenSSH's for forwarded connections (CHAN_TCP_WINDOW_DEFAULT in channels.h); an agent needs less.
 */
function acceptedWindow(type: string): number {
  return type.startsWith("forwarded-") ? 2 * 1024 * 1024 : 256 * 1024;
}

/** The channels that the peer opens (RFC 4254 section 5.1). Each is confirmed or refused. */
export class PeerOpens {
  readonly #init: PeerOpensInit;

  constructor(init: PeerOpensInit) {
    this.#init = init;
  }

  /** SSH_MSG_CHANNEL_OPEN */
  receive(body: WireReader): void {
    const open = decodeOpen(body);
    if (open === undefined) {
      this.#init.malformed();
      return;
    }
    const acceptance = this.#init.accept(open.type, body);
    if (typeof acceptance === "number") {
      this.#refuse(open, acceptance);
    } else {
      acceptance.then(
        (user) => this.#accepted(open, user),
        () => this.#accepted(open, undefined),
      );
    }
  }

  #accepted(open: ChannelOpen, user: ChannelUser | undefined): void {
    if (user === undefined) {
      if (!this.#init.isEnded()) {
        this.#refuse(open, openFailureCode.connectFailed);
      }
      return;
    }
    const window = acceptedWindow(open.type);
    const channel = this.#init.add(open.type, window);
    channel.confirmed(open.sender, open.window, open.packet);
    const numbers = [open.sender, channel.localId, window, maximumPacketSize].map(wireUint32);
    this.#init.send(encode(message.channelOpenConfirmation, ...numbers));
    user(channel);
    if (this.#init.isEnded()) {
      // The connection ended while the local end was being connected.
      this.#init.forget(channel);
      channel.connectionEnded();
    }
  }

  #refuse(open: ChannelOpen, code: number): void {
    this.#init.refused(encodeOpenFailure(open.sender, code, "open failed"));
  }
}
