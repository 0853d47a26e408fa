import { printable } from "../base/log.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import type { ConfigFiles } from "./configFiles.ts";
import type { Directive } from "./configLine.ts";
import type { ConfigProblem, HostEntry, HostSettings } from "./configPorts.ts";
import { entryPatterns, entryValue } from "./hostPolicies.ts";
import { isValidHost, parsePort } from "./hostSpec.ts";
import { includePath, machineTokens } from "./includePath.ts";
import { ArgumentError, keywordRule } from "./keywords.ts";
import { isPattern, matchPatternList, matchPatterns } from "./patterns.ts";
import { ExpansionError } from "./tokens.ts";

export interface HostList {
  readonly hosts: readonly HostEntry[];
  readonly problems: readonly ConfigProblem[];
  /** Every file and folder looked at, with its stamp. */
  readonly dependencies: ReadonlyMap<string, string>;
}

/**
 * The hosts that a person can choose from: the names on `Host` lines that are not patterns, then those that only the
 * settings name. Reads on behind what can't be read, and says what that was.
 */
export async function listHosts(
  configFile: string,
  settings: readonly HostSettings[],
  environment: ConfigEnvironment,
  files: ConfigFiles,
): Promise<HostList> {
  const lister = new HostLister(environment, files);
  if (configFile.toLowerCase() === "none") {
    // No file at all, as with `ssh -F none`.
  } else if (configFile !== "") {
    await lister.read(configFile, true, false, true);
  } else {
    await lister.read(environment.userFile, true, true, false);
    await lister.read(environment.systemFile, false, false, false);
  }
  for (const name of settings.flatMap(entryPatterns)) {
    lister.addFromSettings(name, settings);
  }
  return lister;
}

/** Hosts that the block around an Include leaves possible; undefined: all. */
type Scope = readonly string[] | undefined;

type Draft = { -readonly [K in keyof HostEntry]: HostEntry[K] };

class HostLister implements HostList {
  readonly #environment: ConfigEnvironment;
  readonly #files: ConfigFiles;
  readonly #byAlias = new Map<string, Draft>();
  readonly dependencies = new Map<string, string>();
  readonly problems: ConfigProblem[] = [];
  #ignoreUnknown: string | undefined;

  constructor(environment: ConfigEnvironment, files: ConfigFiles) {
    this.#environment = environment;
    this.#files = files;
  }

  get hosts(): readonly HostEntry[] {
    return [...this.#byAlias.values()];
  }

  addFromSettings(alias: string, settings: readonly HostSettings[]): void {
    if (isPattern(alias) || !isValidHost(alias) || this.#byAlias.has(alias)) {
      return;
    }
    const [hostName, user, port] = [
      entryValue(settings, alias, "hostName")?.value,
      entryValue(settings, alias, "user")?.value,
      entryValue(settings, alias, "port")?.value,
    ];
    this.#byAlias.set(alias, {
      alias,
      source: "setting",
      ...(hostName !== undefined && { hostName }),
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port }),
    });
  }

  async read(
    path: string,
    isUsers: boolean,
    checkOwner: boolean,
    isRequired: boolean,
    scope?: Scope,
    includedBy: readonly string[] = [],
  ): Promise<void> {
    const result = await this.#files.read(path, checkOwner, this.#onRead);
    if (result.kind === "missing") {
      if (isRequired) {
        this.problems.push({ file: path, message: "The file does not exist" });
      }
      return;
    }
    if (result.kind === "refused") {
      this.problems.push({ file: path, message: `The file is left out: ${result.why}` });
      return;
    }
    // Names and patterns of the block that the lines are in.
    let block: readonly Draft[] = [];
    let patterns: Scope = scope;
    for (const directive of result.directives) {
      const problem = this.#problemOf(directive);
      if (problem !== undefined) {
        this.problems.push({ file: path, line: directive.line, message: problem });
        continue;
      }
      switch (directive.keyword) {
        case "host":
          block = this.#addBlock(directive, path, scope);
          patterns = directive.args;
          break;
        case "match":
          block = [];
          patterns = scope;
          break;
        case "include":
          await this.#include(directive, [...includedBy, path], isUsers, patterns);
          break;
        default:
          describe(block, directive);
      }
    }
  }

  readonly #onRead = (path: string, stamp: string): void => void this.dependencies.set(path, stamp);

  #addBlock({ args, line }: Directive, file: string, scope: Scope): readonly Draft[] {
    const added: Draft[] = [];
    for (const alias of args) {
      const isListed = !isPattern(alias) && isValidHost(alias) && matchPatterns(alias, args);
      if (isListed && !this.#byAlias.has(alias) && (scope === undefined || matchPatterns(alias, scope))) {
        const entry: Draft = { alias, file, line, source: "sshConfig" };
        this.#byAlias.set(alias, entry);
        added.push(entry);
      }
    }
    return added;
  }

  async #include(
    { args, line }: Directive,
    files: readonly string[],
    isUsers: boolean,
    scope: Scope,
  ): Promise<void> {
    for (const arg of args) {
      const path = this.#includePath(arg, isUsers);
      for (const included of path === undefined ? [] : await this.#files.glob(path, this.#onRead)) {
        if (files.includes(included)) {
          const file = files.at(-1) ?? included;
          this.problems.push({ file, line, message: "Include: the file leads back to itself" });
        } else {
          await this.read(included, isUsers, true, false, scope, files);
        }
      }
    }
  }

  /** Undefined for a path that depends on the host, or on a variable that is not set. */
  #includePath(arg: string, isUsers: boolean): string | undefined {
    try {
      return includePath(arg, isUsers, this.#environment, machineTokens(this.#environment));
    } catch (error) {
      if (error instanceof ExpansionError) {
        return undefined;
      }
      throw error;
    }
  }

  #problemOf(directive: Directive): string | undefined {
    const { keyword, args } = directive;
    if (directive.problem !== undefined) {
      return `${printable(keyword, 60)}: ${directive.problem}`;
    }
    if (keyword === "ignoreunknown") {
      this.#ignoreUnknown ??= args[0]?.toLowerCase();
    }
    const rule = keywordRule(keyword);
    if (rule === undefined) {
      const isIgnored = this.#ignoreUnknown !== undefined && matchPatternList(keyword, this.#ignoreUnknown);
      return isIgnored ? undefined : `${printable(keyword, 60)}: there is no such keyword`;
    }
    try {
      rule.read(directive);
      return undefined;
    } catch (error) {
      if (error instanceof ArgumentError) {
        return `${printable(keyword, 60)}: ${printable(error.message, 200)}`;
      }
      throw error;
    }
  }
}

/** The first value of a block counts; what has tokens in it says nothing to a person. */
function describe(block: readonly Draft[], { keyword, args }: Directive): void {
  const [value = ""] = args;
  for (const entry of block) {
    if (keyword === "hostname" && !value.includes("%")) {
      entry.hostName ??= value;
    } else if (keyword === "user") {
      entry.user ??= value;
    } else if (keyword === "port") {
      const port = parsePort(value);
      if (port !== undefined) {
        entry.port ??= port;
      }
    }
  }
}
