import { WireReader } from "../../../base/wire.ts";
import type { GlobalReply } from "../globalRequests.ts";
import { decodeRequest, encode, message } from "../messages.ts";
import type { RelayClient, RelayClientHost } from "./relayClient.ts";
import { claimPath } from "./relayTypes.ts";
import { ReplyOrder } from "./replyOrder.ts";
import { judgeGlobalRequest } from "./requestRules.ts";
import type { RelayListener } from "./serverDescriptors.ts";

/** The most requests of a client that the server has not answered, whether the client wants a reply or not. */
const mostUnanswered = 1024;

/** The global requests of one client (RFC 4254 section 4): listeners on the server, and keepalives. */
export class RelayGlobalRequests {
  readonly #client: RelayClient;
  readonly #host: Pick<RelayClientHost, "request" | "descriptors" | "changed">;
  readonly #replies: ReplyOrder;
  #unanswered = 0;
  #ended = false;
  #used = false;

  constructor(
    client: RelayClient,
    host: Pick<RelayClientHost, "request" | "descriptors" | "changed">,
    send: (reply: Buffer) => void,
  ) {
    this.#client = client;
    this.#host = host;
    this.#replies = new ReplyOrder(send);
  }

  /** The client has sent a request. */
  get isUsed(): boolean {
    return this.#used;
  }

  /** @returns false if no client may send this request, or so many */
  receive(body: WireReader): boolean {
    const head = decodeRequest(body);
    if (head === undefined || this.#replies.isFull || this.#unanswered >= mostUnanswered) {
      return false;
    }
    this.#used = true;
    const { name, wantReply } = head;
    const payload = Buffer.from(body.rest());
    const judgement = judgeGlobalRequest(name, payload);
    if (judgement === "malformed") {
      return false;
    }
    const claim = claimIn(name, payload);
    if (claim !== undefined) {
      this.#client.claims(claim);
      if (wantReply) {
        this.#replies.answer(encode(message.requestSuccess));
      }
      return true;
    }
    const listens = !name.startsWith("cancel-") && forwardedType(name) !== undefined;
    if (
      judgement === "unknown" ||
      !this.#mayAsk(name, payload) ||
      (listens && !this.#host.descriptors.mayListen)
    ) {
      if (wantReply) {
        this.#replies.answer(encode(message.requestFailure));
      }
      return true;
    }
    if (wantReply) {
      this.#replies.asked();
    }
    const { descriptors } = this.#host;
    this.#unanswered++;
    descriptors.pendingListeners += listens ? 1 : 0;
    this.#host.request(name, payload, (reply) => {
      this.#unanswered--;
      descriptors.pendingListeners -= listens ? 1 : 0;
      this.#answered(name, payload, wantReply, reply);
    });
    return true;
  }

  /** The client has disconnected: cancels its listeners on the server. */
  end(): void {
    this.#ended = true;
    for (const listener of [...this.#host.descriptors.listeners].filter(
      ({ client }) => client === this.#client,
    )) {
      this.#cancel(listener);
    }
  }

  /** A client can't cancel a listener that it has not requested. */
  #mayAsk(name: string, payload: Buffer): boolean {
    const type = forwardedType(name);
    return !name.startsWith("cancel-") || type === undefined || this.#listener(type, payload) !== undefined;
  }

  #listener(type: string, payload: Buffer): RelayListener | undefined {
    return [...this.#host.descriptors.listeners].find(
      (each) => each.client === this.#client && each.type === type && each.address.equals(payload),
    );
  }

  #answered(name: string, payload: Buffer, wantReply: boolean, reply: GlobalReply | undefined): void {
    if (reply === undefined) {
      return;
    }
    const rest = Buffer.from(reply.body.rest());
    if (reply.accepted) {
      this.#accepted(name, payload, rest);
    }
    if (wantReply && !this.#ended) {
      this.#replies.answered(encode(reply.accepted ? message.requestSuccess : message.requestFailure, rest));
    }
  }

  #accepted(name: string, payload: Buffer, rest: Buffer): void {
    const type = forwardedType(name);
    if (type === undefined) {
      return;
    }
    if (name.startsWith("cancel-")) {
      const listener = this.#listener(type, payload);
      if (listener !== undefined) {
        this.#host.descriptors.listeners.delete(listener);
        this.#host.changed();
      }
      return;
    }
    const listener = { client: this.#client, type, address: boundAddress(name, payload, rest) };
    this.#host.descriptors.listeners.add(listener);
    if (this.#ended) {
      this.#cancel(listener);
    } else {
      this.#host.changed();
    }
  }

  #cancel(listener: RelayListener): void {
    this.#host.descriptors.listeners.delete(listener);
    const name =
      listener.type === "forwarded-tcpip" ? "cancel-tcpip-forward" : "cancel-streamlocal-forward@openssh.com";
    this.#host.request(name, listener.address, () => {});
  }
}

/** The type of the channels that a request to listen leads to, or that its cancellation ends. */
function forwardedType(name: string): string | undefined {
  if (name.endsWith("tcpip-forward")) {
    return "forwarded-tcpip";
  }
  return name.endsWith("streamlocal-forward@openssh.com") ? "forwarded-streamlocal@openssh.com" : undefined;
}

/** `ssh 1234`. Undefined: it is another request. */
function claimIn(name: string, payload: Buffer): string | undefined {
  const path = name === "streamlocal-forward@openssh.com" ? new WireReader(payload).text() : undefined;
  return path?.startsWith(claimPath) === true ? path.slice(claimPath.length).replace("/", " ") : undefined;
}

/** With the port that the server chose for port 0. */
function boundAddress(name: string, payload: Buffer, reply: Buffer): Buffer {
  const asksForAny = name === "tcpip-forward" && payload.readUInt32BE(payload.length - 4) === 0;
  return asksForAny && reply.length >= 4
    ? Buffer.concat([payload.subarray(0, -4), reply.subarray(0, 4)])
    : payload;
}
