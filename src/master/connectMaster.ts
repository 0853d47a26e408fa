import type { Duplex } from "node:stream";
import { OtherEngineError } from "../auth/authErrors.ts";
import type { Clock } from "../base/clock.ts";
import type { Deadline } from "../base/deadline.ts";
import type { Disposable } from "../base/disposable.ts";
import { type Logger, printable } from "../base/log.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type {
  ConnectionEngine,
  EngineConnection,
  LoginWait,
  ServerWords,
} from "../engine/connectionEngine.ts";
import { ConnectError } from "../engine/engineErrors.ts";
import type { AlternativeEngine } from "../engine/engineTable.ts";
import { unattendedSilence } from "./connectTimeLimits.ts";
import type { LoginFactory, LoginOptions, MasterPolicies, OtherConnections } from "./masterPorts.ts";
import type { LoginNews, MasterState } from "./masterTypes.ts";
import { OpenQuestions } from "./openQuestions.ts";

export interface Transport {
  readonly stream: Duplex;
  /** Released when the master ends: the lease of the jump host's master. */
  readonly hold: Disposable;
}

export interface MasterInit {
  readonly id: string;
  readonly key: string;
  readonly config: HostConfig;
  /** The folder whose settings apply until a session has its own. */
  readonly folder: SettingsFolder | undefined;
  readonly overflow: boolean;
  /** How many channels another master to the same destination could have. Undefined: unknown. */
  readonly channelLimit: number | undefined;
  readonly allowPrompts: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engine: ConnectionEngine;
  /** The first of these that needs no question logs in if the engine's keys do not. */
  readonly alternatives: readonly AlternativeEngine[];
  readonly login: LoginFactory;
  readonly policies: MasterPolicies;
  /** Undefined: nothing is shared with others. */
  readonly others?: OtherConnections | undefined;
  /** Makes the stream to the host if it is not a plain socket: a jump host's channel or a ProxyCommand. */
  readonly transport?: (
    signal: AbortSignal,
    onLost: () => void,
    onNews: (news: LoginNews) => void,
  ) => Promise<Transport>;
}

export type ConnectingPhase = Extract<MasterState, { kind: "connecting" }>["phase"];

/** Reports of a connection that is being made. */
export interface ConnectingEvents {
  onPhase(phase: ConnectingPhase): void;
  onWait(wait: LoginWait | undefined): void;
  onNews(news: LoginNews): void;
  /** Dispose it when the master ends. */
  onTransport(hold: Disposable): void;
  onJumpLost(): void;
}

interface Times {
  /** Outlives an attempt: its signal closes prompts that are still open after a failure. */
  readonly deadline: Deadline;
  /**
   * Aborts when the master is no longer needed; it also stops a jump host's login, which `deadline` does not cover.
   */
  readonly givenUp: AbortSignal;
}

/**
 * Connects: another window's connection or that of the user's own `ssh`, or the stream to the host and the login over
 * it. If no key logs in and an alternative engine can log in without a question, that engine does so over a separate
 * stream. If it can't run at all, the first engine asks its questions after all.
 */
export async function connectMaster(
  init: MasterInit,
  logger: Logger,
  tcpKeepAlive: () => boolean,
  times: Times,
  events: ConnectingEvents,
): Promise<EngineConnection> {
  const { engine, alternatives, config, others } = init;
  const shared =
    others && (await times.deadline.paused(() => others.join(init, times.deadline.signal, events)));
  if (shared !== undefined) {
    logger.info(
      shared.rides === undefined
        ? `uses the connection of another window (${shared.heldBy?.pid})`
        : `uses the connection of the user's own ssh (${shared.rides.pid})`,
    );
    return shared;
  }
  const attempts = new Attempts(init, logger, tcpKeepAlive, times, events);
  const able: AlternativeEngine[] = [];
  const canOtherEngine = async (methodsLeft: readonly string[]): Promise<boolean> => {
    for (const each of alternatives) {
      if (await each.mayLogInBy(config, methodsLeft)) {
        able.push(each);
        return true;
      }
    }
    return false;
  };
  try {
    return await attempts.make(engine, alternatives.length === 0 ? undefined : canOtherEngine);
  } catch (error) {
    if (able[0] === undefined || !OtherEngineError.is(error)) {
      throw error;
    }
  }
  const [alternative] = able;
  try {
    logger.info(`${alternative.engine.name} takes over: it can log in by a method that the server accepts`);
    return await attempts.make(alternative.engine);
  } catch (error) {
    if (!ConnectError.is(error) || !alternative.isUnableBy(error.reason)) {
      throw error;
    }
    logger.warn(`${alternative.engine.name} can't connect: ${error.message}`);
    return await attempts.make(engine);
  }
}

