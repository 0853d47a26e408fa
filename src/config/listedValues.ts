/**
 * HostName, User and Port of listed hosts, as `ssh -G` would report them: for each keyword, the first value counts
 * (ssh_config(5)). A list must not run commands or ask name servers, so a value can be unknown: then the list shows
 * none.
 */
import { Pacer } from "../base/pacer.ts";
import type { Directive } from "./configLine.ts";
import { parsePort } from "./hostSpec.ts";
import { normalHostName } from "./normalHostName.ts";
import { isPattern, matchHostNameList, matchPatternList, matchPatterns } from "./patterns.ts";
import { ExpansionError, expandTokens } from "./tokens.ts";

/** A `Host` or `Match` line. */
export type Condition =
  | { readonly kind: "host"; readonly patterns: readonly string[] }
  | { readonly kind: "match"; readonly args: readonly string[] };

/** Lines that must all hold, outermost first: an Include inside a block depends on that block too. */
export type Scope = readonly Condition[];

export interface ListedValues {
  readonly hostName?: string;
  readonly user?: string;
  readonly port?: number;
}

const unknown = Symbol("unknown");

/** Undefined: no line has set it. */
type Found<T> = T | typeof unknown | undefined;

interface Block {
  readonly order: number;
  readonly scope: Scope;
  /** The name starts with one of these, or the innermost line does not hold. Undefined: that is not known. */
  readonly starts: readonly string[] | undefined;
  /** Of one evaluation of its scope. */
  readonly comparisons: number;
  /** A file that depends on the host is included here: any value may follow. */
  isOpen: boolean;
  /** The first value of each keyword. */
  hostname: string | undefined;
  user: string | undefined;
  port: string | undefined;
}

interface Subject {
  readonly alias: string;
  /** What `Host` patterns are matched against: the alias, and in the final pass the host name. */
  readonly name: string;
  readonly isFinalPass: boolean;
  hostName: Found<string>;
  user: Found<string>;
  port: Found<number>;
}

const none: readonly Block[] = [];

type Answer = "yes" | "no" | "maybe";

/** Comparisons for one list. Beyond them, hosts are listed without values. */
const mostComparisons = 5_000_000;

export class ValueCollector {
  readonly #localUser: string;
  readonly #pacer = new Pacer();
  /** Blocks whose line consists of plain names, by name. */
  readonly #byName = new Map<string, Block[]>();
  readonly #others: Block[] = [];
  #order = 0;
  #current: Block | undefined;
  #wantsFinalPass = false;
  #canonicalizes = false;
  #comparisons = 0;
  #paced = 0;

  constructor(localUser: string) {
    this.#localUser = localUser;
  }

  /** A line in `scope`, in the order in which OpenSSH reads them. */
  add({ keyword, args }: Directive, scope: Scope): void {
    const [value = ""] = args;
    if (keyword === "canonicalizehostname") {
      this.#canonicalizes ||= !/^(?:no|false)$/i.test(value);
    } else if (keyword === "match") {
      this.#wantsFinalPass ||= args.some((arg) => /^!?final$/i.test(arg));
    } else if (keyword === "hostname" || keyword === "user" || keyword === "port") {
      this.#block(scope)[keyword] ??= value;
    }
  }

  /** A file is included in `scope` whose name depends on the host. */
  addUnknownFile(scope: Scope): void {
    this.#block(scope).isOpen = true;
  }

  /** This has taken long: other work is to run. */
  pauseIsDue(): boolean {
    const weight = this.#comparisons - this.#paced;
    this.#paced = this.#comparisons;
    return this.#pacer.isDue(1 + weight);
  }

  async pause(): Promise<void> {
    await this.#pacer.pause();
  }

  /** @param given values that override the files, as those of the settings do */
  of(alias: string, given: ListedValues): ListedValues {
    if (this.#comparisons > mostComparisons) {
      return given;
    }
    const { hostName: givenHost, user: givenUser, port: givenPort } = given;
    const first: Subject = {
      alias,
      name: alias,
      isFinalPass: false,
      hostName: givenHost,
      user: givenUser,
      port: givenPort,
    };
    this.#read(first);
    let last = first;
    if (this.#canonicalizes) {
      // Name servers decide the name, and which blocks match it.
      last = forget(first, given.hostName);
    } else if (this.#wantsFinalPass) {
      if (first.hostName === unknown) {
        last = forget(first, unknown);
      } else {
        // The name of the first pass stays (ssh.c, main).
        const name = normalHostName(first.hostName ?? alias);
        last = { ...first, name, hostName: name, isFinalPass: true };
        this.#read(last);
        last.hostName = first.hostName;
      }
    }
    const { hostName, user, port } = last;
    const values: { -readonly [K in keyof ListedValues]: ListedValues[K] } = {};
    if (typeof hostName === "string") {
      values.hostName = givenHost ?? normalHostName(hostName);
    }
    if (typeof user === "string") {
      values.user = user;
    }
    if (typeof port === "number") {
      values.port = port;
    }
    return values;
  }

