import { printable } from "../base/log.ts";
import { parseAddKeysToAgent } from "./addKeysToAgent.ts";
import { algorithmKeywords } from "./algorithmLists.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import { ConfigError } from "./configErrors.ts";
import { configuredForwards } from "./configuredForwards.ts";
import { type EffectiveValues, expandFor, hostTokens } from "./effectiveValues.ts";
import type { Evaluation } from "./evaluationTypes.ts";
import { type HostConfig, type StrictHostKeyChecking, sshLogLevels, type ValueSource } from "./hostConfig.ts";
import { parseJumpHops } from "./jumpHops.ts";
import { keywordWarnings } from "./keywordWarnings.ts";
import { parseTime } from "./openSshTime.ts";
import { parseRekeyLimit } from "./rekeyLimit.ts";
import { expandProxyCommand, expandTilde, expandTokensAndVariables } from "./tokens.ts";

/** ssh.c and sshconnect2.c: the methods to try when PreferredAuthentications is not set. */
const allMethods = "gssapi-with-mic,hostbased,publickey,keyboard-interactive,password";

/**
 * Makes the frozen HostConfig from effective values, each with its source.
 * @param sourceOf the layer that sets a keyword (lower case).
 * @throws ConfigError `malformed` where a path or command can't be expanded, `jump-loop`
 */
