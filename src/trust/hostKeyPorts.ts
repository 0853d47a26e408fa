import type { CertificateProblem } from "./hostCertificateCheck.ts";
import type { OtherName } from "./otherNames.ts";

/** The key that a server sent. */
export interface PresentedHostKey {
  /** SSH wire format (RFC 4253 section 6.6). */
  readonly key: Buffer;
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

export interface HostKeyQuestion {
  /** The name to look up in known_hosts: HostKeyAlias or host name, with `[…]:port` where needed. */
  readonly host: string;
  readonly alias: string;
  readonly address: string | undefined;
  readonly port: number;
  readonly presented: PresentedHostKey;
  /** Key types already known for this host (a key of another type is known), for the dialog. */
  readonly knownTypes: readonly string[];
  /** Why the certificate that the server also sent did not count. */
  readonly certificateProblem?: CertificateProblem;
  /** Where the key is known under other names. */
  readonly otherNames?: readonly OtherName[];
  /** The file to which an accepted key is added. */
  readonly savedTo?: string;
}

/** Asks the user whether an unknown key may be trusted and stored. */
export interface HostKeyPrompter {
  confirmUnknown(question: HostKeyQuestion, signal: AbortSignal): Promise<boolean>;
  /**
   * Asks whether to update known_hosts for a server whose keys have changed (UpdateHostKeys ask). Absent: no update.
   */
  confirmUpdate?(question: HostKeyUpdateQuestion, signal: AbortSignal): Promise<boolean>;
  /** Informs the user that an accepted key could not be saved: it will be unknown at the next connection. */
  notSaved?(alias: string, file: string, why: string): void;
}

export interface HostKeyUpdateQuestion {
  /** As in known_hosts. */
  readonly host: string;
  readonly alias: string;
  readonly added: readonly PresentedHostKey[];
  readonly removed: readonly PresentedHostKey[];
}

/** The keys that a server announces after the login (hostkeys-00@openssh.com, OpenSSH's PROTOCOL, section 2.5). */
export interface HostKeyAnnouncement {
  /** Valid keys of types that may be used here, without duplicates and certificates. */
  readonly keys: readonly Buffer[];
  /** Makes the server prove that it holds the private keys. Resolves to false if it can't. */
  prove(keys: readonly Buffer[], signal: AbortSignal): Promise<boolean>;
}

/** Decides about a server's key, once per connection; engines cache the decision for rekeys. */
export interface HostKeyVerifier {
  /**
   * Host key algorithms to offer first, so that a server sends a key that is already known (OpenSSH:
   * order_hostkeyalgs). Empty: no preference.
   */
  preferredAlgorithms(): Promise<readonly string[]>;
  /** @throws HostKeyError when the key must not be trusted; CancelledError when the user closed the dialog. */
  verify(key: Buffer, address: string | undefined, signal: AbortSignal): Promise<void>;
  /** The server has announced its keys, and known_hosts may be updated (UpdateHostKeys). Never rejects. */
  announced?(announcement: HostKeyAnnouncement, signal: AbortSignal): Promise<void>;
}
