import { printable } from "../base/log.ts";
import { Pacer } from "../base/pacer.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import type { ConfigFiles, ConfigView } from "./configFiles.ts";
import type { Directive } from "./configLine.ts";
import type { ConfigProblem, HostEntry, HostSettings } from "./configPorts.ts";
import { deepestInclude, mostLines } from "./fileBounds.ts";
import { entryPatterns, entryValue } from "./hostPolicies.ts";
import { isValidHost } from "./hostSpec.ts";
import { includePath, isOwnInclude, machineTokens } from "./includePath.ts";
import { ArgumentError, keywordRule } from "./keywords.ts";
import { type ListedValues, type Scope, ValueCollector } from "./listedValues.ts";
import { judgeMatch, type MatchSubject } from "./matchCriteria.ts";
import { isPattern, matchPatternList, matchPatterns } from "./patterns.ts";
import { ExpansionError, type Tokens } from "./tokens.ts";

export interface HostList {
  readonly hosts: readonly HostEntry[];
  readonly problems: readonly ConfigProblem[];
  /** All files and folders that were read, with their stamps. */
  readonly dependencies: ReadonlyMap<string, string>;
  /** Whether a line sets ControlPath, or one can be in a file whose name depends on the host. */
  readonly canSetControlPath: boolean;
}

/**
 * The directives of files without a problem, for any list: none of their lines depends on the environment. `ConfigFiles`
 * returns the same array as long as a file is unchanged.
 */
const soundFiles = new WeakSet<readonly Directive[]>();

const everyHost: Scope = [];
const mostHosts = 200_000;
/** The limit of problems to show. */
const mostProblems = 1000;

/**
 * The hosts that a user can choose from: the names on `Host` lines that are not patterns, then those that only the
 * settings name. It continues after an unreadable line, and reports each problem once per line.
 */
export async function listHosts(
  configFile: string,
  settings: readonly HostSettings[],
  environment: ConfigEnvironment,
  files: ConfigFiles,
): Promise<HostList> {
  const lister = new HostLister(environment, files.view());
  if (configFile.toLowerCase() === "none") {
    // No file at all, as with `ssh -F none`.
  } else if (configFile !== "") {
    await lister.read({ path: configFile, isUsers: true, checkOwner: false, isRequired: true });
  } else {
    const { userFile, systemFile } = environment;
    await lister.read({ path: userFile, isUsers: true, checkOwner: true, isRequired: false });
    await lister.read({ path: systemFile, isUsers: false, checkOwner: false, isRequired: false });
  }
  for (const name of settings.flatMap(entryPatterns)) {
    lister.addFromSettings(name);
  }
  await lister.addValues(settings);
  // The lister has much that is no longer needed.
  const { hosts, problems, dependencies, canSetControlPath } = lister;
  return { hosts, problems, dependencies, canSetControlPath };
}

type Draft = { -readonly [K in keyof HostEntry]: HostEntry[K] };

interface FileToRead {
  readonly path: string;
  /** A user's file: relative Includes start in `~/.ssh`, and `~` is allowed. */
  readonly isUsers: boolean;
  readonly checkOwner: boolean;
  readonly isRequired: boolean;
  /** The blocks around its Include. */
  readonly scope?: Scope;
  /** The chain of files that include this one. */
  readonly includedBy?: readonly string[];
}

/** Used only to check the syntax of a `Match` line. */
const anybody: MatchSubject = {
  ...{
    hostName: "",
    originalHost: "",
    user: "",
    localUser: "",
    tag: "",
    sessionType: "",
    isFinalPass: false,
  },
};

class HostLister implements HostList {
  readonly #files: ConfigView;
  readonly #environment: ConfigEnvironment;
  readonly #tokens: Tokens;
  readonly #values: ValueCollector;
  readonly #pacer = new Pacer();
  readonly #byAlias = new Map<string, Draft>();
  readonly #problems = new Map<string, ConfigProblem>();
  /**
   * The scopes in which each file was read, as text; the empty scope is that of all hosts. Reading a file again adds
   * nothing, because each host is listed at its first line, and has the first value.
   */
  readonly #done = new Map<string, Set<string>>();
  #lines = 0;
  #ignoreUnknown: string | undefined;
  canSetControlPath = false;

