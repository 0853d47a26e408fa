/** What keeps `ssh` from connecting, apart from the host and the network, and what that means for the next attempt. */
export const openSshReasons = {
  /** There is no `ssh`. */
  "openssh-missing": "final",
  /** The `ssh` is older than OpenSSH 8.5, which brought KnownHostsCommand. */
  "openssh-too-old": "final",
  /** The `ssh` does not even say its version. */
  "openssh-silent": "transient",
  /** The `ssh` can't be started, or ended for a reason that is not known here. */
  "openssh-failed": "final",
  /** The askpass by which `ssh` asks was ended by something else. */
  "askpass-ended": "needs-person",
} as const;

export type OpenSshReason = keyof typeof openSshReasons;
