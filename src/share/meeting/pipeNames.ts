import { createHmac, randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { win32 } from "node:path";
import { wireString } from "../../base/wire.ts";

/** Turns the id of a pipe into its path. */
export type PipePath = (id: string) => string;

/** All users of the computer share these names, and can list them. */
export const windowsPipe: PipePath = (id) => `\\\\.\\pipe\\ssh-sessions-${id}`;

/** 128 bits in hex. */
export function newPipeId(): string {
  return randomBytes(16).toString("hex");
}

/** Equal for all windows of this user, and unknown to others as long as no window has made the pipe. */
export function derivedPipeId(secret: Buffer, name: string): string {
  const text = Buffer.concat(["ssh-sessions pipe 1", name].map(wireString));
  return createHmac("sha256", secret).update(text).digest("hex").slice(0, 32);
}

/**
 * The folder of one user on one Windows computer, common to all editors. Not in the roaming part of the profile: pipes
 * are those of one computer.
 */
export function pipeFolderPath(env: NodeJS.ProcessEnv = process.env, home = homedir()): string {
  const local = env["LOCALAPPDATA"];
  const base =
    local !== undefined && /^[a-z]:[\\/]/i.test(local) ? local : win32.join(home, "AppData", "Local");
  return win32.join(base, "ssh-sessions");
}

/** A share of another computer, whose windows can't be reached by pipes of this one. */
export function isElsewhere(folder: string): boolean {
  return /^[\\/]{2}/.test(folder);
}
