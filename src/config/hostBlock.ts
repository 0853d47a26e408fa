import { LineType, SSHConfig } from "ssh-config";
import { splitArguments } from "./configLine.ts";
import type { HostConfig, ValueSource } from "./hostConfig.ts";
import { formatHostSpec, isValidHost } from "./hostSpec.ts";
import { isPattern } from "./patterns.ts";

/** One line of a Host block. `value` is what the keyword means, before quoting. */
export interface BlockLine {
  readonly keyword: string;
  readonly value: string;
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

/** A Host block named `alias` that leads to the same destination as `config`. It leaves out OpenSSH's defaults. */
export function hostBlock(alias: string, config: HostConfig): HostBlock {
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
  ];
  const unwritable = lines.find((line) => !isWritable(line));
  return unwritable === undefined ? { kind: "block", lines } : { kind: "unwritable", ...unwritable };
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
  return lines.flatMap(({ keyword, value }) => {
    const source = now.sources.get(keyword.toLowerCase());
    const isFirst = source === undefined || source.kind === "default" || source.kind === "commandLine";
    return !(keyword in values) || isFirst || values[keyword] === value ? [] : [{ keyword, source }];
  });
}

/** Tokens are expanded in these values; `%%` is a percent sign. */
function percent(text: string): string {
  return text.replaceAll("%", "%%");
}

/** ProxyCommand takes the rest of its line unparsed (readconf.c, oProxyCommand). */
function written({ keyword, value }: BlockLine): { readonly value: string; readonly quoted: boolean } {
  return keyword === "ProxyCommand"
    ? { value, quoted: false }
    : { value: escaped(value), quoted: needsQuotes(value) };
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

function isWritable({ keyword, value }: BlockLine): boolean {
  if (/[\u0000-\u001f\u007f]/.test(value)) {
    return false;
  }
  switch (keyword) {
    case "User":
      // OpenSSH expands tokens and variables here from version 10 on, not before: no notation works in both.
      if (/%|\$\{/.test(value)) {
        return false;
      }
      break;
    case "IdentityFile":
      if (value.includes("${")) {
        return false;
      }
      break;
    case "ProxyCommand":
      return value.trim() === value && value !== "";
  }
  const read = splitArguments(needsQuotes(value) ? `"${escaped(value)}"` : escaped(value));
  return read?.length === 1 && read[0] === value;
}
