import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { wireString, wireUint32 } from "../../base/wire.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import type { HostKeyAnnouncement } from "../../trust/hostKeyPorts.ts";
import type { WindowSizes } from "../channelConnection.ts";
import { encode, message } from "../channels/messages.ts";
import type { AgentSocketBudget } from "../transport/agentForwarding.ts";

/** The parts of a connection. `client.connect` has not been called yet; `socket` is connected. */
export interface Ssh2ConnectionParts {
  readonly client: Client;
  readonly socket: Duplex;
  readonly config: HostConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly windows: WindowSizes;
  readonly agentSockets: AgentSocketBudget;
  /** The accepted host key types, and the listener for announced keys. */
  readonly hostKeys: {
    readonly offered: readonly string[];
    announced(announcement: HostKeyAnnouncement, signal: AbortSignal): void;
  };
}

/** RFC 4253 section 11.2 */
export const ignore = encode(message.ignore, wireString(""));

/** RFC 4253 section 11.1: SSH_MSG_DISCONNECT with SSH_DISCONNECT_PROTOCOL_ERROR. */
export function protocolErrorMessage(text: string): Buffer {
  return encode(1, wireUint32(2), wireString(text), wireString(""));
}

/** RFC 4253 section 11.1: PROTOCOL_ERROR, KEY_EXCHANGE_FAILED, MAC_ERROR, COMPRESSION_ERROR. */
export const protocolCodes: ReadonlySet<number> = new Set([2, 3, 5, 6]);
