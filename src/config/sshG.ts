import type { Clock } from "../base/clock.ts";
import { Deadline } from "../base/deadline.ts";
import { printable } from "../base/log.ts";
import { ConfigError } from "./configErrors.ts";
import type { EffectiveValues } from "./effectiveValues.ts";
import type { EvaluationRequest } from "./evaluationTypes.ts";
import type { RunSsh, SshRun } from "./sshProgram.ts";

/**
 * `ssh -G` only reads files and prints, but a `Match exec` may take long (to query a VPN, to wake a machine), as in
 * `ssh`. After this time it counts as hung, in the command or on a dead network drive. Callers can cancel earlier.
 */
const sshTimeLimitMilliseconds = 60_000;

/**
 * Asks OpenSSH itself for the values of a host: exact in all cases, including `Match exec`.
 * @throws ConfigError `timed-out`, or what OpenSSH refuses; the signal's reason; other errors mean that `ssh` could
 *   not be run.
 */
export async function askSsh(
  program: string,
  request: EvaluationRequest,
  run: RunSsh,
  clock: Clock,
  signal?: AbortSignal,
): Promise<EffectiveValues> {
  const deadline = new Deadline(
    clock,
    sshTimeLimitMilliseconds,
    () =>
      new ConfigError(
        "timed-out",
        `"ssh -G ${printable(request.alias)}" took longer than ${sshTimeLimitMilliseconds / 1000} s`,
      ),
    signal,
  );
  try {
    const result = await run(program, sshArguments(request), deadline.signal);
    if (result.exitCode !== 0) {
      throw refusal(request, result);
    }
    return parseSshOutput(result.stdout);
  } finally {
    deadline.dispose();
  }
}

/** No shell is involved, and the host follows `--`, so that it can't be taken for an option. */
export function sshArguments({
  alias,
  user,
  port,
  hostName,
  configFile,
}: EvaluationRequest): readonly string[] {
  return [
    "-G",
    ...(configFile === "" ? [] : ["-F", configFile]),
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...(hostName === undefined ? [] : ["-o", `HostName=${hostName}`]),
    "--",
    alias,
  ];
}

/** One value per line; lists that are printed on one line are split at blanks. */
export function parseSshOutput(output: string): EffectiveValues {
  const values = new Map<string, readonly string[]>();
  for (const line of output.split(/\r?\n/)) {
    const [, keyword, value] = /^(\S+) (.*)$/s.exec(line) ?? [];
    if (keyword === undefined || value === undefined) {
      continue;
    }
    const name = keyword.toLowerCase();
    if (onOneLine.has(name)) {
      values.set(name, value === "none" ? [] : value.split(" "));
    } else if (isUnset(name, value)) {
      // Printed instead of an empty value.
      values.delete(name);
    } else {
      values.set(name, [...(values.get(name) ?? []), value]);
    }
  }
  return values;
}

const onOneLine: ReadonlySet<string> = new Set([
  "userknownhostsfile",
  "globalknownhostsfile",
  "revokedhostkeys",
  "channeltimeout",
]);

/**
 * `ssh -G` prints paths with blanks unquoted, so that the items of a list are ambiguous. Where our own parser
 * produces the same line, its items are used.
 */
export function withExactLists(values: EffectiveValues, own: EffectiveValues): EffectiveValues {
  const line = (items: readonly string[] | undefined): string =>
    items?.join(" ").replaceAll("\\\\", "\\") ?? "";
  const exact = new Map(values);
  for (const name of onOneLine) {
    const items = own.get(name);
    if (items !== undefined && line(items) === line(values.get(name))) {
      exact.set(name, items);
    }
  }
  return exact;
}

function isUnset(name: string, value: string): boolean {
  return value === "none" && (name === "connecttimeout" || name === "proxycommand" || name === "proxyjump");
}

/** OpenSSH prints `FILE line N: …`, `FILE: line N: …` or `Bad owner or permissions on FILE`, always in English. */
function refusal({ alias, configFile }: EvaluationRequest, { stderr, exitCode }: SshRun): ConfigError {
  const said = stderr
    .split(/\r?\n/)
    .filter((line) => line !== "" && !line.startsWith("Pseudo-terminal will not be allocated"));
  const message = said[0] ?? `ssh -G ended with ${exitCode ?? "a signal"}`;
  const text = `ssh -G ${printable(alias)}: ${printable(message)}`;
  for (const line of said) {
    const [, file, number, words = ""] = /^(.+?):? line (\d+)[:.]? (.*)/s.exec(line) ?? [];
    if (file !== undefined) {
      const refused = /^RefuseConnection: (.*)/s.exec(words)?.[1];
      if (refused !== undefined) {
        return new ConfigError("refused", printable(refused), { file, line: Number(number) });
      }
      return new ConfigError("malformed", text, { file, line: Number(number) });
    }
  }
  const file =
    /^Bad owner or permissions on (.+)$/.exec(message)?.[1] ??
    /^Can't open user config file (.+?): /.exec(message)?.[1];
  if (file !== undefined) {
    return new ConfigError("unreadable", text, { file });
  }
  if (message.startsWith("jumphost loop")) {
    return new ConfigError("jump-loop", text);
  }
  if (/^(?:hostname|remote username) contains invalid characters/.test(message)) {
    return new ConfigError("invalid-host", text);
  }
  return new ConfigError("malformed", text, configFile === "" ? {} : { file: configFile });
}