export function buildHostConfig(
  alias: string,
  values: EffectiveValues,
  evaluation: Evaluation,
  environment: ConfigEnvironment,
  sourceOf: (keyword: string) => ValueSource,
): HostConfig {
  const { homedir, homeOf, env } = environment;
  const tokens = hostTokens(values, alias, environment);
  const first = (name: string): string | undefined => values.get(name)?.[0];
  const all = (name: string): readonly string[] => values.get(name) ?? [];
  const isYes = (name: string): boolean => /^(?:yes|true)$/.test(first(name) ?? "");
  const isSet = (name: string): boolean => sourceOf(name).kind !== "default";
  const expanding = <T>(name: string, work: () => T): T =>
    expandFor(name, evaluation.settings.get(name)?.[0], work);
  const tilde = (path: string): string => expandTilde(path, homedir, homeOf);
  const files = (name: string): readonly string[] =>
    expanding(name, () =>
      unique(all(name))
        .filter((path) => path.toLowerCase() !== "none")
        .map((path) => expandTokensAndVariables(tilde(path), tokens, env)),
    );

  const hostName = first("hostname") ?? alias;
  const user = first("user") ?? environment.localUser;
  const port = Number(first("port") ?? 22);
  const hostKeyAlias = first("hostkeyalias");
  const proxyCommand = first("proxycommand");
  const proxyJump = expanding("proxyjump", () => parseJumpHops(first("proxyjump"), tokens));
  const last = proxyJump.at(-1);
  if (last && last.alias === hostName && (last.port ?? 22) === port && (last.user ?? user) === user) {
    // ssh.c has the same check.
    throw new ConfigError("jump-loop", `${printable(alias)} is its own jump host`);
  }
  const identityAgent = agentSocket(first("identityagent"), env);
  const seconds = Number(first("connecttimeout") ?? Number.NaN);
  const algorithms = algorithmKeywords.map((name) =>
    isSet(name)
      ? first(name)
          ?.split(",")
          .filter((algorithm) => algorithm !== "")
      : undefined,
  );
  const [ciphers, macs, kexAlgorithms, hostKeyAlgorithms, pubkeyAcceptedAlgorithms] = algorithms;
  const caSignatureAlgorithms = algorithms[5];
  const forwarding = configuredForwards(values, evaluation, (path) =>
    expanding("localforward", () => expandTokensAndVariables(path, tokens, env)),
  );
  const config: HostConfig = {
    alias,
    hostName,
    user,
    port,
    ...defined({ hostKeyAlias }),
    addressFamily: oneOf(first("addressfamily"), ["inet", "inet6"], "any"),
    ...defined({ bindAddress: first("bindaddress") }),
    ...(seconds >= 0 && { connectTimeout: seconds }),
    connectionAttempts: Math.max(1, Number(first("connectionattempts") ?? 1)),
    proxyJump,
    ...(proxyCommand !== undefined &&
      proxyJump.length === 0 && {
        proxyCommand: expanding("proxycommand", () =>
          expandProxyCommand(proxyCommand, { alias, hostName, port, user, ...defined({ hostKeyAlias }) }),
        ),
      }),

    strictHostKeyChecking: strictness(first("stricthostkeychecking")),
    userKnownHostsFiles: expanding("userknownhostsfile", () => all("userknownhostsfile").map(tilde)),
    globalKnownHostsFiles: expanding("globalknownhostsfile", () =>
      // Windows' OpenSSH prints the name of the variable.
      all("globalknownhostsfile").map((path) =>
        tilde(path).replace("__PROGRAMDATA__", env["ProgramData"] ?? "C:\\ProgramData"),
      ),
    ),
    hashKnownHosts: isYes("hashknownhosts"),
    updateHostKeys: hostKeyUpdates(
      isSet("updatehostkeys") ? first("updatehostkeys") : undefined,
      isSet("userknownhostsfile") || /^(?:yes|true|ask)$/.test(first("verifyhostkeydns") ?? ""),
    ),
    revokedHostKeysFiles: files("revokedhostkeys"),
    ...defined({ knownHostsCommand: command(first("knownhostscommand")) }),
    noHostAuthenticationForLocalhost: isYes("nohostauthenticationforlocalhost"),
    // OpenSSH's own minimum (SSH_RSA_MINIMUM_MODULUS_SIZE); 0 does not lower it.
    requiredRsaSize: Math.max(1024, Number(first("requiredrsasize") ?? 1024)),

    identityFilesAreDefault: !isSet("identityfile"),
    identityFiles: files("identityfile"),
    certificateFiles: files("certificatefile"),
    identitiesOnly: isYes("identitiesonly"),
    ...defined({ identityAgent }),
    ...defined({
      addKeysToAgent: parseAddKeysToAgent(all("addkeystoagent").join(" ")),
      securityKeyProvider: keyProvider(first("securitykeyprovider"), env),
    }),
    forwardAgent: agentForwarding(first("forwardagent"), env),
    pubkeyAuthentication: first("pubkeyauthentication") !== "false" && first("pubkeyauthentication") !== "no",
    passwordAuthentication: isYes("passwordauthentication"),
    // OpenSSH before 8.7 prints the older name.
    kbdInteractiveAuthentication:
      isYes("kbdinteractiveauthentication") || isYes("challengeresponseauthentication"),
    batchMode: isYes("batchmode"),
    preferredAuthentications: (first("preferredauthentications") ?? allMethods).split(","),
    numberOfPasswordPrompts: Number(first("numberofpasswordprompts") ?? 3),

    ...defined({ ciphers, macs, kexAlgorithms, hostKeyAlgorithms, pubkeyAcceptedAlgorithms }),
    ...defined({ caSignatureAlgorithms }),
    compression: isYes("compression"),
    ...(isSet("rekeylimit") && { rekeyLimit: parseRekeyLimit(all("rekeylimit").join(" ")) }),

    ...(isSet("serveraliveinterval") && { serverAliveInterval: Number(first("serveraliveinterval")) }),
    ...(isSet("serveralivecountmax") && { serverAliveCountMax: Number(first("serveralivecountmax")) }),
    ...(isSet("tcpkeepalive") && { tcpKeepAlive: isYes("tcpkeepalive") }),
    // `ssh -G` has expanded it.
    ...defined({ controlPath: first("controlpath") }),
    makesControlMaster: /^(?:yes|true|auto)$/.test(first("controlmaster") ?? ""),
    ...(isSet("controlpersist") && { controlPersist: persistence(first("controlpersist")) }),

    requestTty: requestTty(first("requesttty")),
    sessionType: sessionType(first("sessiontype")),
    ...defined({ remoteCommand: first("remotecommand") }),
    sendEnv: unique(all("sendenv")),
    setEnv: Object.fromEntries(
      all("setenv").map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]),
    ),
    escapeChar: unvis(first("escapechar") ?? "~"),
    channelTimeouts: all("channeltimeout").map((text) => ({
      pattern: text.slice(0, text.indexOf("=")),
      seconds: parseTime(text.slice(text.indexOf("=") + 1)) ?? 0,
    })),

    forwarding: forwarding.config,

    // `ssh -G` prints QUIET under its other name (log.c, log_levels).
    logLevel: sshLogLevels.find((level) => level === first("loglevel")?.replace("SILENT", "QUIET")) ?? "INFO",

    values,
    sources: new Map(
      [...values.keys(), ...evaluation.settings.keys()].map((name) => [name, Object.freeze(sourceOf(name))]),
    ),
    warnings: [
      ...evaluation.warnings,
      ...keywordWarnings(values, evaluation, environment, sourceOf),
      ...forwarding.warnings,
    ],
  };
  return deepFreeze(config);
}

