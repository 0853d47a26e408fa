import { Emitter } from "../../src/base/emitter.ts";
import type { Channel } from "../../src/engine/channels/channel.ts";
import { ChannelTable } from "../../src/engine/channels/channelTable.ts";
import { encodeDataHead, openFailureCode } from "../../src/engine/channels/messages.ts";
import type { Acceptance } from "../../src/engine/channels/peerOpens.ts";
import type { ProtocolError } from "../../src/engine/channels/protocolError.ts";
import { RecordingLogger } from "./recordingLogger.ts";

/** One end of a connection in memory: a channel table, with what it sent and received. */
export class ChannelEnd {
  readonly table: ChannelTable;
  readonly logger = new RecordingLogger();
  /** Messages that this end sent. */
  readonly sent: Buffer[] = [];
  /** Channels that the other end opened here. */
  readonly accepted: Channel[] = [];
  violation: ProtocolError | undefined;
  congested = false;
  /** Replies to global requests: accepted or not. */
  readonly globalReplies: boolean[] = [];
  /** Global requests without want-reply. */
  readonly announcements: string[] = [];
  /** How to handle the other end's opens. Default: all are accepted. */
  accept: (type: string) => Acceptance = () => Promise.resolve((channel) => this.accepted.push(channel));
  readonly #ended = new Emitter<void>();
  readonly onDidEnd = this.#ended.event;
  #deliver: (bytes: Buffer) => void = () => {};

  constructor(ownsMessages = false) {
    const send = (bytes: Buffer): void => {
      if (this.violation === undefined) {
        this.sent.push(bytes);
        this.#deliver(bytes);
      }
    };
    const self = this;
    this.table = new ChannelTable({
      wire: {
        ownsMessages,
        send: (bytes) => send(Buffer.from(bytes)),
        sendData: (recipient, data) => {
          send(Buffer.concat([encodeDataHead(recipient, data.length), data]));
        },
        get congested() {
          return self.congested;
        },
      },
      logger: this.logger,
      violated: (error) => {
        this.violation = error;
        this.table.end();
        this.#ended.fire();
      },
      accept: (type) => this.accept(type),
      globalReply: (accepted) => this.globalReplies.push(accepted),
      announced: (name) => this.announcements.push(name),
    });
  }

  /** Messages of this end go there from now on. */
  connect(deliver: (bytes: Buffer) => void): void {
    this.#deliver = deliver;
  }

  /** Sent messages with this number. */
  sentOf(number: number): Buffer[] {
    return this.sent.filter((bytes) => bytes[0] === number);
  }
}

/** Two ends joined by a pipe that keeps the order, and delivers in a later turn as a network does. */
export function channelPipe(): { readonly near: ChannelEnd; readonly far: ChannelEnd } {
  const [near, far] = [new ChannelEnd(), new ChannelEnd()];
  join(near, far);
  join(far, near);
  return { near, far };
}

function join(from: ChannelEnd, to: ChannelEnd): void {
  from.connect((bytes) => setImmediate(() => to.table.receive(bytes)));
  from.onDidEnd(() => setImmediate(() => to.table.end()));
}

/** One end without a peer: its messages are passed to `table.receive`. */
export function loneEnd(): ChannelEnd {
  const end = new ChannelEnd();
  end.accept = () => openFailureCode.administrativelyProhibited;
  return end;
}
