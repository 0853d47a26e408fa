import type { ConfigEnvironment } from "./configEnvironment.ts";
import { ExpansionError, expandTilde, expandTokensAndVariables, type Tokens } from "./tokens.ts";

/**
 * The path or glob pattern of an `Include` argument. Relative paths start in `~/.ssh` in a user's file, in `/etc/ssh`
 * in a system file. OpenSSH expands tokens and variables here from 9.9 on; earlier versions take them literally.
 * @throws ExpansionError
 */
export function includePath(
  argument: string,
  isUsers: boolean,
  { userFolder, systemFolder, homedir, homeOf, env, platform }: ConfigEnvironment,
  tokens: Tokens,
): string {
  const path = expandTokensAndVariables(argument, tokens, env);
  if (path.startsWith("~")) {
    if (!isUsers) {
      throw new ExpansionError("~ has no meaning in a system file");
    }
    return expandTilde(path, homedir, homeOf);
  }
  const isAbsolute = path.startsWith("/") || (platform === "win32" && /^(?:[a-z]:)?[\\/]/i.test(path));
  return isAbsolute ? path : `${isUsers ? userFolder : systemFolder}/${path}`;
}

/** The folder in the user's `.ssh` and the ending of the files by which plain `ssh` finds our connections. */
export const ownIncludes = { folder: "ssh-sessions", pattern: "*.conf" } as const;

/**
 * These files lead `ssh` to our own connections, and change whenever one opens or ends. They set nothing for us: in our
 * own calls of `ssh` their conditions are false.
 * @param path of an Include, expanded
 */
export function isOwnInclude(path: string): boolean {
  return path.endsWith(`/.ssh/${ownIncludes.folder}/${ownIncludes.pattern}`);
}

/** The tokens that don't depend on the host. */
export function machineTokens({ localHostName, localUser, uid, homedir }: ConfigEnvironment): Tokens {
  return {
    L: localHostName.replace(/\..*$/s, ""),
    l: localHostName,
    d: homedir,
    i: String(uid),
    u: localUser,
  };
}
