import { asError } from "../base/errors.ts";
import { printable } from "../base/log.ts";
import { Pacer } from "../base/pacer.ts";
import { CollectedSettings } from "./collectedSettings.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import { ConfigError, type ConfigErrorReason } from "./configErrors.ts";
import type { ConfigFiles, ConfigView } from "./configFiles.ts";
import type { Directive } from "./configLine.ts";
import type { Evaluation, EvaluationRequest } from "./evaluationTypes.ts";
import { deepestInclude, mostLines } from "./fileBounds.ts";
import type { ConfigWarning } from "./hostConfig.ts";
import { includePath, isOwnInclude, machineTokens } from "./includePath.ts";
import { lastJumpHost } from "./jumpHops.ts";
import { ArgumentError, keywordRule } from "./keywords.ts";
import { judgeMatch } from "./matchCriteria.ts";
import { normalHostName } from "./normalHostName.ts";
import { matchPatternList, matchPatterns } from "./patterns.ts";
import { connectionHash, ExpansionError, expandTokens } from "./tokens.ts";

/**
 * Reads the files as OpenSSH's client does (readconf.c) and collects their settings. Never rejects because of a file.
 */
export async function evaluateConfig(
  request: EvaluationRequest,
  environment: ConfigEnvironment,
  files: Pick<ConfigFiles, "view">,
): Promise<Evaluation> {
  return new Evaluator(request, environment, files).run();
}

interface FileKind {
  readonly path: string;
  /** A user's file: relative Includes start in `~/.ssh`, and `~` is allowed. */
  readonly isUsers: boolean;
  readonly depth: number;
  /** Included where the surrounding block does not apply: read only to find errors. */
  readonly neverMatches: boolean;
  /** It is not read if others may write to it. */
  readonly checkOwner: boolean;
  readonly isRequired: boolean;
}

class Evaluator {
  readonly #request: EvaluationRequest;
  readonly #environment: ConfigEnvironment;
  readonly #files: ConfigView;
  readonly #pacer = new Pacer();
  readonly #settings: CollectedSettings;
  readonly #warnings: ConfigWarning[] = [];
  #failure: ConfigError | undefined;
  #usesExec = false;
  #wantsFinalPass = false;
  #isFinalPass = false;
  /** Stop reading: OpenSSH stops here too, and files that include each other twice would take very long. */
  #isTooDeep = false;
  #lines = 0;
  /** The name that `Host` patterns are matched against: the alias, and in the final pass the host name. */
  #host: string;

  constructor(request: EvaluationRequest, environment: ConfigEnvironment, files: Pick<ConfigFiles, "view">) {
    this.#request = request;
    this.#environment = environment;
    this.#files = files.view();
    this.#host = request.alias;
    this.#settings = new CollectedSettings(request, {
      onWork: (lines) => {
        this.#lines += lines;
      },
      onTooMany: (why, { file, line }) => this.#fail("malformed", why, file, line),
    });
  }

  async run(): Promise<Evaluation> {
    await this.#readAll();
    this.#host = normalHostName(this.#hostName());
    const canonicalize = this.#first("canonicalizehostname") ?? "no";
    if (!/^(?:no|false)$/i.test(canonicalize)) {
      // The same result as a failed lookup (CanonicalizeFallbackLocal).
      this.#wantsFinalPass = true;
      this.#warnings.push({ kind: "canonicalize" });
    }
    if (this.#wantsFinalPass) {
      this.#isFinalPass = true;
      await this.#readAll();
    }
    return {
      settings: this.#settings.lines,
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
    const top = { isUsers: true, depth: 0, neverMatches: false, checkOwner: true, isRequired: false };
    if (configFile !== "") {
      if (configFile.toLowerCase() !== "none") {
        await this.#readFile({ ...top, path: configFile, checkOwner: false, isRequired: true });
      }
      return;
    }
    await this.#readFile({ ...top, path: userFile });
    await this.#readFile({ ...top, path: systemFile, isUsers: false, checkOwner: false });
  }

  async #readFile(kind: FileKind): Promise<void> {
    const { path, checkOwner, isRequired } = kind;
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
      // OpenSSH silently skips a default file that can't be opened, but not one with a wrong owner.
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

  /** @returns whether the following lines apply. */
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
        this.#settings.set(rule.name, rule.merge, { values, file: kind.path, line });
      }
    } catch (error) {
      if (!(error instanceof ArgumentError)) {
        throw error;
      }
      refuse(printable(error.message, 200), error);
    }
    return isActive;
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
      for (const included of isOwnInclude(path) ? [] : await this.#files.glob(path)) {
        if (this.#isTooDeep) {
          return;
        }
        await this.#readFile({
          ...{ path: included, isUsers: kind.isUsers, depth: kind.depth + 1 },
          ...{ neverMatches: kind.neverMatches || !isActive, checkOwner: true, isRequired: false },
        });
      }
    }
  }

  /** Warn once: the final pass reads the files a second time. */
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
    const jumpHost = this.#jumpHost();
    return {
      ...machineTokens(this.#environment),
      ...{ h: hostName, n: this.#request.alias, k: this.#first("hostkeyalias") ?? hostName },
      ...{ p: String(port), r: user, j: jumpHost },
      C: connectionHash({ localHost: localHostName, hostName, port, user, jumpHost }),
    };
  }

  /** A jump host that is not a host makes the configuration invalid, as in OpenSSH (readconf.c, parse_jump). */
  #jumpHost(): string {
    try {
      return lastJumpHost(this.#first("proxyjump"));
    } catch (error) {
      if (!ConfigError.is(error)) {
        throw error;
      }
      this.#failure ??= error;
      return "";
    }
  }

  #hostName(): string {
    if (this.#isFinalPass) {
      return this.#host;
    }
    const { alias } = this.#request;
    const setting = this.#settings.lines.get("hostname")?.[0];
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
    return this.#settings.first(name);
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