  #block(scope: Scope): Block {
    if (this.#current?.scope !== scope) {
      const inner = scope.at(-1);
      const isPlain = inner?.kind === "host" && !inner.patterns.some(isPattern);
      const block: Block = {
        order: this.#order++,
        scope,
        starts: inner?.kind === "host" && !isPlain ? literalStarts(inner.patterns) : undefined,
        comparisons: scope.reduce((sum, condition) => sum + comparisonsOf(condition), 0),
        isOpen: false,
        hostname: undefined,
        user: undefined,
        port: undefined,
      };
      this.#current = block;
      if (isPlain) {
        for (const name of new Set(inner.patterns)) {
          const known = this.#byName.get(name) ?? [];
          known.push(block);
          this.#byName.set(name, known);
        }
      } else {
        this.#others.push(block);
      }
      return block;
    }
    return this.#current;
  }

  #read(subject: Subject): void {
    const own = this.#byName.get(subject.name) ?? none;
    let i = 0;
    let k = 0;
    for (;;) {
      const one = own[i];
      const other = this.#others[k];
      const next = one !== undefined && (other === undefined || one.order < other.order) ? one : other;
      const isDone =
        subject.hostName !== undefined && subject.user !== undefined && subject.port !== undefined;
      if (next === undefined || isDone) {
        return;
      }
      if (next === one) {
        i++;
      } else {
        k++;
      }
      const { starts, scope } = next;
      // Found by its name: its line holds, and there is none around it.
      if (next === one && scope.length === 1) {
        this.#comparisons++;
        apply(next, subject, true);
        continue;
      }
      this.#comparisons += starts?.length ?? 0;
      if (starts !== undefined && !starts.some((start) => subject.name.startsWith(start))) {
        continue;
      }
      this.#comparisons += next.comparisons;
      const answer = this.#holds(scope, subject);
      if (answer !== "no") {
        apply(next, subject, answer === "yes");
      }
    }
  }

  #holds(scope: Scope, subject: Subject): Answer {
    let answer: Answer = "yes";
    for (const condition of scope) {
      const holds =
        condition.kind === "host"
          ? matchPatterns(subject.name, condition.patterns)
            ? "yes"
            : "no"
          : judge(condition.args, subject, this.#localUser);
      if (holds === "no") {
        return "no";
      }
      answer = holds === "maybe" ? "maybe" : answer;
    }
    return answer;
  }
}

/** Undefined: a negated pattern makes the rest unimportant. */
function literalStarts(patterns: readonly string[]): readonly string[] | undefined {
  return patterns.some((pattern) => pattern.startsWith("!"))
    ? undefined
    : patterns.map((pattern) => /^[^*?]*/.exec(pattern)?.[0] ?? "");
}

function comparisonsOf(condition: Condition): number {
  const words = condition.kind === "host" ? condition.patterns : condition.args;
  return words.reduce((sum, word) => sum + 1 + (word.length >> 6), 0);
}

/** A name that only name servers know: values that no line has set may come from blocks that match it. */
function forget(subject: Subject, hostName: Found<string>): Subject {
  return {
    ...subject,
    hostName: hostName ?? unknown,
    user: subject.user ?? unknown,
    port: subject.port ?? unknown,
  };
}

function apply({ hostname: hostName, user, port, isOpen }: Block, subject: Subject, isSure: boolean): void {
  if (hostName !== undefined) {
    subject.hostName ??= isSure ? expanded(hostName, subject.alias) : unknown;
  }
  if (user !== undefined) {
    // Newer releases replace tokens and variables, older ones do not.
    subject.user ??= isSure && !/[%$]/.test(user) ? user : unknown;
  }
  if (port !== undefined) {
    subject.port ??= (isSure ? parsePort(port) : undefined) ?? unknown;
  }
  if (isOpen) {
    subject.hostName ??= unknown;
    subject.user ??= unknown;
    subject.port ??= unknown;
  }
}

function expanded(hostName: string, alias: string): Found<string> {
  try {
    return expandTokens(hostName, { h: alias });
  } catch (error) {
    if (error instanceof ExpansionError) {
      return unknown;
    }
    throw error;
  }
}

/** As `judgeMatch`, without what depends on the moment: commands, networks, the kind of session, versions. */
function judge(args: readonly string[], subject: Subject, localUser: string): Answer {
  let answer: Answer = "yes";
  for (let i = 0; i < args.length; i++) {
    const [, bang = "", name = "", assigned] = /^(!?)([^=]*)(?:=(.*))?$/s.exec(args[i] ?? "") ?? [];
    const isNegated = bang !== "";
    const criterion = name.toLowerCase();
    const takesNone = ["all", "final", "canonical"].includes(criterion);
    const holds = judgeOne(criterion, takesNone ? "" : (assigned ?? args[++i] ?? ""), subject, localUser);
    if (holds === undefined) {
      answer = "maybe";
    } else if (holds === isNegated) {
      return "no";
    }
  }
  return answer;
}

/** Undefined: it is not known. */
function judgeOne(
  criterion: string,
  argument: string,
  { alias, hostName, user, isFinalPass }: Subject,
  localUser: string,
): boolean | undefined {
  switch (criterion) {
    case "all":
      return true;
    case "final":
    case "canonical":
      return isFinalPass;
    case "host":
      return hostName === unknown ? undefined : matchHostNameList(hostName ?? alias, argument);
    case "originalhost":
      return matchHostNameList(alias, argument);
    case "user":
      return user === unknown ? undefined : matchPatternList(user ?? localUser, argument);
    case "localuser":
      return matchPatternList(localUser, argument);
    default:
      return undefined;
  }
}
