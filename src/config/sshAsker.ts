import type { Clock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import { ConfigError } from "./configErrors.ts";
import type { EffectiveValues } from "./effectiveValues.ts";
import type { EvaluationRequest } from "./evaluationTypes.ts";
import { askSsh } from "./sshG.ts";
import { findSsh, type RunSsh } from "./sshProgram.ts";
import type { AskedValues } from "./valueSources.ts";

/** The system is short of resources just now: this is no reason to stop using `ssh`. */
const passing: ReadonlySet<string> = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);

/** Runs the machine's `ssh`, and finds out whether it can be used. */
export class SshAsker {
  readonly #environment: ConfigEnvironment;
  readonly #run: RunSsh;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #program: string | false | undefined;
  #defaults: Promise<EffectiveValues> | undefined;

  /** @param program undefined: searched on PATH at the first question; false: there is none. */
  constructor(
    program: string | false | undefined,
    environment: ConfigEnvironment,
    run: RunSsh,
    clock: Clock,
    logger: Logger,
  ) {
    this.#program = program;
    this.#environment = environment;
    this.#run = run;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Undefined: there is no usable `ssh`.
   * @throws ConfigError when `ssh` refuses the host or takes too long; the signal's reason
   */
  async ask(request: EvaluationRequest, signal?: AbortSignal): Promise<AskedValues | undefined> {
    this.#program ??= (await findSsh(this.#environment)) ?? false;
    const program = this.#program;
    if (program === false) {
      return undefined;
    }
    try {
      // Both run in parallel. An unusable `ssh` takes precedence over its refusal of the host.
      const answer = askSsh(program, request, this.#run, this.#clock, signal);
      answer.catch(() => {});
      const defaults = await this.#defaultsOf(program);
      return { values: await answer, defaults };
    } catch (error) {
      if (ConfigError.is(error) || signal?.aborted === true) {
        throw error;
      }
      this.#logger.warn(`${program} can't be used: ${asError(error).message}. ssh_config is read without it`);
      if (!passing.has((error as NodeJS.ErrnoException).code ?? "")) {
        this.#program = false;
      }
      return undefined;
    }
  }

  /**
   * What `program` prints when it reads no file. Rejects with another error than ConfigError when it isn't OpenSSH's.
   */
  #defaultsOf(program: string): Promise<EffectiveValues> {
    this.#defaults ??= this.#askDefaults(program);
    return this.#defaults;
  }

  async #askDefaults(program: string): Promise<EffectiveValues> {
    try {
      const values = await askSsh(
        program,
        { alias: "localhost", configFile: "none" },
        this.#run,
        this.#clock,
      );
      if (!values.has("hostname") || !values.has("port")) {
        throw new Error("it does not print its configuration for -G");
      }
      return values;
    } catch (error) {
      this.#defaults = undefined;
      throw ConfigError.is(error) && error.reason !== "timed-out"
        ? new Error(`it does not know -G (${error.message})`, { cause: error })
        : error;
    }
  }
}
