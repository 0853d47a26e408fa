import type { Clock } from "../base/clock.ts";
import { Deadline } from "../base/deadline.ts";
import type { Logger } from "../base/log.ts";
import type { ConnectionUse } from "../config/connectionPolicy.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { EngineChannel, KeepSpec, SessionSpec } from "../engine/connectionEngine.ts";
import { ChannelError } from "../engine/engineErrors.ts";
import type { Master } from "../master/master.ts";
import { leased, type MasterLease, type MasterRegistry } from "../master/masterRegistry.ts";
import type { OpenSessionRequest } from "./openSessionTypes.ts";
import { sessionEnvironment } from "./sessionEnvironment.ts";
import type { SessionLimit } from "./sessionTypes.ts";
import type { SshSession } from "./sshSession.ts";

/** Milliseconds, including the login. */
const lookupOpensWithin = 60_000;

export interface SessionOpenerPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: MasterRegistry;
  /** The local environment, for SendEnv. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * A session that the user opened starts on this connection: starts what belongs to it, such as its host's forwards.
   * @throws an error that refuses the session (ExitOnForwardFailure)
   */
  onUserSession?(use: ConnectionUse, masterId: string): Promise<void>;
}

/** Chooses the connection for a session, and opens the session's channel on it. */
export class SessionOpener {
  readonly #ports: SessionOpenerPorts;
  readonly #onMaster: (session: SshSession) => void;

  /** @param onMaster called when a session is assigned to a connection, which may happen more than once. */
  constructor(ports: SessionOpenerPorts, onMaster: (session: SshSession) => void) {
    this.#ports = ports;
    this.#onMaster = onMaster;
  }

  /** The user may wait as long as the server responds, and can cancel. A lookup is invisible, so it has a limit. */
  async open(
    session: SshSession,
    config: HostConfig,
    request: OpenSessionRequest,
    limits: readonly SessionLimit[],
    signal: AbortSignal,
  ): Promise<EngineChannel> {
    if (request.purpose !== "lookup") {
      return await this.#openChannel(session, config, request, limits, signal);
    }
    const tooLate = () => new ChannelError("timed-out", "The server did not open a session in time");
    const deadline = new Deadline(this.#ports.clock, lookupOpensWithin, tooLate, signal);
    try {
      return await this.#openChannel(session, config, request, limits, deadline.signal);
    } finally {
      deadline.dispose();
    }
  }

  /**
   * Opens a channel on the existing master, or on a new one. Full masters are skipped, each once. A dead master is
   * skipped only once, so that a broken server does not get a flood of logins. A login that another session started
   * without prompts is skipped once, too.
   */
  async #openChannel(
    session: SshSession,
    config: HostConfig,
    request: OpenSessionRequest,
    limits: readonly SessionLimit[],
    signal: AbortSignal,
  ): Promise<EngineChannel> {
    const { login = "attended" } = request;
    const spec: SessionSpec = {
      request: request.request,
      env: sessionEnvironment(config, this.#ports.environment, request.env ?? {}),
      // Only sessions that the user opened may use the agent (see AgentForwarding).
      forwardAgent: config.forwardAgent !== false && (request.purpose ?? "person") === "person",
      ...(request.pty && { pty: { term: request.pty.term, ...request.pty.dimensions } }),
      ...(request.keep !== undefined && { keep: this.#keep(session, request, request.keep, limits) }),
    };
    const full = new Set<Master>();
    let mayAsk = login === "attended";
    let hasSkippedDead = false;
    for (;;) {
      const lease = this.#lease({ config, folder: session.folder }, request);
      const { master } = lease;
      const wasThere = master.connection !== undefined;
      session.useMaster(master, lease);
      this.#onMaster(session);
      request.onConnection?.();
      const news = request.onLogin && master.watchLogin(request.onLogin);
      try {
        if (this.#ports.onUserSession !== undefined && (request.purpose ?? "person") === "person") {
          await master.ready(signal);
          await this.#ports.onUserSession({ config, folder: session.folder }, master.id);
        }
        return await master.channels.session(spec, signal);
      } catch (error) {
        if (request.onMaster === undefined && mayAsk && !signal.aborted && master.failedUnasked(error)) {
          mayAsk = false;
          continue;
        }
        const isBound = request.onMaster !== undefined || login === "none";
        if (isBound || signal.aborted || !ChannelError.is(error)) {
          throw error;
        }
        if (error.reason === "refused" && master.room.wasUsed && !full.has(master)) {
          full.add(master);
        } else if (
          error.reason === "connection-ended" &&
          !hasSkippedDead &&
          wasThere &&
          !(error.mayHaveStarted && request.request.type === "exec")
        ) {
          hasSkippedDead = true;
        } else {
          throw error;
        }
        this.#ports.logger.info(
          `${master.id} can't carry ${session.id} (${error.reason}); using another one`,
        );
      } finally {
        news?.dispose();
      }
    }
  }

  #keep(
    { spec }: SshSession,
    { title, inPlaceOf }: OpenSessionRequest,
    id: string,
    limits: readonly SessionLimit[],
  ): KeepSpec {
    const now = this.#ports.clock.monotonic();
    const limitedFor = now - (inPlaceOf?.limitedFrom ?? now);
    return { id, host: spec, title: title ?? spec, limits, limitedFor };
  }

  #lease(use: ConnectionUse, request: OpenSessionRequest): MasterLease {
    const { login = "attended" } = request;
    if (request.onMaster === undefined) {
      return login === "none"
        ? this.#ports.registry.share(use)
        : this.#ports.registry.acquire(use, login === "attended");
    }
    const master = this.#ports.registry.get(request.onMaster);
    if (master === undefined || master.isEnded) {
      throw new ChannelError("connection-ended", "The connection is gone");
    }
    if (request.purpose === "lookup") {
      // Lookups take no lease and do not restart the linger.
      return { master, dispose: () => {} };
    }
    return leased(master, use);
  }
}
