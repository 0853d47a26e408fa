import { asError } from "../base/errors.ts";
import { printable } from "../base/log.ts";
import {
  type AlgorithmKeyword,
  type AlgorithmNames,
  algorithmKeywords,
  assembleAlgorithms,
} from "./algorithmLists.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import { ConfigError } from "./configErrors.ts";
import type { Evaluation, SettingLine } from "./evaluationTypes.ts";
import { machineTokens } from "./includePath.ts";
import { lastJumpHost } from "./jumpHops.ts";
import {
  connectionHash,
  expandTilde,
  expandTokens,
  expandTokensAndVariables,
  type Tokens,
} from "./tokens.ts";

/**
 * Values by keyword as `ssh -G` prints them: a list has several items; a keyword that is not set and has no default
 * is missing.
 */
export type EffectiveValues = ReadonlyMap<string, readonly string[]>;

const fixedDefaults: Readonly<Record<string, readonly string[]>> = {
  port: ["22"],
  addressfamily: ["any"],
  batchmode: ["no"],
  compression: ["no"],
  connectionattempts: ["1"],
  controlpersist: ["no"],
  escapechar: ["~"],
  forwardagent: ["no"],
  hashknownhosts: ["no"],
  identitiesonly: ["no"],
  kbdinteractiveauthentication: ["yes"],
  numberofpasswordprompts: ["3"],
  passwordauthentication: ["yes"],
  pubkeyauthentication: ["true"],
  requesttty: ["auto"],
  requiredrsasize: ["1024"],
  loglevel: ["INFO"],
  nohostauthenticationforlocalhost: ["no"],
  sessiontype: ["default"],
  serveralivecountmax: ["3"],
  serveraliveinterval: ["0"],
  stricthostkeychecking: ["ask"],
  tcpkeepalive: ["yes"],
  userknownhostsfile: ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"],
  identityfile: ["rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk"].map((kind) => `~/.ssh/id_${kind}`),
};

/**
 * Fills in OpenSSH's defaults and expands what `ssh -G` expands.
 * @throws ConfigError `malformed` where something can't be expanded; OpenSSH refuses it too.
 */
export function effectiveValues(
  evaluation: Evaluation,
  alias: string,
  environment: ConfigEnvironment,
  algorithms: Readonly<Record<AlgorithmKeyword, AlgorithmNames>>,
): EffectiveValues {
  const { settings, hostName } = evaluation;
  const { homedir, homeOf, env, systemFolder } = environment;
  const values = new Map<string, readonly string[]>(Object.entries(fixedDefaults));
  values.set(
    "globalknownhostsfile",
    ["ssh_known_hosts", "ssh_known_hosts2"].map((name) => `${systemFolder}/${name}`),
  );
  values.set("user", [environment.localUser]);
  for (const [name, lines] of settings) {
    values.set(
      name,
      lines.flatMap((line) => line.values),
    );
  }
  values.set("hostname", [hostName]);
  // Without a line, the user typed it: OpenSSH does not check it.
  if (settings.get("user")?.[0]?.line !== undefined) {
    const { C: _hash, r: _user, ...others } = hostTokens(values, alias, environment);
    expand("user", (text) => expandTokensAndVariables(text, others, env));
  }
  expand("hostkeyalias", (text) => text.toLowerCase());
  const tokens = hostTokens(values, alias, environment);
  const path = (text: string): string =>
    expandTokensAndVariables(expandTilde(text, homedir, homeOf), tokens, env);
  expand("remotecommand", (text) => (isNone(text) ? undefined : expandTokens(text, tokens)));
  expand("identityagent", path);
  expand("controlpath", (text) => (isNone(text) ? undefined : path(text)));
  expand("userknownhostsfile", (text) => (isNone(text) ? undefined : path(text)));
  expand("globalknownhostsfile", (text) => (isNone(text) ? undefined : text));
  expand("revokedhostkeys", (text) => (isNone(text) ? undefined : text));
  expand("channeltimeout", (text) => (isNone(text) ? undefined : text));
  expand("proxycommand", (text) => (isNone(text) ? undefined : text));
  expand("proxyjump", (text) => (isNone(text) ? undefined : text));
  expand("forwardagent", path);
  expand("setenv", (text) => {
    const start = text.indexOf("=") + 1;
    return text.slice(0, start) + expandTokensAndVariables(text.slice(start), tokens, env);
  });
  for (const keyword of algorithmKeywords) {
    expand(keyword, (list) => assembleAlgorithms(list, algorithms[keyword]).join(","));
  }
  return values;

  function expand(name: string, change: (text: string) => string | undefined): void {
    const changed = (values.get(name) ?? [])
      .map((text) => expandFor(name, settings.get(name)?.[0], () => change(text)))
      .filter((text) => text !== undefined);
    if (changed.length > 0) {
      values.set(name, changed);
    } else {
      values.delete(name);
    }
  }
}

/**
 * The replacements of `%` letters, once host name, user and port are known (ssh.c, default_client_percent_expand).
 */
export function hostTokens(
  values: EffectiveValues,
  alias: string,
  environment: ConfigEnvironment,
): Tokens & { readonly C: string; readonly r: string } {
  const { localHostName, localUser } = environment;
  const hostName = values.get("hostname")?.[0] ?? alias;
  const port = values.get("port")?.[0] ?? "22";
  const user = values.get("user")?.[0] ?? localUser;
  const jumpHost = lastJumpHost(values.get("proxyjump")?.[0]);
  return {
    ...machineTokens(environment),
    ...{ h: hostName, n: alias, k: values.get("hostkeyalias")?.[0] ?? alias, p: port, r: user, j: jumpHost },
    C: connectionHash({ localHost: localHostName, hostName, port: Number(port), user, jumpHost }),
  };
}

/** Runs `work` and converts its expansion and argument errors to a ConfigError that names the line. */
export function expandFor<T>(name: string, setting: SettingLine | undefined, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const { file, line } = setting ?? {};
    const place = file === undefined ? "" : `${printable(file)}:${line}: `;
    throw new ConfigError("malformed", `${place}${name}: ${asError(cause).message}`, {
      cause,
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
    });
  }
}

function isNone(text: string): boolean {
  return text.toLowerCase() === "none";
}
