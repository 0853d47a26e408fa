/** Whether the user of the keeper is still logged in, by the records of systemd-logind or elogind. */

import { access, readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";

/** `unknown`: the system has no such records, or they say nothing about this process. */
export type LoginState = "here" | "gone" | "unknown";

/**
 * @param root of the file system. Tests have one of their own.
 * @returns reads the state. Never rejects. Waits for the first reading, which decides whether there are records.
 */
export async function loginStates(root = "/"): Promise<() => Promise<LoginState>> {
  const { uid, username } = userInfo();
  // What sd_uid_get_state(3) reads; it has no other source.
  const record = join(root, "run/systemd/users", String(uid));
  const hadRecord = (await textOf(record)) !== undefined;
  const isService = (await textOf(join(root, "proc/self/cgroup")))?.includes("/system.slice/") === true;
  if (!hadRecord || isService) {
    // A service of the system goes on, whoever logs in or out.
    return async () => "unknown";
  }
  return async () => {
    const state = /^STATE=(.*)$/m.exec((await textOf(record)) ?? "STATE=offline")?.[1];
    // The keeper itself may be what is left of the last session: its user is `closing` then, and logind waits for it
    // before it removes the folder of the sockets (user_may_gc in logind-user.c), unless KillUserProcesses=yes.
    if (state !== "closing" && state !== "offline") {
      return "here";
    }
    return (await exists(join(root, "var/lib/systemd/linger", username))) ? "here" : "gone";
  };
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