  constructor(environment: ConfigEnvironment, files: ConfigView) {
    this.#environment = environment;
    this.#files = files;
    this.#tokens = machineTokens(environment);
    this.#values = new ValueCollector(environment.localUser);
  }

  get hosts(): readonly HostEntry[] {
    return [...this.#byAlias.values()];
  }

  get problems(): readonly ConfigProblem[] {
    return [...this.#problems.values()];
  }

  get dependencies(): ReadonlyMap<string, string> {
    return this.#files.dependencies;
  }

  addFromSettings(alias: string): void {
    if (!isPattern(alias) && isValidHost(alias) && !this.#byAlias.has(alias)) {
      this.#byAlias.set(alias, { alias, source: "setting" });
    }
  }

  /** Adds to each host what the settings and the files say about it. The settings override the files. */
  async addValues(settings: readonly HostSettings[]): Promise<void> {
    for (const [alias, entry] of this.#byAlias) {
      Object.assign(entry, this.#values.of(alias, valuesIn(settings, alias)));
      if (this.#values.pauseIsDue()) {
        await this.#values.pause();
      }
    }
  }

  async read(file: FileToRead): Promise<void> {
    const { path, isUsers, checkOwner, isRequired, scope = everyHost, includedBy = [] } = file;
    if (this.#isDone(path, scope)) {
      return;
    }
    const result = await this.#files.read(path, checkOwner);
    if (result.kind === "missing") {
      if (isRequired) {
        this.#addProblem({ file: path, message: "The file does not exist" });
      }
      return;
    }
    if (result.kind === "too-many") {
      const message = `Files are left out: ${result.why}`;
      this.#addProblem({ file: includedBy.at(-1) ?? path, message });
      return;
    }
    if (result.kind === "refused") {
      this.#addProblem({ file: path, message: `The file is left out: ${result.why}` });
      return;
    }
    let block = scope;
    const { directives } = result;
    const wasSound = soundFiles.has(directives);
    let isSound = true;
    for (const directive of directives) {
      const before = this.#lines;
      // A line with a thousand patterns costs as much as many short ones.
      this.#lines += 1 + (directive.rest.length >> 6);
      if (this.#lines > mostLines || this.#byAlias.size >= mostHosts) {
        this.#addProblem({ file: path, message: "There are too many lines or hosts; the rest is left out" });
        return;
      }
      const problem = wasSound ? undefined : this.#problemOf(directive);
      isSound &&= wasSound || (problem === undefined && !dependsOnMore(directive));
      if (this.#pacer.isDue(this.#lines - before)) {
        await this.#pacer.pause();
      }
      if (problem !== undefined) {
        this.#addProblem({ file: path, line: directive.line, message: problem });
        continue;
      }
      switch (directive.keyword) {
        case "host":
          this.#addBlock(directive, path, scope);
          block = [...scope, { kind: "host", patterns: directive.args }];
          break;
        case "match":
          this.#values.add(directive, scope);
          block = [...scope, { kind: "match", args: directive.args }];
          break;
        case "include":
          await this.#include(directive, [...includedBy, path], isUsers, block);
          break;
        case "controlpath":
          this.canSetControlPath = true;
          break;
        default:
          this.#values.add(directive, block);
      }
    }
    if (isSound && !wasSound) {
      soundFiles.add(directives);
    }
  }

  #isDone(path: string, scope: Scope): boolean {
    const scopes = this.#done.get(path) ?? new Set();
    const key = scope.length === 0 ? "" : JSON.stringify(scope);
    const inner = JSON.stringify(scope.at(-1) ?? "");
    const isDone = scopes.has("") || scopes.has(key) || scopes.has(inner);
    if (isDone && !scopes.has("") && !scopes.has(key)) {
      // Blocks in blocks of files that include each other: reading every combination would never end.
      this.#values.addUnknownFile(scope);
    }
    this.#done.set(path, scopes.add(key).add(inner));
    return isDone;
  }

  #addProblem(problem: ConfigProblem): void {
    if (this.#problems.size < mostProblems) {
      const { file, line, message } = problem;
      this.#problems.set(JSON.stringify([file, line, message]), problem);
    }
  }

  #addBlock({ args, line }: Directive, file: string, scope: Scope): void {
    // Only a negated pattern can exclude a name that is on the line itself.
    const negated = args.filter((arg) => arg.startsWith("!"));
    for (const alias of args) {
      const isListed =
        !isPattern(alias) &&
        isValidHost(alias) &&
        (negated.length === 0 || matchPatterns(alias, [alias, ...negated]));
      if (isListed && !this.#byAlias.has(alias) && isPossible(alias, scope)) {
        this.#byAlias.set(alias, { alias, file, line, source: "sshConfig" });
      }
    }
  }

