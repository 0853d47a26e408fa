import { WireReader, wireBoolean, wireString } from "../../base/wire.ts";
import { connectionEnded } from "../engineErrors.ts";
import { encode, message } from "./messages.ts";

/** What the peer answered. */
export interface GlobalReply {
  readonly accepted: boolean;
  /** What stands in the answer, unread. */
  readonly body: WireReader;
}

interface Waiting {
  /** Of its packet (RFC 4253 section 6.4), once that has gone out. */
  sequence: number | undefined;
  settle(reply: GlobalReply | undefined): void;
}

/** Sends a message, and says the sequence number of its packet once it has gone out. */
type Send = (message: Uint8Array, sent: (sequence: number) => void) => void;

/** Our global requests on the way. Answers come in the order of the requests (RFC 4254 section 4). */
export class GlobalRequests {
  readonly #send: Send;
  #waiting: Waiting[] = [];
  #ended = false;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Sends a request that asks for a reply.
   * @param settle called once, in the turn in which the answer comes: what the peer sends next may depend on it.
   *   Undefined: the connection has ended.
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
   * Resolves with the answer. Rejects with the signal's reason, or ChannelError `connection-ended`. An answer that comes
   * after the abort is still taken for this request, and not for the next one.
   * @param late what to do with that answer.
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

  /** SSH_MSG_REQUEST_SUCCESS or _FAILURE. One that nobody asked for is ignored. */
  receive(accepted: boolean, body: WireReader): void {
    this.#waiting.shift()?.settle({ accepted, body });
  }

  /** RFC 4253 section 11.4: the peer does not know the message. Some servers answer a keepalive so (tinyssh, old libssh). */
  unimplemented(sequence: number): void {
    const index = this.#waiting.findIndex((entry) => entry.sequence === sequence);
    if (index >= 0) {
      this.#waiting.splice(index, 1)[0]?.settle({ accepted: false, body: new WireReader(Buffer.alloc(0)) });
    }
  }

  /** The connection is gone. */
  end(): void {
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { settle } of waiting) {
      settle(undefined);
    }
  }
}
