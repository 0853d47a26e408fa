import type { SettingsFolder } from "../config/configPorts.ts";
import type { ForwardSpec } from "../config/forwardSpec.ts";

/** Who wants a forward. */
export type ForwardOrigin =
  | { readonly kind: "person" }
  /** LocalForward, RemoteForward or DynamicForward of `alias`. Without `file`, it came from `ssh -G`, which names none. */
  | { readonly kind: "sshConfig"; readonly alias: string; readonly file?: string; readonly line?: number }
  /** `sshSessions.hosts[].forwards`, the entry with this pattern. */
  | { readonly kind: "setting"; readonly pattern: string };

export interface ForwardRequest {
  /** As it is typed. */
  readonly host: string;
  readonly spec: ForwardSpec;
  readonly origin: ForwardOrigin;
  /** Whose settings count. Default: the folder of the editor in front. */
  readonly folder?: SettingsFolder;
  /** It listens without a connection, and logs in when the first client comes. */
  readonly onDemand?: boolean;
}

/** A program of this computer. */
export interface LocalProgram {
  readonly pid: number;
  readonly name: string;
}

/** `since`: wall-clock milliseconds. */
export type ForwardState =
  | { readonly kind: "starting"; readonly since: number }
  | { readonly kind: "listening"; readonly since: number }
  /** It listens here and has no connection: the connection was lost, or the first client begins it. */
  | { readonly kind: "waiting"; readonly since: number; readonly onDemand: boolean }
  /** It does not work. `owner`: who has the port, where the system tells. */
  | { readonly kind: "refused"; readonly since: number; readonly error: Error; readonly owner?: LocalProgram }
  | { readonly kind: "stopped"; readonly since: number };

/** One connection through a forward. */
export interface ForwardConnection {
  readonly id: number;
  /** Where it comes from: `address:port`, untrusted for a remote forward. Undefined: a unix socket. */
  readonly from: string | undefined;
  /** Where it goes; undefined: it has not said yet. Untrusted for a dynamic forward. */
  readonly to: string | undefined;
  readonly since: number;
  /** Bytes towards the target, and back from it. */
  readonly sent: number;
  readonly received: number;
}

/** A forward as plain frozen data. */
export interface ForwardSnapshot {
  /** Unique for the life of the extension host, e.g. `f3`. */
  readonly id: string;
  /** The connection below which it stands. Undefined: it has none yet. */
  readonly masterId: string | undefined;
  /** The host as it was typed first. */
  readonly host: string;
  readonly spec: ForwardSpec;
  /** Who wants it, in the order in which they came. At least one. */
  readonly origins: readonly ForwardOrigin[];
  readonly state: ForwardState;
  /** Where it listens, as far as that is known: `127.0.0.1:8080`, or a path. On the server for a remote forward. */
  readonly addresses: readonly string[];
  /** Addresses of this computer that it was to have as well, and that another program has. */
  readonly takenAddresses: readonly string[];
  /** The port that it has, where port 0 was asked for, too. */
  readonly port: number | undefined;
  /** When it was started, wall-clock milliseconds. */
  readonly since: number;
  /** The newest of the open ones, at most 50. */
  readonly connections: readonly ForwardConnection[];
  readonly openConnections: number;
  /** Connections that were taken, and those that were turned away or failed, since it was started. */
  readonly taken: number;
  readonly failed: number;
  readonly sent: number;
  readonly received: number;
  /** Bytes per second, both ways together. */
  readonly rate: number;
  /** Why the last connection failed. */
  readonly lastFailure: Error | undefined;
}
