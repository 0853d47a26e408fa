import ssh2 from "ssh2";

export interface EmbeddedKey {
  /** OpenSSH format. */
  readonly private: string;
  /** One line as in authorized_keys, without the line end. */
  readonly public: string;
}

/** An ed25519 key pair without `ssh-keygen`. One in 300 that ssh2 1.17.0 makes is malformed: those are discarded. */
export function makeEmbeddedKey(): EmbeddedKey {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment: "lab" });
    const [secret, open] = [ssh2.utils.parseKey(pair.private), ssh2.utils.parseKey(pair.public)];
    if (
      !(secret instanceof Error) &&
      !(open instanceof Error) &&
      secret.getPublicSSH().equals(open.getPublicSSH())
    ) {
      return { private: pair.private, public: pair.public };
    }
  }
}
