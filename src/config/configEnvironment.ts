import { readFileSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";

/** The machine and the person, as far as ssh_config depends on them. Tests make their own. */
export interface ConfigEnvironment {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `~` leads. */
  readonly homedir: string;
  readonly localUser: string;
  readonly localHostName: string;
  /** -1 where there are none (Windows). */
  readonly uid: number;
  /** `~/.ssh`: relative Includes of a user's files begin here. */
  readonly userFolder: string;
  readonly userFile: string;
  /** `/etc/ssh` or its like: relative Includes of system files begin here. */
  readonly systemFolder: string;
  readonly systemFile: string;
  /** Home folder of another user of this machine, for `~name`. */
  readonly homeOf: (user: string) => string | undefined;
}

/** This machine. `changes` replace what is found out; paths not given follow from the home folder. */
export function configEnvironment(changes: Partial<ConfigEnvironment> = {}): ConfigEnvironment {
  const platform = changes.platform ?? process.platform;
  const env = changes.env ?? process.env;
  const person = currentUser();
  // OpenSSH asks the account database, not $HOME.
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
    // An uid without an account, as in containers.
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
