/** Reasons why `ssh` can't connect, apart from the host and the network, and what each means for the next attempt. */
export const openSshReasons = {
  /** No `ssh` is installed. */
  "openssh-missing": "final",
  /** The `ssh` is older than OpenSSH 8.5, the first version with KnownHostsCommand. */
  "openssh-too-old": "final",
  /** The `ssh` does not print its version. */
  "openssh-silent": "transient",
  /** The `ssh` can't be started, or ended for an unknown reason. */
  "openssh-failed": "final",
  /** The askpass program of `ssh` was killed. */
  "askpass-ended": "needs-person",
} as const;

/** Those that do not depend on the host. */
export const unableReasons: ReadonlySet<string> = new Set<keyof typeof openSshReasons>([
  "openssh-missing",
  "openssh-too-old",
  "openssh-silent",
  "openssh-failed",
]);

export type OpenSshReason = keyof typeof openSshReasons;
