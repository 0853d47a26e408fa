import type { CertificateProblem } from "./hostCertificateCheck.ts";

/** The key a server showed. */
export interface PresentedHostKey {
  /** SSH wire format (RFC 4253 section 6.6). */
  readonly key: Buffer;
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

export interface HostKeyQuestion {
  /** What known_hosts would be asked for: HostKeyAlias or host name, with `[…]:port` where needed. */
  readonly host: string;
  readonly alias: string;
  readonly address: string | undefined;
  readonly port: number;
  readonly presented: PresentedHostKey;
  /** Key types already known for this host (a key of another type is known), for the dialog. */
  readonly knownTypes: readonly string[];
  /** The server showed a certificate, too, and why it did not count. */
  readonly certificateProblem?: CertificateProblem;
}

/** Asks the person whether an unknown key may be trusted and stored. */
export interface HostKeyPrompter {
  confirmUnknown(question: HostKeyQuestion, signal: AbortSignal): Promise<boolean>;
  /** Asks whether known_hosts may follow a server whose keys have changed (UpdateHostKeys ask). Absent: it may not. */
  confirmUpdate?(question: HostKeyUpdateQuestion, signal: AbortSignal): Promise<boolean>;
  /** Tells the person that a key was accepted and could not be saved: it is unknown again at the next connection. */
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
  /** Whole keys of types that may be used here, each once; no certificates. */
  readonly keys: readonly Buffer[];
  /** Has the server prove that it holds the private halves. Resolves to false when it can't. */
  prove(keys: readonly Buffer[], signal: AbortSignal): Promise<boolean>;
}

/** Decides about a server's key, once per connection; engines cache the answer for rekeys. */
export interface HostKeyVerifier {
  /**
   * Host key algorithms to offer first, so that a server shows a key that we already know (OpenSSH:
   * order_hostkeyalgs). Empty: no preference.
   */
  preferredAlgorithms(): Promise<readonly string[]>;
  /** @throws HostKeyError when the key must not be trusted; CancelledError when the person closed the dialog. */
  verify(key: Buffer, address: string | undefined, signal: AbortSignal): Promise<void>;
  /** The server has announced its keys: known_hosts may follow (UpdateHostKeys). Never rejects. */
  announced?(announcement: HostKeyAnnouncement, signal: AbortSignal): Promise<void>;
}
