import { startEmbeddedHost } from "./embeddedHost.ts";
import type { SshConfigEntry } from "./sshdConfig.ts";
import { startSshd } from "./sshdHost.ts";
import { findSshd } from "./sshdServer.ts";

/** The common interface of all lab hosts. */
export interface LabHost extends SshConfigEntry {
  /** HOME of its sessions. */
  readonly home: string;
  logins(): number;
  sessions(): number;
  sshConfigText(alias: string, extra?: readonly string[]): string;
  stop(): Promise<void>;
}

/** A host for experiments: OpenSSH's server if the machine has one, otherwise the embedded one. */
export function startLabHost(
  options: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<LabHost> {
  return findSshd() === undefined || process.platform === "win32"
    ? startEmbeddedHost(options)
    : startSshd(options);
}
