import { isIP } from "node:net";
import { asError } from "../base/errors.ts";
import { printable } from "../base/log.ts";
import { Pacer } from "../base/pacer.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import { ConfigError, type ConfigErrorReason } from "./configErrors.ts";
import type { ConfigFiles, ConfigView } from "./configFiles.ts";
import type { Directive } from "./configLine.ts";
import type { ConfigWarning } from "./hostConfig.ts";
import { includePath, machineTokens } from "./includePath.ts";
import { lastJumpHost } from "./jumpHops.ts";
import { ArgumentError, keywordRule } from "./keywords.ts";
import { judgeMatch } from "./matchCriteria.ts";
import { matchPattern, matchPatternList, matchPatterns } from "./patterns.ts";
import { connectionHash, ExpansionError, expandTokens } from "./tokens.ts";

/** Whom to evaluate for; what is given here beats the files, as on OpenSSH's command line. */
export interface EvaluationRequest {
  readonly alias: string;
  readonly user?: string;
  readonly port?: number;
  readonly hostName?: string;
  /** The only file to read (`ssh -F`), `none` for no file; empty: the user's, then the system's. */
  readonly configFile: string;
}

/** One value that is set, and the line that sets it; without a line, the request did. */
export interface SettingLine {
  /** As `ssh -G` prints them, tokens not yet expanded. */
  readonly values: readonly string[];
  readonly file?: string;
  readonly line?: number;
}

/** What the files set for one host; nothing is filled in or expanded yet. */
export interface Evaluation {
  /** By the name that `ssh -G` prints. More than one line only where values accumulate. */
  readonly settings: ReadonlyMap<string, readonly SettingLine[]>;
  /** `%h` expanded; lower case unless it is an address. */
  readonly hostName: string;
  /** The first thing for which OpenSSH would refuse to go on. */
  readonly failure: ConfigError | undefined;
  readonly warnings: readonly ConfigWarning[];
  /** Some `Match exec` stands in the files: the result depends on more than the files. */
  readonly usesExec: boolean;
  /** Every file and folder looked at (also those that are missing), with its stamp. */
  readonly dependencies: ReadonlyMap<string, string>;
}

/** readconf.c, READCONF_MAX_DEPTH. */
const deepestInclude = 16;
/**
 * Lines read for one host, those of a file that is included twice counted twice. OpenSSH has no such limit; files that
 * include each other keep it busy for hours.
 */
const mostLines = 1_000_000;

/** Reads the files as OpenSSH's client does (readconf.c) and collects what they set. Never rejects because of a file. */
export async function evaluateConfig(
  request: EvaluationRequest,
  environment: ConfigEnvironment,
  files: ConfigFiles,
): Promise<Evaluation> {
  return new Evaluator(request, environment, files).run();
}

/** OpenSSH takes at most 100 files of keys, and has no limit for the rest. */
const mostAppended = 10_000;
const mostKeyFiles = 100;

interface FileKind {
  readonly path: string;
  /** A person's file: relative Includes begin in `~/.ssh`, and `~` is allowed. */
  readonly isUsers: boolean;
  readonly depth: number;
  /** Included where the surrounding block does not apply: read for its errors only. */
  readonly neverMatches: boolean;
}

class Evaluator {
  readonly #request: EvaluationRequest;
  readonly #environment: ConfigEnvironment;
  readonly #files: ConfigView;
  readonly #pacer = new Pacer();
  readonly #settings = new Map<string, SettingLine[]>();
  /** The values of keywords whose lines accumulate. */
  readonly #appended = new Map<string, Set<string>>();
  readonly #warnings: ConfigWarning[] = [];
  #failure: ConfigError | undefined;
  #usesExec = false;
  #wantsFinalPass = false;
  #isFinalPass = false;
  /** Nothing more is read: OpenSSH stops here too, and files that include each other twice would take ages. */
  #isTooDeep = false;
  #lines = 0;
  /** What `Host` patterns are held against: the alias, in the final pass the host name. */
  #host: string;

  constructor(request: EvaluationRequest, environment: ConfigEnvironment, files: ConfigFiles) {
    this.#request = request;
    this.#environment = environment;
    this.#files = files.view();
    this.#host = request.alias;
    for (const [name, value] of [
      ["user", request.user],
      ["port", request.port],
      ["hostname", request.hostName],
    ] as const) {
      if (value !== undefined) {
        this.#settings.set(name, [{ values: [String(value)] }]);
      }
    }
  }

  async run(): Promise<Evaluation> {
    await this.#readAll();
    this.#host = normalHostName(this.#hostName());
    const canonicalize = this.#first("canonicalizehostname") ?? "no";
    if (!/^(?:no|false)$/i.test(canonicalize)) {
      // As when the look-up finds nothing (CanonicalizeFallbackLocal).
      this.#wantsFinalPass = true;
      this.#warnings.push({ kind: "canonicalize" });
    }
    if (this.#wantsFinalPass) {
      this.#isFinalPass = true;
      await this.#readAll();
    }
    return {
      settings: this.#settings,
      hostName: this.#host,
      failure: this.#failure,
      warnings: this.#warnings,
      usesExec: this.#usesExec,
      dependencies: this.#files.dependencies,
    };
  }

