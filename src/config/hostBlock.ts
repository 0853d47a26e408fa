import { LineType, SSHConfig } from "ssh-config";
import { carriedLines } from "./carriedKeywords.ts";
import { splitArguments } from "./configLine.ts";
import type { HostConfig, ValueSource } from "./hostConfig.ts";
import { formatHostSpec, isValidHost } from "./hostSpec.ts";
import { isPattern } from "./patterns.ts";

/** One line of a Host block. `value` is what the keyword means, before quoting: one argument, or several. */
export interface BlockLine {
  readonly keyword: string;
  readonly value: string | readonly string[];
}

export type HostBlock =
  | { readonly kind: "block"; readonly lines: readonly BlockLine[] }
  /** No notation in ssh_config has this value in all versions of OpenSSH. */
  | { readonly kind: "unwritable"; readonly keyword: string; readonly value: string };

/** A line of the block that has no effect, because an earlier line or setting sets the value. */
export interface BlockConflict {
  readonly keyword: string;
  readonly source: ValueSource;
}

/** Whether `alias` can name a new Host block. */
export function isBlockName(alias: string): boolean {
  return isValidHost(alias) && !isPattern(alias) && !alias.includes("@");
}

/**
 * A Host block named `alias` that leads to the same destination as `config`, with the same values. It leaves out
 * OpenSSH's defaults.
 * @param now the values of `alias` without the block
 */
export function hostBlock(alias: string, config: HostConfig, now: HostConfig): HostBlock {
  const isSet = (keyword: string): boolean => (config.sources.get(keyword)?.kind ?? "default") !== "default";
  const jumps = config.proxyJump.map((hop) => formatHostSpec(hop)).join(",");
  const lines: readonly BlockLine[] = [
    { keyword: "Host", value: alias },
    ...(config.hostName === alias ? [] : [{ keyword: "HostName", value: percent(config.hostName) }]),
    ...(isSet("user") ? [{ keyword: "User", value: config.user }] : []),
    ...(config.port === 22 ? [] : [{ keyword: "Port", value: String(config.port) }]),
    ...(jumps === "" ? [] : [{ keyword: "ProxyJump", value: jumps }]),
    ...(jumps !== "" || config.proxyCommand === undefined
      ? []
      : [{ keyword: "ProxyCommand", value: percent(config.proxyCommand) }]),
    ...(config.hostKeyAlias === undefined ? [] : [{ keyword: "HostKeyAlias", value: config.hostKeyAlias }]),
    ...(config.identityFilesAreDefault
      ? []
      : config.identityFiles.map((file) => ({ keyword: "IdentityFile", value: percent(file) }))),
    ...(config.identitiesOnly ? [{ keyword: "IdentitiesOnly", value: "yes" }] : []),
    ...carriedLines(config, now),
  ];
  const unwritable = lines.find((line) => !isWritable(line));
  return unwritable === undefined
    ? { kind: "block", lines }
    : { kind: "unwritable", keyword: unwritable.keyword, value: argumentsOf(unwritable).join(" ") };
}

/** The text of a block, each line without its end. */
export function blockLines(lines: readonly BlockLine[]): readonly string[] {
  return lines.map((line) => {
    const config = new SSHConfig();
    config.push({
      type: LineType.DIRECTIVE,
      before: line.keyword === "Host" ? "" : "    ",
      param: line.keyword,
      separator: " ",
      ...written(line),
      after: "",
    });
    return config.toString();
  });
}

/**
 * The lines of the block that would have no effect: the first value of a keyword counts (ssh_config(5)), and our
 * settings come before the files.
 * @param now what the block's name resolves to without the block.
 */
export function blockConflicts(lines: readonly BlockLine[], now: HostConfig): readonly BlockConflict[] {
  const values: Readonly<Record<string, string | undefined>> = {
    HostName: percent(now.hostName),
    User: now.user,
    Port: String(now.port),
    ProxyJump: now.proxyJump.map((hop) => formatHostSpec(hop)).join(","),
    ProxyCommand: now.proxyCommand && percent(now.proxyCommand),
    HostKeyAlias: now.hostKeyAlias,
  };
  return lines.flatMap((line) => {
    const { keyword } = line;
    const source = now.sources.get(keyword.toLowerCase());
    const isFirst = source === undefined || source.kind === "default" || source.kind === "commandLine";
    // Lines of these add up.
    const adds = ["IdentityFile", "CertificateFile", "SendEnv"].includes(keyword);
    const value = keyword in values ? values[keyword] : now.values.get(keyword.toLowerCase())?.join(" ");
    return adds || isFirst || value === argumentsOf(line).join(" ") ? [] : [{ keyword, source }];
  });
}

/** Tokens are expanded in these values; `%%` is a percent sign. */
function percent(text: string): string {
  return text.replaceAll("%", "%%");
}

/** ProxyCommand takes the rest of its line unparsed (readconf.c, oProxyCommand). */
function written(line: BlockLine): { readonly value: string; readonly quoted: boolean } {
  if (line.keyword === "ProxyCommand") {
    return { value: argumentsOf(line).join(" "), quoted: false };
  }
  return typeof line.value === "string"
    ? { value: escaped(line.value), quoted: needsQuotes(line.value) }
    : { value: line.value.map(argument).join(" "), quoted: false };
}

function argumentsOf({ value }: BlockLine): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

function argument(value: string): string {
  return needsQuotes(value) ? `"${escaped(value)}"` : escaped(value);
}

/**
 * misc.c, argv_split. A backslash is escaped only where it would begin an escape, because older versions have no
 * escapes.
 */
function escaped(value: string): string {
  return value.replaceAll(/\\(?=[\\'"]|$)|["]/g, "\\$&");
}

function needsQuotes(value: string): boolean {
  return /^$|[\s#"'=]/.test(value);
}

function isWritable(line: BlockLine): boolean {
  return argumentsOf(line).every((value) => isWritableArgument(line.keyword, value));
}

function isWritableArgument(keyword: string, value: string): boolean {
  if (/[\u0000-\u001f\u007f]/.test(value)) {
    return false;
  }
  switch (keyword) {
    case "User":
    case "SetEnv":
      // OpenSSH expands tokens and variables here from version 10 on, not before: no notation works in both.
      if (/%|\$\{/.test(value)) {
        return false;
      }
      break;
    case "IdentityFile":
    case "CertificateFile":
    case "IdentityAgent":
    case "UserKnownHostsFile":
      if (value.includes("${")) {
        return false;
      }
      break;
    case "ProxyCommand":
      return value.trim() === value && value !== "";
  }
  const read = splitArguments(argument(value));
  return read?.length === 1 && read[0] === value;
}
