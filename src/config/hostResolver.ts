import type { Clock } from "../base/clock.ts";
import { raceSignal } from "../base/deadline.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { FileError } from "../base/fileErrors.ts";
import type { Logger } from "../base/log.ts";
import { type AlgorithmKeyword, type AlgorithmNames, openSshAlgorithms } from "./algorithmLists.ts";
import { buildHostConfig } from "./buildHostConfig.ts";
import { type ConfigEnvironment, configEnvironment } from "./configEnvironment.ts";
import { ConfigError } from "./configErrors.ts";
import { configFileOf } from "./configFileSetting.ts";
import { ConfigFiles } from "./configFiles.ts";
import type {
  ConfigProblem,
  ConfigProblemSource,
  ControlPathSource,
  HostControlPath,
  HostResolver,
  SettingsPort,
} from "./configPorts.ts";
import { ConfigWatcher } from "./configWatcher.ts";
import { type EffectiveValues, effectiveValues } from "./effectiveValues.ts";
import { evaluateConfig } from "./evaluateConfig.ts";
import type { Evaluation, EvaluationRequest } from "./evaluationTypes.ts";
import type { ConfigWarning, HostConfig, ValueSource } from "./hostConfig.ts";
import type { HostList } from "./hostList.ts";
import { entryValue } from "./hostPolicies.ts";
import { parseHostSpec } from "./hostSpec.ts";
import { KeptHostList } from "./keptHostList.ts";
import { keywordWarnings } from "./keywordWarnings.ts";
import { SshAsker } from "./sshAsker.ts";
import { withExactLists } from "./sshG.ts";
import { type RunSsh, runSsh } from "./sshProgram.ts";
import { type AskedValues, sourcesOf } from "./valueSources.ts";

export interface HostResolverInit {
  readonly settings: SettingsPort;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: this machine. */
  readonly environment?: ConfigEnvironment;
  /** Path of the `ssh` to ask; undefined: search for it; false: there is none, and our own evaluation counts. */
  readonly ssh?: string | false;
  readonly runSsh?: RunSsh;
  /** The algorithms that OpenSSH offers by default, for our own evaluation of `+`, `-` and `^` lists. */
  readonly algorithms?: Readonly<Record<AlgorithmKeyword, AlgorithmNames>>;
}

/**
 * Reads ssh_config and `sshSessions.hosts`. Values come from `ssh -G` where there is an `ssh`, otherwise from our own
 * parser, which also finds the line of each value. Dispose to stop watching.
 */
export function createHostResolver(
  init: HostResolverInit,
): HostResolver & ConfigProblemSource & ControlPathSource & Disposable {
  return new Resolver(init);
}

/** The number of cached hosts. */
const mostKept = 500;
/** The number of remembered refusals. */
const mostRefusals = 100;

interface Kept {
  readonly config: HostConfig;
  readonly dependencies: ReadonlyMap<string, string>;
}

class Resolver implements HostResolver, ConfigProblemSource, ControlPathSource, Disposable {
  readonly #settings: SettingsPort;
  readonly #logger: Logger;
  readonly #environment: ConfigEnvironment;
  readonly #files: ConfigFiles;
  readonly #listed: KeptHostList;
  readonly #watcher: ConfigWatcher;
  readonly #ssh: SshAsker;
  readonly #algorithms: Readonly<Record<AlgorithmKeyword, AlgorithmNames>>;
  readonly #changed = new Emitter<void>();
  readonly #problemsChanged = new Emitter<void>();
  /** The lines that `ssh` refused since the last change, by file and line. */
  #refusals = new Map<string, ConfigProblem>();
  readonly #subscriptions: readonly Disposable[];
  readonly #kept = new Map<string, Kept>();
  readonly #pending = new Map<string, Promise<HostConfig>>();

  constructor(init: HostResolverInit) {
    this.#settings = init.settings;
    this.#logger = init.logger;
    this.#environment = init.environment ?? configEnvironment();
    this.#files = new ConfigFiles(this.#environment);
    this.#listed = new KeptHostList(this.#environment, this.#files);
    this.#watcher = new ConfigWatcher(init.clock, init.logger, this.#environment.platform);
    this.#ssh = new SshAsker(init.ssh, this.#environment, init.runSsh ?? runSsh, init.clock, init.logger);
    this.#algorithms = init.algorithms ?? openSshAlgorithms;
    const onChange = (): void => {
      // A pending evaluation may have read the old state; later calls start a new one.
      this.#pending.clear();
      this.#refusals = new Map();
      this.#changed.fire();
    };
    this.#subscriptions = [this.#watcher.onDidChange(onChange), this.#settings.onDidChange(onChange)];
  }

