import type { UsePolicy } from "../config/connectionPolicy.ts";
import type { ConfigWarning, KeepalivePolicy, LingerPolicy } from "../config/hostConfig.ts";
import type {
  ConnectPhase,
  LoginWait,
  RiddenMaster,
  ServerWords,
  WindowName,
} from "../engine/connectionEngine.ts";
import type { ConnectionInfo } from "../engine/connectionInfo.ts";

export interface DestinationSnapshot {
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
}

/** Why a master ended. Sessions show the reasons that are a loss. */
export type MasterEndReason =
  /** It was not used for the linger time. */
  | "linger-over"
  /** Disconnected on request, in order. */
  | "disconnected"
  /** Killed on request, at once. */
  | "killed"
  /** The keepalive got no reply. */
  | "unresponsive"
  /** The server closed the connection. */
  | "closed-by-server"
  /** Reset, unreachable. */
  | "connection-lost"
  /** It was that of the user's own `ssh`, of another window or of the keeper, whose connection or process ended. */
  | "ssh-ended"
  | "window-ended"
  | "keeper-ended"
  /** The master of a jump host ended. */
  | "jump-lost"
  /** It never connected. */
  | "connect-failed"
  /** The extension was shut down. */
  | "shutdown";

/** Whether it ended against the user's intent. */
export function isLoss(reason: MasterEndReason): boolean {
  switch (reason) {
    case "unresponsive":
    case "closed-by-server":
    case "connection-lost":
    case "ssh-ended":
    case "window-ended":
    case "keeper-ended":
    case "jump-lost":
      return true;
    case "linger-over":
    case "disconnected":
    case "killed":
    case "connect-failed":
    case "shutdown":
      return false;
  }
}

/** Times are wall-clock milliseconds since the epoch. */
export type MasterState =
  | {
      readonly kind: "connecting";
      readonly since: number;
      readonly phase: "jump" | "proxy" | ConnectPhase;
      /** What the login waits for. */
      readonly wait?: LoginWait;
    }
  | { readonly kind: "ready"; readonly since: number }
  /** No session; closes at `until` (undefined: stays). */
  | { readonly kind: "lingering"; readonly since: number; readonly until: number | undefined }
  /** Silent, with a pending probe. Counts as dead at `deadAt` unless data arrives. */
  | {
      readonly kind: "suspect";
      readonly since: number;
      readonly unanswered: number;
      readonly countMax: number;
      readonly deadAt: number;
    }
  /** It did not reply to an urgent probe. Becomes `ready` again when data arrives, or `lost`. */
  | { readonly kind: "hung"; readonly since: number; readonly silentSince: number }
  | { readonly kind: "disconnecting"; readonly since: number }
  | {
      readonly kind: "lost";
      readonly since: number;
      readonly reason: MasterEndReason;
      readonly error?: Error;
    }
  | {
      readonly kind: "closed";
      readonly since: number;
      readonly reason: MasterEndReason;
      readonly error?: Error;
    };

/**
 * A master as plain frozen data, without its sessions (the session layer adds them). What its login found out is
 * absent until it is connected.
 */
export interface MasterCore extends Partial<ConnectionInfo> {
  /** Unique for the life of the extension host, e.g. `m3`. */
  readonly id: string;
  /** The argument that `Host` patterns match, for the host that opened it first. Not enough to connect again. */
  readonly alias: string;
  /** That host as typed, `user@alias:port`: it resolves to the same destination again. */
  readonly spec: string;
  readonly destination: DestinationSnapshot;
  /** Aliases of the jump hosts, first hop first. */
  readonly via: readonly string[];
  readonly state: MasterState;
  /** Wall-clock milliseconds: when the connection was made, or the attempt started. */
  readonly since: number;
  readonly lingerUntil: number | undefined;
  readonly keepalive: KeepalivePolicy;
  /** How long it stays after its last session. Undefined for a further connection, which closes at once. */
  readonly linger: LingerPolicy | undefined;
  /** The policies of each use: the connection has the strictest keepalive and the longest linger. */
  readonly uses: readonly UsePolicy[];
  /** What ssh_config asks for, for its uses, and this extension does not honour. */
  readonly warnings: readonly ConfigWarning[];
  /** Last measured round trip. */
  readonly roundTripMs: number | undefined;
  /** The most recent round trips, oldest first, at most 60. */
  readonly roundTrips: readonly number[];
  /** The peer replies to no probes: silence alone does not end the connection. */
  readonly probesIgnored: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly engine: string;
  /** The other window that holds the connection. Undefined: this one does. */
  readonly heldBy: WindowName | undefined;
  /** The master of the user's own `ssh` whose connection this is. Undefined: ours. */
  readonly rides: RiddenMaster | undefined;
  /** A further connection because the first one is full (MaxSessions). */
  readonly overflow: boolean;
}

/** News about the login of a host, or of a jump host before it. `alias`: that host. */
export type LoginNews =
  | { readonly kind: "words"; readonly alias: string; readonly words: ServerWords }
  /** Undefined: the login waits for nothing. */
  | { readonly kind: "wait"; readonly alias: string; readonly wait: LoginWait | undefined };
