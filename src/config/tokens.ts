import { createHash } from "node:crypto";

/** A token, an environment variable or a `~user` can't be expanded. Callers add the file and line. */
export class ExpansionError extends Error {}

/** The value of each `%` letter; other letters are refused. */
export type Tokens = Readonly<Record<string, string>>;

/** Replaces `%x` tokens and `%%` (misc.c, percent_expand). @throws ExpansionError */
export function expandTokens(text: string, tokens: Tokens): string {
  return text.replace(/%(.?)/gs, (_, letter: string) => token(letter, tokens));
}

/** Replaces `%x` tokens and `${NAME}`. The value of a variable is not expanded again. @throws ExpansionError */
export function expandTokensAndVariables(
  text: string,
  tokens: Tokens,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return text.replace(/%(.?)|\$\{([^}]*)(\}?)/gs, (_, letter: string | undefined, name, end) => {
    if (letter !== undefined) {
      return token(letter, tokens);
    }
    const value = end === "}" ? env[name] : undefined;
    if (value === undefined) {
      throw new ExpansionError(
        end === "}" ? `the environment variable ${name} is not set` : `"\${" without "}"`,
      );
    }
    return value;
  });
}

/** Replaces a leading `~` or `~user` (misc.c, tilde_expand). @throws ExpansionError */
export function expandTilde(
  path: string,
  homedir: string,
  homeOf: (user: string) => string | undefined,
): string {
  const match = /^~([^/\\]*)[/\\]*(.*)$/s.exec(path);
  if (match === null) {
    return path;
  }
  const [, user = "", rest = ""] = match;
  const home = user === "" ? homedir : homeOf(user);
  if (home === undefined) {
    throw new ExpansionError(`there is no user ${user} here`);
  }
  return home.endsWith("/") ? `${home}${rest}` : `${home}/${rest}`;
}

/** `%C`: a hash of the connection (readconf.c, ssh_connection_hash). */
export function connectionHash(parts: {
  readonly localHost: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly jumpHost: string;
}): string {
  return createHash("sha1")
    .update(`${parts.localHost}${parts.hostName}${parts.port}${parts.user}${parts.jumpHost}`)
    .digest("hex");
}

/**
 * The command of `ProxyCommand` with its tokens replaced (sshconnect.c, expand_proxy_command): `%h`, `%k`, `%n`,
 * `%p`, `%r` and `%%` only. The result is for the user's shell.
 * @throws ExpansionError
 */
export function expandProxyCommand(
  command: string,
  host: {
    readonly alias: string;
    readonly hostName: string;
    readonly port: number;
    readonly user: string;
    readonly hostKeyAlias?: string;
  },
): string {
  return expandTokens(command, {
    h: host.hostName,
    k: host.hostKeyAlias ?? host.alias,
    n: host.alias,
    p: String(host.port),
    r: host.user,
  });
}

function token(letter: string, tokens: Tokens): string {
  if (letter === "%") {
    return "%";
  }
  const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
  if (value === undefined) {
    throw new ExpansionError(letter === "" ? `a "%" at the end` : `the token %${letter} is not known here`);
  }
  return value;
}
