import { isAbsolute } from "node:path";
import { runProgram } from "../base/runProgram.ts";
import { type ConfigEnvironment, configEnvironment } from "../config/configEnvironment.ts";
import { splitArguments } from "../config/configLine.ts";
import { hostTokens } from "../config/effectiveValues.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { formatHostSpec } from "../config/hostSpec.ts";
import { expandTokensAndVariables } from "../config/tokens.ts";
import type { PresentedHostKey } from "./hostKeyPorts.ts";

/** Why a KnownHostsCommand is run: `%I` of ssh_config(5). */
export type KnownHostsPurpose = "ORDER" | "HOSTNAME";

export interface KnownHostsQuestion {
  readonly purpose: KnownHostsPurpose;
  /** The host as known_hosts names it: `%H`. */
  readonly host: string;
  /** Undefined before the server has sent a key. */
  readonly presented: PresentedHostKey | undefined;
}

/**
 * Runs a KnownHostsCommand and returns its output, as latin1 text in the format of known_hosts.
 * @throws KnownHostsCommandError, or the signal's reason
 */
export type KnownHostsCommand = (question: KnownHostsQuestion, signal: AbortSignal) => Promise<string>;

export class KnownHostsCommandError extends Error {}

/** In bytes. */
const longestOutput = 16 * 1024 * 1024;
/** Characters of its standard error that an error quotes. */
const longestWords = 2000;
const timeLimitMilliseconds = 30_000;

/**
 * Runs the command as `ssh` does (load_hostkeys_command in sshconnect.c): without a shell, with the tokens of
 * ssh_config(5). Unlike in `ssh`, time and output are bounded, and a command that can't be started is an error too,
 * because its answer is unknown.
 */
export function knownHostsCommand(
  config: HostConfig,
  template: string,
  environment: ConfigEnvironment = configEnvironment(),
): KnownHostsCommand {
  return async (question, signal) => {
    const [program, ...args] = words(config, template, question, environment);
    if (!isAbsolute(program)) {
      throw new KnownHostsCommandError("KnownHostsCommand must begin with an absolute path");
    }
    return await run(program, args, signal);
  };
}

function words(
  config: HostConfig,
  template: string,
  { purpose, host, presented }: KnownHostsQuestion,
  environment: ConfigEnvironment,
): readonly [string, ...string[]] {
  const [program, ...args] = splitArguments(template) ?? [];
  if (program === undefined) {
    throw new KnownHostsCommandError("KnownHostsCommand has a quote that is not closed, or is empty");
  }
  const { alias, hostName, user, port, hostKeyAlias, proxyJump } = config;
  const jump = proxyJump.at(-1);
  const tokens = {
    ...hostTokens(
      new Map([
        ["hostname", [hostName]],
        ["user", [user]],
        ["port", [String(port)]],
        ...(hostKeyAlias === undefined ? [] : ([["hostkeyalias", [hostKeyAlias]]] as const)),
        ...(jump === undefined ? [] : ([["proxyjump", [formatHostSpec(jump)]]] as const)),
      ]),
      alias,
      environment,
    ),
    H: host,
    I: purpose,
    t: presented?.type ?? "NONE",
    f: presented?.fingerprint ?? "NONE",
    K: presented?.key.toString("base64") ?? "NONE",
  };
  try {
    return [program, ...args.map((arg) => expandTokensAndVariables(arg, tokens, environment.env))];
  } catch (cause) {
    throw new KnownHostsCommandError("A token or variable of KnownHostsCommand can't be expanded", { cause });
  }
}

async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeLimitMilliseconds)]);
  const tooMuch = (): Error => new KnownHostsCommandError("KnownHostsCommand prints too much");
  const bounds = { signal: limit, longestOutput, longestErrors: longestWords, tooMuch };
  const { exitCode, stdout, stderr } = await runProgram(program, args, bounds).catch((cause: unknown) => {
    signal.throwIfAborted();
    if (limit.aborted) {
      const seconds = timeLimitMilliseconds / 1000;
      throw new KnownHostsCommandError(`KnownHostsCommand took longer than ${seconds} s`);
    }
    if (cause instanceof KnownHostsCommandError) {
      throw cause;
    }
    throw new KnownHostsCommandError("KnownHostsCommand can't be started", { cause });
  });
  if (exitCode !== 0) {
    const how = exitCode ?? "a signal";
    throw new KnownHostsCommandError(`KnownHostsCommand ended with ${how}: ${stderr.trim()}`);
  }
  return stdout.toString("latin1");
}