  async #readAll(): Promise<void> {
    const { configFile } = this.#request;
    const { userFile, systemFile } = this.#environment;
    if (configFile !== "") {
      if (configFile.toLowerCase() !== "none") {
        await this.#readFile({ path: configFile, isUsers: true, depth: 0, neverMatches: false }, false, true);
      }
      return;
    }
    await this.#readFile({ path: userFile, isUsers: true, depth: 0, neverMatches: false }, true, false);
    await this.#readFile({ path: systemFile, isUsers: false, depth: 0, neverMatches: false }, false, false);
  }

  async #readFile(kind: FileKind, checkOwner: boolean, isRequired: boolean): Promise<void> {
    const { path } = kind;
    const read = await this.#files.read(path, checkOwner);
    if (read.kind === "missing") {
      if (isRequired) {
        this.#fail("unreadable", "it does not exist", path);
      }
      return;
    }
    if (read.kind === "too-many") {
      this.#fail("malformed", read.why, path);
      return;
    }
    if (read.kind === "refused") {
      // A default file that can't be opened is passed over silently by OpenSSH; one with wrong owner is not.
      if (isRequired || read.cause === undefined || kind.depth > 0) {
        this.#fail("unreadable", read.why, path, undefined, read.cause);
      } else {
        this.#warn({ kind: "file-left-out", file: path, why: read.why });
      }
      return;
    }
    let isActive = !kind.neverMatches;
    for (const directive of read.directives) {
      if (this.#isTooDeep) {
        return;
      }
      const before = this.#lines;
      // A line with a thousand patterns costs as much as many short ones.
      this.#lines += 1 + (directive.rest.length >> 6);
      if (this.#lines > mostLines) {
        this.#isTooDeep = true;
        this.#fail("malformed", "the files include each other too often", path, directive.line);
      } else if (directive.keyword === "include" && directive.problem === undefined) {
        await this.#include(directive, kind, isActive);
      } else {
        isActive = this.#process(directive, kind, isActive);
      }
      if (this.#pacer.isDue(this.#lines - before)) {
        await this.#pacer.pause();
      }
    }
  }

  /** @returns whether the lines that follow apply. */
  #process(directive: Directive, kind: FileKind, isActive: boolean): boolean {
    const { keyword, args, line } = directive;
    const refuse = this.#refuser(directive, kind);
    const rule = keywordRule(keyword);
    if (rule === undefined && directive.problem === undefined) {
      const ignored = this.#first("ignoreunknown");
      this.#lines += (ignored ?? "").length >> 6;
      if (ignored === undefined || !matchPatternList(keyword, ignored.toLowerCase())) {
        refuse("there is no such keyword");
      }
      return isActive;
    }
    if (rule === undefined || directive.problem !== undefined) {
      refuse(directive.problem ?? "unreadable");
      return isActive;
    }
    if (keyword === "host") {
      if (args.length === 0 || args.includes("")) {
        refuse("an argument is empty");
      }
      return !kind.neverMatches && matchPatterns(this.#host, args);
    }
    if (keyword === "match") {
      return this.#match(args, kind, line, refuse);
    }
    try {
      const values = rule.read(directive);
      if (isActive && rule.merge === "refusal") {
        this.#fail("refused", printable(values.join(" ")), kind.path, line);
      } else if (isActive && values.length > 0) {
        this.#set(rule.name, rule.merge, { values, file: kind.path, line });
      }
    } catch (error) {
      if (!(error instanceof ArgumentError)) {
        throw error;
      }
      refuse(printable(error.message, 200), error);
    }
    return isActive;
  }

  #set(name: string, merge: string, setting: SettingLine): void {
    if (merge === "append") {
      this.#append(name, setting);
    } else if (merge === "proxy") {
      this.#setProxy(name, setting);
    } else if (merge === "first" && !this.#settings.has(name)) {
      this.#settings.set(name, [setting]);
    }
  }

  #append(name: string, setting: SettingLine): void {
    const lines = this.#settings.get(name) ?? [];
    const values = this.#appended.get(name) ?? new Set();
    this.#settings.set(name, lines);
    this.#appended.set(name, values);
    for (const value of setting.values) {
      if (name === "sendenv" && value.startsWith("-")) {
        // Takes back what was named so far.
        this.#lines += lines.length;
        const left = lines.filter((line) => !matchPattern(line.values[0] ?? "", value.slice(1)));
        lines.splice(0, lines.length, ...left);
        values.clear();
        for (const line of left) {
          values.add(line.values[0] ?? "");
        }
      } else if (!values.has(value)) {
        const most = name === "identityfile" || name === "certificatefile" ? mostKeyFiles : mostAppended;
        if (lines.length === most) {
          this.#fail("malformed", `${name}: there are more than ${most}`, setting.file, setting.line);
          return;
        }
        values.add(value);
        lines.push({ ...setting, values: [value] });
      }
    }
  }

  /** Whichever of ProxyJump and ProxyCommand is first rules the other out; `ProxyJump none` leaves it the choice. */
  #setProxy(name: string, setting: SettingLine): void {
    const hasCommand = this.#settings.has("proxycommand");
    if (name === "proxycommand") {
      if (!hasCommand) {
        this.#settings.set(name, [setting]);
      }
      return;
    }
    if (this.#settings.has("proxyjump")) {
      return;
    }
    if (setting.values[0]?.toLowerCase() === "none") {
      this.#settings.set(name, [setting]);
    } else if (!hasCommand) {
      this.#settings.set(name, [setting]);
      this.#settings.set("proxycommand", [{ ...setting, values: ["none"] }]);
    }
  }

  #match(args: readonly string[], kind: FileKind, line: number, refuse: (why: string) => void): boolean {
    const result = judgeMatch(args, {
      hostName: this.#hostName(),
      originalHost: this.#request.alias,
      user: this.#first("user") ?? this.#environment.localUser,
      localUser: this.#environment.localUser,
      tag: this.#first("tag") ?? "",
      sessionType: this.#first("sessiontype") ?? "default",
      isFinalPass: this.#isFinalPass,
    });
    this.#wantsFinalPass ||= result.wantsFinalPass;
    this.#usesExec ||= result.usesExec;
    if (result.problem !== undefined) {
      refuse(result.problem);
    }
    if (result.usesExec) {
      this.#warn({ kind: "match-exec", file: kind.path, line });
    }
    return !kind.neverMatches && result.matches;
  }

  #refuser({ keyword, line }: Directive, kind: FileKind): (why: string, cause?: unknown) => void {
    return (why, cause) =>
      this.#fail("malformed", `${printable(keyword, 60)}: ${why}`, kind.path, line, cause);
  }

  async #include(directive: Directive, kind: FileKind, isActive: boolean): Promise<void> {
    const { args } = directive;
    const refuse = this.#refuser(directive, kind);
    if (args.includes("")) {
      refuse("an argument is empty");
      return;
    }
    if (kind.depth >= deepestInclude) {
      this.#isTooDeep = true;
      refuse("files include each other too deeply");
      return;
    }
    for (const arg of args) {
      let path: string;
      try {
        path = includePath(arg, kind.isUsers, this.#environment, this.#tokens());
      } catch (error) {
        if (!(error instanceof ExpansionError)) {
          throw error;
        }
        refuse(error.message, error);
        continue;
      }
      for (const included of await this.#files.glob(path)) {
        if (this.#isTooDeep) {
          return;
        }
        await this.#readFile(
          {
            path: included,
            isUsers: kind.isUsers,
            depth: kind.depth + 1,
            neverMatches: kind.neverMatches || !isActive,
          },
          true,
          false,
        );
      }
    }
  }

  /** The files may be read twice, and are then found wanting twice. */
  #warn(warning: ConfigWarning): void {
    const text = JSON.stringify(warning);
    if (!this.#warnings.some((known) => JSON.stringify(known) === text)) {
      this.#warnings.push(warning);
    }
  }

  #tokens(): Record<string, string> {
    const { localHostName, localUser } = this.#environment;
    const hostName = this.#hostName();
    const user = this.#first("user") ?? localUser;
    const port = Number(this.#first("port") ?? 22);
    const jumpHost = lastJumpHost(this.#first("proxyjump"));
    return {
      ...machineTokens(this.#environment),
      ...{ h: hostName, n: this.#request.alias, k: this.#first("hostkeyalias") ?? hostName },
      ...{ p: String(port), r: user, j: jumpHost },
      C: connectionHash({ localHost: localHostName, hostName, port, user, jumpHost }),
    };
  }

  #hostName(): string {
    if (this.#isFinalPass) {
      return this.#host;
    }
    const { alias } = this.#request;
    const setting = this.#settings.get("hostname")?.[0];
    if (setting === undefined) {
      return alias;
    }
    try {
      return expandTokens(setting.values[0] ?? alias, { h: alias });
    } catch (error) {
      this.#fail("malformed", `hostname: ${asError(error).message}`, setting.file, setting.line, error);
      return alias;
    }
  }

  #first(name: string): string | undefined {
    return this.#settings.get(name)?.[0]?.values[0];
  }

  #fail(reason: ConfigErrorReason, why: string, file?: string, line?: number, cause?: unknown): void {
    const place =
      file === undefined || reason === "refused"
        ? ""
        : `${printable(file)}${line === undefined ? "" : `:${line}`}: `;
    this.#failure ??= new ConfigError(reason, `${place}${why}`, {
      ...(cause !== undefined && { cause }),
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
    });
  }
}

/** ssh.c: names are lower case; addresses are brought to their shortest form, as getnameinfo(3) prints them. */
function normalHostName(name: string): string {
  if (isIP(name) === 6 && !name.includes("%")) {
    return new URL(`http://[${name}]`).hostname.slice(1, -1);
  }
  if (/^[\da-fx.]+$/i.test(name) && /^\d/.test(name)) {
    try {
      const { hostname } = new URL(`http://${name}`);
      return isIP(hostname) === 4 ? hostname : name.toLowerCase();
    } catch {
      return name.toLowerCase();
    }
  }
  return name.toLowerCase();
}