/** The attempts of one connection, one after the other. */
class Attempts {
  readonly #init: MasterInit;
  readonly #logger: Logger;
  readonly #tcpKeepAlive: () => boolean;
  readonly #times: Times;
  readonly #events: ConnectingEvents;
  /** The server's messages: a further login gets them again. */
  readonly #words = new Set<string>();
  #transport: Transport | undefined;

  constructor(
    init: MasterInit,
    logger: Logger,
    tcpKeepAlive: () => boolean,
    times: Times,
    events: ConnectingEvents,
  ) {
    this.#init = init;
    this.#logger = logger;
    this.#tcpKeepAlive = tcpKeepAlive;
    this.#times = times;
    this.#events = events;
  }

  /** @param canOtherEngine see LoginOptions. */
  async make(
    engine: ConnectionEngine,
    canOtherEngine?: LoginOptions["canOtherEngine"],
  ): Promise<EngineConnection> {
    const questions = new OpenQuestions(this.#times.deadline, this.#events.onWait);
    try {
      return await this.#logIn(engine, questions, canOtherEngine);
    } catch (error) {
      const failure = questions.explain(error);
      if (!(await questions.acceptedTooLate(error))) {
        throw failure;
      }
    }
    // Once: the key is known now. If it could not be saved, the next answer might be too late again.
    this.#logger.info("connects again: the connection ended while the question about the host key was open");
    const further = new OpenQuestions(this.#times.deadline, this.#events.onWait);
    try {
      return await this.#logIn(engine, further, canOtherEngine);
    } catch (error) {
      const failure = further.explain(error);
      await further.acceptedTooLate(error);
      throw failure;
    }
  }

  async #logIn(
    engine: ConnectionEngine,
    questions: OpenQuestions,
    canOtherEngine: LoginOptions["canOtherEngine"],
  ): Promise<EngineConnection> {
    const { config, folder, login, allowPrompts, policies } = this.#init;
    const { deadline } = this.#times;
    const events = this.#events;
    const stream = await this.#connectStream();
    // The master may have been given up meanwhile: start nothing for it.
    if (deadline.signal.aborted) {
      stream?.destroy();
      throw deadline.signal.reason;
    }
    const { verifier, authenticator, asker } = login(config, {
      allowPrompts,
      ...(canOtherEngine && { canOtherEngine }),
      pause: (work) => questions.ask(work),
      signal: deadline.signal,
    });
    const connection = await engine.connect(
      {
        config,
        ...(stream && { transport: stream }),
        tcpKeepAlive: this.#tcpKeepAlive(),
        verifier: questions.watch(verifier),
        authenticator,
        ...(asker && { asker }),
        linger: policies([{ config, folder }]).linger.seconds,
        logger: this.#logger,
        ...(!allowPrompts && { silenceLimit: unattendedSilence }),
        onPhase: (phase) => {
          if (phase === "authentication") {
            // As in `ssh`, ConnectTimeout ends with the key exchange. A user or a phone may take long.
            deadline.lift();
          }
          events.onPhase(phase);
        },
        onWait: (wait) => questions.waits(wait),
        onServerWords: (words) => this.#onWords(words),
      },
      deadline.signal,
    );
    const { serverVersion, authMethod, algorithms } = connection.info;
    this.#logger.info(
      `connected to ${printable(serverVersion)} (${authMethod}, ${algorithms?.cipher ?? "?"})`,
    );
    return connection;
  }

  async #connectStream(): Promise<Duplex | undefined> {
    const { config, transport: makeTransport } = this.#init;
    if (makeTransport === undefined) {
      return undefined;
    }
    const { deadline, givenUp } = this.#times;
    const events = this.#events;
    events.onPhase(config.proxyCommand === undefined ? "jump" : "proxy");
    // A jump host has its own deadline, and may have to prompt.
    const transport = await deadline.paused(() =>
      makeTransport(
        givenUp,
        () => events.onJumpLost(),
        (news) => events.onNews(news),
      ),
    );
    // Not before: the jump host's connection might close.
    this.#transport?.hold.dispose();
    this.#transport = transport;
    events.onTransport(transport.hold);
    return transport.stream;
  }

  #onWords(words: ServerWords): void {
    const said = `${words.source} ${words.text}`;
    if (words.source !== "banner" || !this.#words.has(said)) {
      this.#words.add(said);
      this.#events.onNews({ kind: "words", alias: this.#init.config.alias, words });
    }
  }
}