  readonly onDidChange: Event<void> = (listener) => this.#changed.event(listener);
  readonly onDidChangeProblems: Event<void> = (listener) => this.#problemsChanged.event(listener);

  async hosts(): Promise<Pick<HostList, "hosts" | "problems">> {
    const { hosts, problems } = await this.#list();
    const known = new Set(problems.map(({ file, line }) => `${file}:${line}`));
    const refused = [...this.#refusals].flatMap(([place, problem]) => (known.has(place) ? [] : [problem]));
    return { hosts, problems: [...problems, ...refused] };
  }

  async warnings(host: string): Promise<readonly ConfigWarning[]> {
    const { request, sources } = this.#overridesFor(host);
    const evaluation = await evaluateConfig(request, this.#environment, this.#files);
    const own = this.#ownValues(request, evaluation);
    return keywordWarnings(own, evaluation, this.#environment, sourcesOf(sources, evaluation, own));
  }

  async controlPaths(): Promise<readonly HostControlPath[]> {
    const found: HostControlPath[] = [];
    const { hosts, canSetControlPath } = await this.#list();
    // Evaluating thousands of hosts takes seconds, and looking for changes of all files each time would take minutes.
    const view = this.#files.view();
    for (const { alias, source } of canSetControlPath ? hosts : []) {
      const path = source === "sshConfig" ? await this.#controlPath(alias, { view: () => view }) : undefined;
      if (path !== undefined) {
        found.push(path);
      }
    }
    return found;
  }

  async controlPath(alias: string): Promise<HostControlPath | undefined> {
    return await this.#controlPath(alias, this.#files);
  }

  async #controlPath(alias: string, files: Pick<ConfigFiles, "view">): Promise<HostControlPath | undefined> {
    const request = { alias, configFile: this.#configFile() };
    const evaluation = await evaluateConfig(request, this.#environment, files);
    if (!evaluation.settings.has("controlpath")) {
      return undefined;
    }
    const values = this.#ownValues(request, evaluation);
    const [path] = values.get("controlpath") ?? [];
    return path === undefined
      ? undefined
      : {
          ...{ alias, path, hostName: evaluation.hostName },
          user: values.get("user")?.[0] ?? this.#environment.localUser,
          port: Number(values.get("port")?.[0] ?? 22),
        };
  }

  async resolve(host: string, signal?: AbortSignal): Promise<HostConfig> {
    signal?.throwIfAborted();
    const overrides = this.#overridesFor(host);
    const key = JSON.stringify([overrides.request, ...overrides.sources]);
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      const started = this.#noteRefusal(this.#resolveKept(key, overrides)).finally(() => {
        if (this.#pending.get(key) === started) {
          this.#pending.delete(key);
        }
      });
      this.#pending.set(key, started);
      pending = started;
    }
    return signal === undefined ? pending : raceSignal(pending, signal);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
    this.#watcher.dispose();
    this.#changed.dispose();
    this.#problemsChanged.dispose();
    this.#kept.clear();
    this.#pending.clear();
  }

  async #list(): Promise<HostList> {
    const list = await this.#listed.list(this.#configFile(), this.#settings.hosts);
    await this.#watcher.watch(list.dependencies.keys());
    return list;
  }

  #configFile(): string {
    return configFileOf(this.#settings, this.#environment);
  }

