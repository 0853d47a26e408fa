import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import type { HostKeyAnnouncement } from "../../trust/hostKeyPorts.ts";
import type { AgentSocketBudget } from "../transport/agentForwarding.ts";

/** Receive windows in bytes: they limit what can still arrive after `pause`, and the speed at a given round trip. */
export interface WindowSizes {
  /** Small, so that Ctrl+C works soon: 256 KiB carries 2.5 MB/s at 100 ms, more than a terminal can show. */
  readonly pty: number;
  readonly other: number;
}

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
