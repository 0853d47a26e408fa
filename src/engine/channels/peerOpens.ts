import { guarded } from "../../base/guarded.ts";
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

/** Receives the channel in the turn in which it opens. */
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
 * The most channels that the peer may have open at once, including those whose local end is still being connected.
 * Without a limit they could pile up: a channel that we have closed stays until the peer closes it, too.
 */
const mostOpen = 1024;

/** In bytes. OpenSSH's for forwarded connections (CHAN_TCP_WINDOW_DEFAULT in channels.h); an agent needs less. */
const largestWindow = 2 * 1024 * 1024;
const agentWindow = 256 * 1024;

/**
 * Bytes that the peer may have in flight on all of its channels; above that, each new channel has room for one
 * packet.
 */
const sharedWindow = 24 * 1024 * 1024;

/** The number of channels confirmed in one turn of the event loop, which takes 5 ms. */
const mostPerTurn = 128;

/** The channels that the peer opens (RFC 4254 section 5.1). Each is confirmed or refused. */
export class PeerOpens {
  readonly #init: PeerOpensInit;
  #open = 0;
  /** The sum of the windows of those that are open. */
  #granted = 0;
  /** Those that wait for a later turn of the event loop. */
  readonly #settled: [ChannelOpen, ChannelUser | undefined][] = [];
  /** The number confirmed or refused in this turn. */
  #thisTurn = 0;

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
    const acceptance =
      this.#open < mostOpen ? this.#init.accept(open.type, body) : openFailureCode.resourceShortage;
    if (typeof acceptance === "number") {
      this.#refuse(open, acceptance);
    } else {
      this.#open++;
      acceptance.then(
        (user) => this.#settle(open, user),
        () => this.#settle(open, undefined),
      );
    }
  }

  /**
   * At once, or in a later turn if this one has opened many, because those of a flood are all ready in the same turn.
   */
  #settle(open: ChannelOpen, user: ChannelUser | undefined): void {
    if (this.#settled.length === 0 && this.#thisTurn < mostPerTurn) {
      this.#accepted(open, user);
      if (this.#thisTurn++ === 0) {
        setImmediate(guarded(() => this.#nextTurn()));
      }
    } else {
      this.#settled.push([open, user]);
    }
  }

  #nextTurn(): void {
    const next = this.#settled.splice(0, mostPerTurn);
    this.#thisTurn = next.length;
    if (next.length > 0) {
      setImmediate(guarded(() => this.#nextTurn()));
    }
    for (const each of next) {
      guarded(() => this.#accepted(...each))();
    }
  }

  #accepted(open: ChannelOpen, user: ChannelUser | undefined): void {
    if (user === undefined) {
      this.#open--;
      if (!this.#init.isEnded()) {
        this.#refuse(open, openFailureCode.connectFailed);
      }
      return;
    }
    const window = this.#windowFor(open.type);
    this.#granted += window;
    const channel = this.#init.add(open.type, window);
    channel.onDidClose(() => {
      this.#open--;
      this.#granted -= window;
    });
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

  /** A channel's window limits what one slow program leaves unread; a share of the rest limits the sum. */
  #windowFor(type: string): number {
    const most = type.startsWith("forwarded-") ? largestWindow : agentWindow;
    const share = Math.floor((sharedWindow - this.#granted) / 4);
    return Math.max(maximumPacketSize, Math.min(most, share));
  }

  #refuse(open: ChannelOpen, code: number): void {
    this.#init.refused(encodeOpenFailure(open.sender, code, "open failed"));
  }
}