  /** The values that override the files: the typed ones, then the entries of `sshSessions.hosts`. */
  #overridesFor(host: string): Overrides {
    const { alias, user, port } = parseHostSpec(host);
    const { hosts } = this.#settings;
    const settingOf = {
      hostname: entryValue(hosts, alias, "hostName"),
      user: entryValue(hosts, alias, "user"),
      port: entryValue(hosts, alias, "port"),
    };
    const sources = new Map<string, ValueSource>();
    const pick = <T>(
      keyword: string,
      typed: T | undefined,
      setting: { value: T; pattern: string } | undefined,
    ): T | undefined => {
      if (typed !== undefined) {
        sources.set(keyword, { kind: "commandLine" });
      } else if (setting !== undefined) {
        sources.set(keyword, { kind: "hostSetting", pattern: setting.pattern });
      }
      return typed ?? setting?.value;
    };
    const wanted = {
      user: pick("user", user, settingOf.user),
      port: pick("port", port, settingOf.port),
      hostName: pick("hostname", undefined, settingOf.hostname),
    };
    return {
      request: {
        alias,
        configFile: this.#configFile(),
        ...(wanted.user !== undefined && { user: wanted.user }),
        ...(wanted.port !== undefined && { port: wanted.port }),
        ...(wanted.hostName !== undefined && { hostName: wanted.hostName }),
      },
      sources,
    };
  }

  /**
   * A refusal by OpenSSH of a line that our parser accepts, such as an unknown algorithm, becomes a problem of that
   * line.
   */
  async #noteRefusal(resolving: Promise<HostConfig>): Promise<HostConfig> {
    const refusals = this.#refusals;
    try {
      return await resolving;
    } catch (error) {
      if (
        ConfigError.is(error) &&
        error.reason === "malformed" &&
        error.file !== undefined &&
        error.line !== undefined &&
        refusals === this.#refusals
      ) {
        const { file, line, message } = error;
        const place = `${file}:${line}`;
        if (!refusals.has(place) && refusals.size < mostRefusals) {
          refusals.set(place, { file, line, message });
          this.#problemsChanged.fire();
        }
      }
      throw error;
    }
  }

  async #resolveKept(key: string, overrides: Overrides): Promise<HostConfig> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && (await this.#files.areUnchanged(kept.dependencies))) {
      return kept.config;
    }
    this.#kept.delete(key);
    // Both read the same files. In parallel, a large configuration takes the time of one.
    const controller = new AbortController();
    const asking = this.#ssh.ask(overrides.request, controller.signal);
    asking.catch(() => {});
    const evaluation = await evaluateConfig(overrides.request, this.#environment, this.#files);
    await this.#watcher.watch(evaluation.dependencies.keys());
    if (evaluation.failure !== undefined && wouldHang(evaluation.failure)) {
      controller.abort(new CancelledError());
      throw evaluation.failure;
    }
    const config = this.#build(overrides, evaluation, await asking);
    // The result of a `Match exec` may differ next time.
    if (!evaluation.usesExec) {
      this.#kept.set(key, { config, dependencies: evaluation.dependencies });
      for (const [oldest] of [...this.#kept].slice(0, Math.max(0, this.#kept.size - mostKept))) {
        this.#kept.delete(oldest);
      }
    }
    return config;
  }

  #build(
    { request, sources }: Overrides,
    evaluation: Evaluation,
    asked: AskedValues | undefined,
  ): HostConfig {
    if (asked === undefined) {
      if (evaluation.failure !== undefined) {
        throw evaluation.failure;
      }
      const own = effectiveValues(evaluation, request.alias, this.#environment, this.#algorithms);
      const sourceOf = sourcesOf(sources, evaluation, own);
      return buildHostConfig(request.alias, own, evaluation, this.#environment, sourceOf);
    }
    const own = this.#ownValues(request, evaluation);
    const sourceOf = sourcesOf(sources, evaluation, own, asked);
    return buildHostConfig(
      request.alias,
      withExactLists(asked.values, own),
      // What our parser left out is in the answer of `ssh`.
      { ...evaluation, warnings: [] },
      this.#environment,
      sourceOf,
    );
  }

  /** For comparison only: `ssh` expanded what can't be expanded here. */
  #ownValues(request: EvaluationRequest, evaluation: Evaluation): EffectiveValues {
    try {
      return effectiveValues(evaluation, request.alias, this.#environment, this.#algorithms);
    } catch (error) {
      this.#logger.debug(`${request.alias}: ${asError(error).message}`);
      return new Map();
    }
  }
}

/** `ssh` would wait forever for an included pipe or a hung mount. */
function wouldHang({ cause }: ConfigError): boolean {
  return FileError.is(cause) && (cause.reason === "not-a-file" || cause.reason === "unresponsive");
}

interface Overrides {
  readonly request: EvaluationRequest;
  /** Where the overriding values come from, by keyword. */
  readonly sources: ReadonlyMap<string, ValueSource>;
}
