import type { ChannelTimeout } from "../../config/channelTimeouts.ts";
import { parseTime } from "../../config/openSshTime.ts";
import { sudoState } from "../remoteFacts.ts";
import type { ScriptPart } from "../remoteScript.ts";
import type { Known, ServerTimeouts } from "../timeoutFacts.ts";
import { dropbearArguments } from "./dropbearArguments.ts";
import { readSshdConfig, type SshdLine } from "./sshdConfig.ts";
import { parseSystemdSpan } from "./systemdSpan.ts";

/** Shells that exit after TMOUT seconds at the prompt. dash, fish and csh do not support it. */
const shellsWithTmout: ReadonlySet<string> = new Set([
  "bash",
  "zsh",
  "ksh",
  "ksh93",
  "mksh",
  "oksh",
  "ash",
  "rbash",
]);

/** Parses the parts that `timeoutScript` printed. */
export function parseTimeouts(parts: readonly ScriptPart[]): ServerTimeouts {
  const part = (name: string): readonly string[] => parts.find((other) => other.name === name)?.lines ?? [];
  const meta = new Map(part("meta").map(keyAndRest));
  const user = meta.get("user") ?? "";
  const shell = (meta.get("shell") ?? "").replace(/^.*\//, "");
  const ancestors = part("ancestors");
  const effective = part("effective").map((line): SshdLine => {
    const [keyword, value] = keyAndRest(line);
    return { keyword, value, source: "sshd -T" };
  });
  const files = readSshdConfig(parts, user);
  const isEffective = effective.length > 0;
  const readFiles = parts.some(({ name }) => name === "file") && files.unreadable.length === 0;
  const dropbear = dropbearArguments(ancestors);
  const lines = isEffective ? effective : files.inForce;
  const kernel = new Map(part("kernel").map(keyAndRest));
  return {
    system: meta.get("system") ?? "",
    user,
    server:
      dropbear !== undefined
        ? "dropbear"
        : ancestors.some((line) => /sshd/.test(line))
          ? "openssh"
          : "unknown",
    sudo: sudoState(meta.get("sudo")),
    basis: isEffective ? "effective" : readFiles ? "files" : "none",
    clientAliveInterval: known(lines, "clientaliveinterval", parseTime, 0),
    clientAliveCountMax: known(lines, "clientalivecountmax", wholeNumber, 3),
    tcpKeepAlive: known(lines, "tcpkeepalive", yesNo, true),
    channelTimeouts: known(lines, "channeltimeout", parseChannelTimeouts, []),
    unusedConnectionTimeout: known(lines, "unusedconnectiontimeout", timeOrNone, 0),
    rekeyLimit: known(lines, "rekeylimit", (text) => text, "default none"),
    dropbearIdle: dropbear?.idle,
    dropbearKeepalive: dropbear?.keepalive,
    perhaps: isEffective
      ? []
      : files.perhaps.map(({ keyword, value, criteria, source }) => ({
          line: `${keyword} ${value}`,
          criteria,
          source,
        })),
    unreadable: isEffective ? [] : files.unreadable,
    shell,
    tmout: shellsWithTmout.has(shell) ? parseTmout(parts, meta.get("tmout")) : undefined,
    logind: parseLogind(part("logind")),
    kernel: parseKernel(kernel),
    conntrack: wholeNumber(kernel.get("conntrack") ?? ""),
  };
}

function keyAndRest(line: string): [string, string] {
  const space = line.indexOf(" ");
  return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1).trim()];
}

/** The first valid line that sets it, or OpenSSH's default. */
function known<T>(
  lines: readonly SshdLine[],
  keyword: string,
  parse: (text: string) => T | undefined,
  fallback: T,
): Known<T> {
  for (const line of lines) {
    const value = line.keyword === keyword ? parse(line.value) : undefined;
    if (value !== undefined) {
      return { value, source: line.source };
    }
  }
  return { value: fallback, source: "OpenSSH's default" };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function yesNo(text: string): boolean | undefined {
  return text === "yes" ? true : text === "no" ? false : undefined;
}

function timeOrNone(text: string): number | undefined {
  return text === "none" ? 0 : parseTime(text);
}

/** `session:*=10m direct-tcpip=1h`; `none`. */
function parseChannelTimeouts(text: string): readonly ChannelTimeout[] | undefined {
  if (text === "none") {
    return [];
  }
  const found = text.split(/\s+/).flatMap((word) => {
    const equals = word.lastIndexOf("=");
    const seconds = equals > 0 ? parseTime(word.slice(equals + 1)) : undefined;
    return seconds === undefined ? [] : [{ pattern: word.slice(0, equals), seconds }];
  });
  return found.length === 0 ? undefined : found;
}

/** A later file overrides an earlier one, unless that made the variable read-only. */
function parseTmout(
  parts: readonly ScriptPart[],
  environment: string | undefined,
): Known<number> | undefined {
  const fromEnvironment = wholeNumber(environment ?? "");
  let found: Known<number> | undefined =
    fromEnvironment === undefined ? undefined : { value: fromEnvironment, source: "the environment" };
  for (const part of parts.filter(({ name }) => name === "tmout")) {
    for (const line of part.lines) {
      const match = /^(\d+):(?!\s*#)(.*?)\bTMOUT=["']?(\d+)/.exec(line);
      if (match === null) {
        continue;
      }
      found = { value: Number(match[3]), source: `${part.argument}:${match[1]}` };
      if (/\breadonly\b|\b(?:declare|typeset)\s+-\w*r/.test(match[2] ?? "")) {
        return found;
      }
    }
  }
  return found;
}

function parseLogind(lines: readonly string[]): ServerTimeouts["logind"] {
  const values = new Map(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const kill = values.get("KillUserProcesses");
  return kill === undefined
    ? undefined
    : {
        stopIdleSession: parseSystemdSpan(values.get("StopIdleSessionUSec") ?? ""),
        killUserProcesses: kill === "yes",
      };
}

function parseKernel(values: ReadonlyMap<string, string>): ServerTimeouts["kernel"] {
  const seconds = (name: string): number | undefined => {
    const milliseconds = wholeNumber(values.get(`${name}ms`) ?? "");
    return milliseconds === undefined ? wholeNumber(values.get(name) ?? "") : milliseconds / 1000;
  };
  const [time, interval, probes] = [
    seconds("time"),
    seconds("intvl"),
    wholeNumber(values.get("probes") ?? ""),
  ];
  return time === undefined || interval === undefined || probes === undefined
    ? undefined
    : { keepaliveTime: time, keepaliveInterval: interval, keepaliveProbes: probes };
}
