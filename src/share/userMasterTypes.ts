/** A live master that the user's own `ssh` made. Frozen. */
export interface UserMasterSnapshot {
  /** Of its control socket. */
  readonly path: string;
  /** The hosts of ssh_config whose ControlPath it is. At least one. */
  readonly hosts: readonly string[];
  /** Of its process, as it reports it. */
  readonly pid: number;
  /** Wall-clock milliseconds: when its socket was bound. */
  readonly since: number;
  /** A connection of this window rides it. */
  readonly isRidden: boolean;
}
