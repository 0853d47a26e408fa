import type { SettingsFolder } from "../config/configPorts.ts";
import type { ForwardSpec } from "../config/forwardSpec.ts";

/** Where a forward comes from. */
export type ForwardOrigin =
  | { readonly kind: "person" }
  /** Another extension, by the API. `claim`: the name that it reports, untrusted. */
  | { readonly kind: "extension"; readonly claim?: string }
  /**
   * LocalForward, RemoteForward or DynamicForward of `alias`. Without `file`, it came from `ssh -G`, which reports no
   * file.
   */
  | { readonly kind: "sshConfig"; readonly alias: string; readonly file?: string; readonly line?: number }
  /** `sshSessions.hosts[].forwards`, the entry with this pattern. */
  | { readonly kind: "setting"; readonly pattern: string };

export interface ForwardRequest {
  /** As typed. */
  readonly host: string;
  readonly spec: ForwardSpec;
  readonly origin: ForwardOrigin;
  /** The folder whose settings apply. Default: the folder of the active editor. */
  readonly folder?: SettingsFolder;
  /** Listens without a connection, and logs in for the first client. */
  readonly onDemand?: boolean;
}

/** A program on this computer. */
export interface LocalProgram {
  readonly pid: number;
  readonly name: string;
}

/** `since`: wall-clock milliseconds. */
export type ForwardState =
  | { readonly kind: "starting"; readonly since: number }
  | { readonly kind: "listening"; readonly since: number }
  /** It listens without a connection: the connection was lost, or the first client will start it. */
  | { readonly kind: "waiting"; readonly since: number; readonly onDemand: boolean }
  /** It does not work. `owner`: the program that has the port, if the system reports it. */
  | { readonly kind: "refused"; readonly since: number; readonly error: Error; readonly owner?: LocalProgram }
  /**
   * `isFromBefore`: it was open before the window reloaded, and was not started since. `servedBy`: the user's own
   * `ssh`, whose connection is used, listens at its port.
   */
  | {
      readonly kind: "stopped";
      readonly since: number;
      readonly isFromBefore?: boolean;
      readonly servedBy?: LocalProgram & { readonly isWindow?: true };
    };

/** One connection through a forward. */
export interface ForwardConnection {
  readonly id: number;
  /** Its origin: `address:port`, untrusted for a remote forward. Undefined: a unix socket. */
  readonly from: string | undefined;
  /** Its target; undefined: not requested yet. Untrusted for a dynamic forward. */
  readonly to: string | undefined;
  readonly since: number;
  /** Bytes to the target, and from it. */
  readonly sent: number;
  readonly received: number;
}

/** A forward as plain frozen data. */
export interface ForwardSnapshot {
  /** Unique for the life of the extension host, e.g. `f3`. */
  readonly id: string;
  /** The connection that it uses. Undefined: it has none yet. */
  readonly masterId: string | undefined;
  /** The host as it was first typed. */
  readonly host: string;
  readonly spec: ForwardSpec;
  /** Where it comes from, oldest first. At least one. */
  readonly origins: readonly ForwardOrigin[];
  readonly state: ForwardState;
  /** Its known listening addresses: `127.0.0.1:8080`, or a path. On the server for a remote forward. */
  readonly addresses: readonly string[];
  /** Further addresses of this computer that it should have, but that another program uses. */
  readonly takenAddresses: readonly string[];
  /** Its port, also where port 0 was requested. */
  readonly port: number | undefined;
  /** When it was started, wall-clock milliseconds. */
  readonly since: number;
  /** The newest of the open ones, at most 50. */
  readonly connections: readonly ForwardConnection[];
  readonly openConnections: number;
  /** Connections that were accepted, and those that were refused or failed, since it was started. */
  readonly taken: number;
  readonly failed: number;
  readonly sent: number;
  readonly received: number;
  /** Bytes per second, in both directions together. */
  readonly rate: number;
  /** Why the last connection failed; undefined again after one that worked. */
  readonly lastFailure: Error | undefined;
}