  async #include(
    { args, line }: Directive,
    files: readonly string[],
    isUsers: boolean,
    scope: Scope,
  ): Promise<void> {
    for (const arg of args) {
      const path = this.#includePath(arg, isUsers);
      if (path !== undefined && isOwnInclude(path)) {
        continue;
      }
      if (path === undefined) {
        this.#values.addUnknownFile(scope);
        this.canSetControlPath = true;
      }
      for (const included of path === undefined ? [] : await this.#files.glob(path)) {
        const file = files.at(-1) ?? included;
        if (files.includes(included)) {
          this.#addProblem({ file, line, message: "Include: the file leads back to itself" });
        } else if (files.length > deepestInclude) {
          this.#addProblem({ file, line, message: "Include: files include each other too deeply" });
        } else {
          await this.read({
            path: included,
            isUsers,
            checkOwner: true,
            isRequired: false,
            scope,
            includedBy: files,
          });
        }
      }
    }
  }

  /** Undefined for a path that depends on the host, or on a variable that is not set. */
  #includePath(arg: string, isUsers: boolean): string | undefined {
    try {
      return includePath(arg, isUsers, this.#environment, this.#tokens);
    } catch (error) {
      if (error instanceof ExpansionError) {
        return undefined;
      }
      throw error;
    }
  }

  /** What OpenSSH refuses in Host, Match and Include lines, for any host. */
  #controlProblem({ keyword, args }: Directive): string | undefined {
    switch (keyword) {
      case "match":
        return judgeMatch(args, anybody).problem;
      case "host":
        return args.length === 0 || args.includes("") ? "an argument is empty" : undefined;
      case "include":
        return args.includes("") ? "an argument is empty" : this.#expansionProblem(args);
      default:
        return undefined;
    }
  }

  /** A token or variable that has no value for any host. */
  #expansionProblem(args: readonly string[]): string | undefined {
    const tokens = { ...this.#tokens, h: "", n: "", k: "", p: "", r: "", j: "", C: "" };
    try {
      for (const arg of args) {
        // Checked as in a user's file: where `~` is not allowed, it is an ordinary character.
        includePath(arg, true, this.#environment, tokens);
      }
      return undefined;
    } catch (error) {
      if (error instanceof ExpansionError) {
        return error.message;
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
      this.#lines += (this.#ignoreUnknown ?? "").length >> 6;
      const isIgnored = this.#ignoreUnknown !== undefined && matchPatternList(keyword, this.#ignoreUnknown);
      return isIgnored ? undefined : `${printable(keyword, 60)}: there is no such keyword`;
    }
    try {
      rule.read(directive);
      const problem = this.#controlProblem(directive);
      return problem === undefined ? undefined : `${printable(keyword, 60)}: ${printable(problem, 200)}`;
    } catch (error) {
      if (error instanceof ArgumentError) {
        return `${printable(keyword, 60)}: ${printable(error.message, 200)}`;
      }
      throw error;
    }
  }
}

function valuesIn(settings: readonly HostSettings[], alias: string): ListedValues {
  if (settings.length === 0) {
    return {};
  }
  const hostName = entryValue(settings, alias, "hostName")?.value;
  const user = entryValue(settings, alias, "user")?.value;
  const port = entryValue(settings, alias, "port")?.value;
  return {
    ...(hostName !== undefined && { hostName }),
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
  };
}

/** Whether the `Host` lines around allow it. `Match` lines may hold at another time. */
function isPossible(alias: string, scope: Scope): boolean {
  return scope.every((condition) => condition.kind === "match" || matchPatterns(alias, condition.patterns));
}

/** Whether checking a line needs, or changes, more than the line: the environment, or which keywords are ignored. */
function dependsOnMore({ keyword }: Directive): boolean {
  return keyword === "include" || keyword === "ignoreunknown" || keywordRule(keyword) === undefined;
}
