import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import type { Deadline } from "../base/deadline.ts";
import type { Disposable } from "../base/disposable.ts";
import { type Logger, printable } from "../base/log.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { ConnectionEngine, EngineConnection, LoginWait } from "../engine/connectionEngine.ts";
import { unattendedSilence } from "./connectTimeLimits.ts";
import type { LoginFactory, MasterPolicies } from "./masterPorts.ts";
import type { LoginNews, MasterState } from "./masterTypes.ts";

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
  readonly login: LoginFactory;
  readonly policies: MasterPolicies;
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

/**
 * One attempt: the stream to the host, and the login over it.
 * @param deadline outlives the attempt: its signal closes prompts that are still open after a failure.
 * @param givenUp aborts when nothing needs the master any more; it also stops a jump host's login, which `deadline`
 *   does not cover.
 */
export async function connectMaster(
  { config, folder, engine, transport: makeTransport, login, allowPrompts, policies }: MasterInit,
  logger: Logger,
  tcpKeepAlive: () => boolean,
  { deadline, givenUp }: { readonly deadline: Deadline; readonly givenUp: AbortSignal },
  events: ConnectingEvents,
): Promise<EngineConnection> {
  let transport: Transport | undefined;
  if (makeTransport !== undefined) {
    events.onPhase(config.proxyCommand === undefined ? "jump" : "proxy");
    // A jump host has its own deadline, and may have to prompt.
    transport = await deadline.paused(() =>
      makeTransport(
        givenUp,
        () => events.onJumpLost(),
        (news) => events.onNews(news),
      ),
    );
    events.onTransport(transport.hold);
  }
  const { verifier, authenticator, asker } = login(config, {
    allowPrompts,
    pause: (work) => deadline.paused(work),
    signal: deadline.signal,
  });
  const connection = await engine.connect(
    {
      config,
      ...(transport && { transport: transport.stream }),
      tcpKeepAlive: tcpKeepAlive(),
      verifier,
      authenticator,
      ...(asker && { asker }),
      linger: policies([{ config, folder }]).linger.seconds,
      logger,
      ...(!allowPrompts && { silenceLimit: unattendedSilence }),
      onPhase: (phase) => {
        if (phase === "authentication") {
          // As in `ssh`, ConnectTimeout ends with the key exchange. A user or a phone may take long.
          deadline.lift();
        }
        events.onPhase(phase);
      },
      onWait: (wait) => events.onWait(wait),
      onServerWords: (words) => events.onNews({ kind: "words", alias: config.alias, words }),
    },
    deadline.signal,
  );
  const { serverVersion, authMethod, algorithms } = connection.info;
  logger.info(`connected to ${printable(serverVersion)} (${authMethod}, ${algorithms?.cipher ?? "?"})`);
  return connection;
}