function command(text: string | undefined): string | undefined {
  return text?.toLowerCase() === "none" ? undefined : text;
}

function sessionType(value: string | undefined): HostConfig["sessionType"] {
  return value === "none" || value === "subsystem" ? value : "default";
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}

function oneOf<T extends string>(
  value: string | undefined,
  words: readonly T[],
  otherwise: T | "any",
): T | "any" {
  return words.find((word) => word === value) ?? otherwise;
}

function strictness(value: string | undefined): StrictHostKeyChecking {
  switch (value) {
    case "true":
    case "yes":
      return "yes";
    case "false":
    case "no":
    case "off":
      return "no";
    case "accept-new":
      return "accept-new";
    default:
      return "ask";
  }
}

/** fill_default_options in readconf.c: on by default, unless the user chose other known_hosts files. */
function hostKeyUpdates(value: string | undefined, isOwnChoice: boolean): "yes" | "no" | "ask" {
  switch (value) {
    case "yes":
    case "true":
      return "yes";
    case "ask":
      return "ask";
    case undefined:
      return isOwnChoice ? "no" : "yes";
    default:
      return "no";
  }
}

function requestTty(value: string | undefined): HostConfig["requestTty"] {
  switch (value) {
    case "true":
    case "yes":
      return "yes";
    case "false":
    case "no":
      return "no";
    case "force":
      return "force";
    default:
      return "auto";
  }
}

/** Without a time the master stays; with `no` it ends with its last session. */
function persistence(value: string | undefined): number {
  return value === "yes"
    ? Number.POSITIVE_INFINITY
    : value === undefined || value === "no"
      ? 0
      : Number(value);
}

/** `$NAME` (without braces) names a variable; if that is not set, there is no agent (ssh.c). */
function agentSocket(
  value: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return value?.startsWith("$") ? (env[value.slice(1)] ?? "none") : value;
}

/** ssh.c: `internal` is the built-in provider, and `$NAME` names a variable, by default `$SSH_SK_PROVIDER`. */
function keyProvider(
  value: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const named = value === undefined ? "$SSH_SK_PROVIDER" : value;
  const path = named.startsWith("$") ? env[named.slice(1)] : named;
  return path === undefined || path === "" || /^(?:internal|none)$/i.test(path) ? undefined : path;
}

function agentForwarding(
  value: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): boolean | string {
  if (value === undefined || value === "no") {
    return false;
  }
  return value === "yes" ? true : value.startsWith("$") ? (env[value.slice(1)] ?? false) : value;
}

/** `ssh -G` prints control characters in the notation of vis(3). */
function unvis(text: string): string {
  const control = /^\\\^(.)$/s.exec(text)?.[1];
  if (control !== undefined) {
    return control === "?" ? "\u007f" : String.fromCharCode(control.charCodeAt(0) & 31);
  }
  const octal = /^\\([0-7]{3})$/.exec(text)?.[1];
  return octal !== undefined ? String.fromCharCode(Number.parseInt(octal, 8)) : text === "\\\\" ? "\\" : text;
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === "object" && value !== null && !(value instanceof Map)) {
      deepFreeze(value);
    }
  }
  return Object.freeze(object);
}
