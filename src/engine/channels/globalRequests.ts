import { WireReader, wireBoolean, wireString } from "../../base/wire.ts";
import { connectionEnded } from "../engineErrors.ts";
import { encode, message } from "./messages.ts";

/** The peer's reply. */
export interface GlobalReply {
  readonly accepted: boolean;
  /** The reply's data, unread. */
  readonly body: WireReader;
}

interface Waiting {
  /** The sequence number of its packet (RFC 4253 section 6.4), once that was sent. */
  sequence: number | undefined;
  settle(reply: GlobalReply | undefined): void;
}

/** Sends a message, and reports the sequence number of its packet once it was sent. */
type Send = (message: Uint8Array, sent: (sequence: number) => void) => void;

/** Our pending global requests. Replies come in the order of the requests (RFC 4254 section 4). */
export class GlobalRequests {
  readonly #send: Send;
  #waiting: Waiting[] = [];
  #ended = false;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Sends a request that wants a reply.
   * @param settle called once, in the turn in which the reply comes, because the meaning of the peer's next message
   *   may depend on it. Undefined: the connection has ended.
   */
  send(name: string, payload: Uint8Array, settle: Waiting["settle"]): void {
    if (this.#ended) {
      settle(undefined);
      return;
    }
    const entry: Waiting = { sequence: undefined, settle };
    this.#waiting.push(entry);
    const head = [wireString(name), wireBoolean(true)];
    this.#send(encode(message.globalRequest, ...head, payload), (sequence) => {
      entry.sequence = sequence;
    });
  }

  /**
   * Resolves with the reply. Rejects with the signal's reason, or ChannelError `connection-ended`. A reply that comes
   * after the abort still belongs to this request, not to the next one.
   * @param late called with that reply.
   */
  request<T>(
    name: string,
    payload: Uint8Array,
    signal: AbortSignal,
    answered: (reply: GlobalReply) => T,
    late?: (reply: GlobalReply) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.send(name, payload, (reply) => {
        signal.removeEventListener("abort", onAbort);
        if (reply === undefined) {
          reject(connectionEnded());
        } else if (signal.aborted) {
          late?.(reply);
        } else {
          try {
            resolve(answered(reply));
          } catch (error) {
            reject(error);
          }
        }
      });
    });
  }

  /** See EngineConnection.ping. */
  keepalive(signal: AbortSignal): Promise<number> {
    const sent = performance.now();
    return this.request("keepalive@openssh.com", Buffer.alloc(0), signal, () => performance.now() - sent);
  }

  /** SSH_MSG_REQUEST_SUCCESS or _FAILURE. Ignored if no request is pending. */
  receive(accepted: boolean, body: WireReader): void {
    this.#waiting.shift()?.settle({ accepted, body });
  }

  /**
   * RFC 4253 section 11.4: the peer does not support the message. Some servers reply to a keepalive this way
   * (tinyssh, old libssh).
   */
  unimplemented(sequence: number): void {
    const index = this.#waiting.findIndex((entry) => entry.sequence === sequence);
    if (index >= 0) {
      this.#waiting.splice(index, 1)[0]?.settle({ accepted: false, body: new WireReader(Buffer.alloc(0)) });
    }
  }

  /** The connection has ended. */
  end(): void {
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { settle } of waiting) {
      settle(undefined);
    }
  }
}
