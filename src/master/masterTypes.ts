import type { UsePolicy } from "../config/connectionPolicy.ts";
import type { ConfigWarning, KeepalivePolicy, LingerPolicy } from "../config/hostConfig.ts";
import type {
  ConnectPhase,
  LoginWait,
  NegotiatedAlgorithms,
  ServerWords,
} from "../engine/connectionEngine.ts";

export interface DestinationSnapshot {
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
}

/** Why a master is gone. `lost` reasons tell the sessions why they ended. */
export type MasterEndReason =
  /** Nobody needed it for the linger time. */
  | "linger-over"
  /** Someone asked for it: in order. */
  | "disconnected"
  /** Someone asked for it: at once. */
  | "killed"
  /** The heartbeat found no life. */
  | "unresponsive"
  /** The server closed the connection. */
  | "closed-by-server"
  /** Reset, unreachable. */
  | "connection-lost"
  /** The master of a jump host ended. */
  | "jump-lost"
  /** It never came up. */
  | "connect-failed"
  /** The extension was shut down. */
  | "shutdown";

/** Did it go away without anybody here wanting it? */
export function isLoss(reason: MasterEndReason): boolean {
  switch (reason) {
    case "unresponsive":
    case "closed-by-server":
    case "connection-lost":
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
  /** No session; leaves at `until` (undefined: stays). */
  | { readonly kind: "lingering"; readonly since: number; readonly until: number | undefined }
  /** Silent, a probe is out. Counts as dead at `deadAt` unless something arrives. */
  | {
      readonly kind: "suspect";
      readonly since: number;
      readonly unanswered: number;
      readonly countMax: number;
      readonly deadAt: number;
    }
  /** It did not answer an urgent probe. Becomes `ready` again when data arrives, or `lost`. */
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

export type MasterStateKind = MasterState["kind"];

/** A master as plain frozen data, without its sessions (those are added by the session layer). */
export interface MasterCore {
  /** Unique for the life of the extension host, e.g. `m3`. */
  readonly id: string;
  /** The argument that `Host` patterns match, of the host that opened it first. Not enough to reach it again. */
  readonly alias: string;
  /** What that host was typed as, `user@alias:port`: resolved again, it leads to the same destination. */
  readonly spec: string;
  readonly destination: DestinationSnapshot;
  /** Aliases of the jump hosts, first hop first. */
  readonly via: readonly string[];
  readonly state: MasterState;
  /** Wall-clock milliseconds: when the connection was made, or the attempt began. */
  readonly since: number;
  readonly lingerUntil: number | undefined;
  readonly keepalive: KeepalivePolicy;
  /** How long it stays after its last session. Undefined for a further connection, which leaves at once. */
  readonly linger: LingerPolicy | undefined;
  /** What each of those that use it says for itself: the connection has the strictest keepalive and the longest linger. */
  readonly uses: readonly UsePolicy[];
  /** What ssh_config asks for, for those that use it, and is not honoured. */
  readonly warnings: readonly ConfigWarning[];
  /** Last measured round trip. */
  readonly roundTripMs: number | undefined;
  /** The most recent round trips, oldest first, at most 60. */
  readonly roundTrips: readonly number[];
  /** The peer does not answer probes at all: silence alone does not end it. */
  readonly probesIgnored: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly engine: string;
  /** A further connection because the first one is full (MaxSessions). */
  readonly overflow: boolean;
  readonly serverVersion: string | undefined;
  readonly algorithms: NegotiatedAlgorithms | undefined;
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
}

/** What happens while a host, or a jump host before it, logs in, for those who wait for it. `alias`: of that host. */
export type LoginNews =
  | { readonly kind: "words"; readonly alias: string; readonly words: ServerWords }
  /** Undefined: it goes on by itself. */
  | { readonly kind: "wait"; readonly alias: string; readonly wait: LoginWait | undefined };
