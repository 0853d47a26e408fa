import type { RelayClient } from "./relayClient.ts";
import { listenAddressOf } from "./relayedAddress.ts";

/** A listener on the server for a client: the request's fields after its name, as bytes. */
export interface RelayListener {
  readonly client: RelayClient;
  readonly type: string;
  readonly address: Buffer;
}

/**
 * The most descriptors that clients take together, in the server's process for our connection. It has 1024 as a rule, and
 * without one it opens no session for anybody: the others are for sessions, which take three or four each.
 */
const most = 768;
const mostListeners = 256;

/** What clients take of the server's descriptors besides their sessions. */
export class ServerDescriptors {
  readonly listeners = new Set<RelayListener>();
  /** Requests to listen that the server has not answered. */
  pendingListeners = 0;
  /** Channels that are no sessions: each is a socket on the server. Also those that are not open yet. */
  connections = 0;

  get hasRoom(): boolean {
    return this.connections + this.#listening < most;
  }

  get mayListen(): boolean {
    return this.hasRoom && this.#listening < mostListeners;
  }

  /** Where the server listens for a client. Untrusted. */
  addressesOf(client: RelayClient): readonly string[] {
    return [...this.listeners]
      .filter((listener) => listener.client === client)
      .map(({ type, address }) => listenAddressOf(type, address));
  }

  get #listening(): number {
    return this.listeners.size + this.pendingListeners;
  }
}
