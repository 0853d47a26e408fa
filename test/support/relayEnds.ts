import { ChannelTable } from "../../src/engine/channels/channelTable.ts";
import { GlobalRequests } from "../../src/engine/channels/globalRequests.ts";
import { encodeDataHead } from "../../src/engine/channels/messages.ts";
import type { ProtocolError } from "../../src/engine/channels/protocolError.ts";
import { Relay } from "../../src/engine/channels/relay/relay.ts";
import type { RelayEnd, RelayedClient } from "../../src/engine/channels/relay/relayTypes.ts";
import type { Wire } from "../../src/engine/channels/wire.ts";
import { peerSends } from "./channelMessages.ts";
import { ChannelEnd } from "./channelPipe.ts";
import { RecordingLogger } from "./recordingLogger.ts";

/** A program on the relay: a channel table, as in OpenSSH's client. */
export class RelayProgram {
  readonly end = new ChannelEnd();
  readonly client: RelayedClient;
  /** The messages that it received. */
  readonly got: Buffer[] = [];
  ended: { readonly reason: RelayEnd; readonly text: string } | undefined;

  constructor(relay: Relay) {
    this.client = relay.attach({
      send: (bytes) => {
        this.got.push(Buffer.from(bytes));
        this.end.table.receive(Buffer.from(bytes));
      },
      ended: (reason, text) => {
        this.ended = { reason, text };
      },
    });
    this.end.connect((bytes) => this.client.receive(bytes));
  }

  gotOf(number: number): Buffer[] {
    return this.got.filter((bytes) => bytes[0] === number);
  }
}

/**
 * A connection in memory with a relay at our end. The server's end has a channel table; its messages are delivered at
 * once.
 */
export class RelayedConnection {
  readonly server = new ChannelEnd();
  readonly relay: Relay;
  /** Our own channels. */
  readonly table: ChannelTable;
  readonly requests: GlobalRequests;
  /** What our end sent. */
  readonly sent: Buffer[] = [];
  violation: ProtocolError | undefined;
  congested = false;
  ownsMessages: boolean | undefined;
  agents = 0;
  hasAgent = false;

  constructor() {
    const self = this;
    const send = (bytes: Uint8Array): void => {
      const copy = Buffer.from(bytes);
      this.sent.push(copy);
      this.server.table.receive(Buffer.from(copy));
    };
    const wire: Wire = {
      send,
      sendData: (recipient, data) => {
        send(Buffer.concat([encodeDataHead(recipient, data.length), data]));
      },
      get congested() {
        return self.congested;
      },
      get ownsMessages() {
        return self.ownsMessages === true;
      },
    };
    this.requests = new GlobalRequests((bytes) => send(bytes));
    this.relay = new Relay({
      wire,
      requests: this.requests,
      forwardAgent: () => {
        if (!this.hasAgent) {
          return undefined;
        }
        this.agents++;
        return { dispose: () => this.agents-- };
      },
    });
    this.table = new ChannelTable({
      wire,
      logger: new RecordingLogger(),
      violated: (error) => {
        this.violation = error;
      },
      accept: () => 1,
      globalReply: (accepted, body) => this.requests.receive(accepted, body),
    });
    this.server.connect((bytes) => this.fromServer(bytes));
  }

  program(): RelayProgram {
    return new RelayProgram(this.relay);
  }

  fromServer(bytes: Buffer): void {
    if (!this.relay.receive(bytes)) {
      this.table.receive(bytes);
    }
  }

  sentOf(number: number): Buffer[] {
    return this.sent.filter((bytes) => bytes[0] === number);
  }
}

/**
 * A connection on which a program has an open channel, with the numbers 5 (its own), `local` (ours) and 7 (the server's).
 * The server replies to nothing.
 */
export function programWithChannel(): {
  connection: RelayedConnection;
  program: RelayProgram;
  local: number;
} {
  const connection = new RelayedConnection();
  connection.server.accept = () => new Promise(() => {});
  const program = connection.program();
  program.client.receive(peerSends.open("session", 5, 1000, 100));
  const local = connection.sentOf(90)[0]?.readUInt32BE(12) ?? 0;
  connection.fromServer(peerSends.confirmation(local, 7, 50, 20));
  return { connection, program, local };
}
