import type { Logger } from "../../base/log.ts";
import type { WireReader } from "../../base/wire.ts";
import type { Acceptance } from "./peerOpens.ts";
import type { ProtocolError } from "./protocolError.ts";
import type { Wire } from "./wire.ts";

/** What the table needs from the connection. */
export interface ChannelTableHost {
  readonly wire: Wire;
  readonly logger: Logger;
  /** The peer broke the protocol: end the connection, which calls `end`. */
  violated(error: ProtocolError): void;
  /** The peer opens a channel of this type. @param body the fields that belong to the type */
  accept(type: string, body: WireReader): Acceptance;
  /** SSH_MSG_REQUEST_SUCCESS or _FAILURE: the reply to our oldest global request. @param body the reply's data */
  globalReply(accepted: boolean, body: WireReader): void;
  /** A global request that wants no reply. */
  announced?(name: string, body: WireReader): void;
}
