import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A non-root login of this machine, created for the lab. */
export interface LabUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Random, made on this machine, in a file that only root can read. */
  readonly password: string;
}

/** Only root can create temporary users, and only if `useradd` is installed. */
export function canMakeUsers(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}

/**
 * The user of that name, created if missing. Tests of several processes may request it at once: a folder serves as
 * the lock. The user stays on the machine for the next run.
 */
export async function labUser(name = "sshlab"): Promise<LabUser> {
  if (!canMakeUsers()) {
    throw new Error(`The lab can make the user ${name} only as root on Linux: run these tests as root.`);
  }
  const folder = join(tmpdir(), "ssh-sessions-lab-users");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await stat(folder)).uid !== 0) {
    throw new Error(`${folder} belongs to another user: remove it.`);
  }
  await chmod(folder, 0o700);
  const passwordFile = join(folder, name);
  const known = await lookUp(name, passwordFile);
  if (known !== undefined) {
    return known;
  }
  return withLock(join(folder, ".lock"), async () => {
    const made = await lookUp(name, passwordFile);
    if (made !== undefined) {
      return made;
    }
    const password = randomBytes(12).toString("base64url");
    const exists = await userIds(name);
    if (exists === undefined) {
      // An empty skeleton: no .bashrc of the distribution.
      const skeleton = join(folder, ".skeleton");
      await mkdir(skeleton, { recursive: true });
      await run("useradd", ["--create-home", "--skel", skeleton, "--shell", "/bin/bash", name]);
    }
    const changing = run("chpasswd");
    changing.child.stdin?.end(`${name}:${password}\n`);
    await changing;
    // Written atomically, because others read it without the lock.
    await writeFile(`${passwordFile}.new`, password, { mode: 0o600 });
    await rename(`${passwordFile}.new`, passwordFile);
    const user = await lookUp(name, passwordFile);
    if (user === undefined) {
      throw new Error(`useradd made no user ${name}`);
    }
    return user;
  });
}

async function lookUp(name: string, passwordFile: string): Promise<LabUser | undefined> {
  const ids = await userIds(name);
  if (ids === undefined) {
    return undefined;
  }
  try {
    return { name, ...ids, password: await readFile(passwordFile, "utf8") };
  } catch {
    return undefined;
  }
}

async function userIds(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const line = (await readFile("/etc/passwd", "utf8"))
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const fields = line?.split(":");
  return fields ? { uid: Number(fields[2]), gid: Number(fields[3]) } : undefined;
}

/** Runs `work` with a lock folder; a lock older than a minute was left behind by a process that died. */
async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await mkdir(folder);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw error;
      }
    }
    const age = await stat(folder).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > 60_000) {
      await rm(folder, { recursive: true, force: true });
    }
    await delay(20);
  }
  try {
    return await work();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
