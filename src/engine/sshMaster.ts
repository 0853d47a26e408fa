import type { Event } from "../base/emitter.ts";

/** A master of `ssh` that this window made. Other programs use it at its control socket. */
export interface SshMaster {
  /** Of the control socket. */
  readonly path: string;
  /**
   * The socket is at the user's ControlPath: what programs get there is what ssh_config says, also agent forwarding, and
   * they go on when this window leaves.
   */
  readonly isUsers: boolean;
  /** How many use it, as far as its log says. */
  readonly programs: number;
  readonly onDidChange: Event<void>;
}
