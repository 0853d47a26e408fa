import { readFileSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";

/** The facts about the machine and the user that ssh_config depends on. Tests make their own. */
export interface ConfigEnvironment {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `~` expands to. */
  readonly homedir: string;
  readonly localUser: string;
  readonly localHostName: string;
  /** -1 where there are no user ids (Windows). */
  readonly uid: number;
  /** `~/.ssh`, the base of relative Includes in a user's files. */
  readonly userFolder: string;
  readonly userFile: string;
  /** `/etc/ssh` or its equivalent, the base of relative Includes in system files. */
  readonly systemFolder: string;
  readonly systemFile: string;
  /** The home folder of another user of this machine, for `~name`. */
  readonly homeOf: (user: string) => string | undefined;
}

/** The facts about this machine. `changes` override them; paths not given follow from the home folder. */
export function configEnvironment(changes: Partial<ConfigEnvironment> = {}): ConfigEnvironment {
  const platform = changes.platform ?? process.platform;
  const env = changes.env ?? process.env;
  const person = currentUser();
  // OpenSSH reads the account database, not $HOME.
  const home = changes.homedir ?? person.homedir;
  const userFolder = changes.userFolder ?? `${home}/.ssh`;
  const systemFolder =
    changes.systemFolder ??
    (platform === "win32" ? `${env["ProgramData"] ?? "C:\\ProgramData"}\\ssh` : "/etc/ssh");
  return {
    platform,
    env,
    homedir: home,
    localUser: person.username,
    localHostName: hostname(),
    uid: person.uid,
    userFolder,
    userFile: `${userFolder}/config`,
    systemFolder,
    systemFile: `${systemFolder}/ssh_config`,
    homeOf: (user) => (user === person.username ? home : homeFromPasswd(user)),
    ...changes,
  };
}

function currentUser(): { username: string; homedir: string; uid: number } {
  try {
    return userInfo();
  } catch {
    // The uid has no account, as in some containers.
    return {
      username: process.env["USER"] ?? process.env["USERNAME"] ?? "",
      homedir: homedir(),
      uid: process.getuid?.() ?? -1,
    };
  }
}

function homeFromPasswd(user: string): string | undefined {
  let passwd: string;
  try {
    passwd = readFileSync("/etc/passwd", "utf8");
  } catch {
    return undefined;
  }
  const fields = passwd.split("\n").map((line) => line.split(":"));
  return fields.find(([name]) => name === user)?.[5];
}
