import type { HostSpec } from "../config/hostSpec.ts";
import type { Master } from "../master/master.ts";

/** A connection that programs may use. */
export interface Offer {
  readonly master: Master;
  /** The socket in the folder of sockets by which programs use it. Undefined: there is none in this process. */
  readonly socketName: string | undefined;
}

/** A host as a user may type it. */
export interface OfferedHost extends HostSpec {
  /**
   * ssh_config has forwards for it, which a master of `ssh` would keep, or variables (SetEnv), which its clients don't
   * send.
   */
  readonly needsOwnClient?: boolean;
}

/** Publishes to programs which hosts they reach over which connection. */
export interface Outlet {
  /** @throws ShareError, GatewayError, or the file system's error */
  prepare(): Promise<void>;
  /**
   * Replaces what was published about this connection.
   * @param hosts none: no further program may find it. After its end, programs are disconnected, too.
   */
  set(offer: Offer, hosts: readonly OfferedHost[]): Promise<void>;
  /** Takes everything back. */
  close(): Promise<void>;
  /** This window closes. What outlives it may stay. */
  leave(): void;
}
