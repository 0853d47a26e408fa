import type { Clock } from "../base/clock.ts";
import { Emitter } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import type { ConnectionUse } from "../config/connectionPolicy.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { ChannelDetails } from "../engine/connectionEngine.ts";
import type { Master } from "../master/master.ts";
import type { MasterRegistry } from "../master/masterRegistry.ts";
import { isLoss, type LoginNews } from "../master/masterTypes.ts";
import { Reconnections } from "../reconnect/reconnections.ts";
import type { LostConnection, ReconnectHolder, ReconnectTicket } from "../reconnect/reconnectTypes.ts";
import type { EndedStorage } from "./endedSessionTypes.ts";
import type { MasterSnapshot } from "./masterSnapshotTypes.ts";
import type { OpenSessionRequest } from "./openSessionTypes.ts";
import { SessionHistory } from "./sessionHistory.ts";
import { SessionOpener } from "./sessionOpener.ts";
import type { ReconnectNowResult, SessionService } from "./sessionServiceTypes.ts";
import type { LimitKind, Session, SessionLimit, SessionSnapshot } from "./sessionTypes.ts";
import { SshSession } from "./sshSession.ts";

export interface SessionManagerInit {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: MasterRegistry;
  /** @throws ConfigError */
  resolve(host: string, signal: AbortSignal): Promise<HostConfig>;
  /** The effective limits for a host and kind of session. */
  limits(
    config: HostConfig,
    request: OpenSessionRequest,
    folder: SettingsFolder | undefined,
  ): readonly SessionLimit[];
  /** The folder for something that is opened now. */
  folder(): SettingsFolder | undefined;
  /** 0 <= x < 1, for the delays between attempts to reconnect. */
  random(): number;
  /** The local environment, for SendEnv. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** See SessionOpenerPorts. */
  onUserSession?(use: ConnectionUse, masterId: string): Promise<void>;
  /** Of the history. Default: it ends with this object. */
  readonly endedStorage?: EndedStorage;
}

/** Opens sessions on masters and keeps track of them. It owns the sessions, not the registry. */
export class SessionManager implements SessionService {
  readonly #init: SessionManagerInit;
  readonly #sessions = new Map<string, SshSession>();
  readonly #changed = new Emitter<void>();
  readonly #warned = new Emitter<{ session: Session; limit: LimitKind; secondsLeft: number }>();
  readonly #reconnections: Reconnections;
  /** The lost sessions of holders that wait to reconnect. */
  readonly #lost = new WeakMap<ReconnectHolder, Session>();
  readonly #shutdown = new AbortController();
  readonly #history: SessionHistory;
  readonly #opener: SessionOpener;
  #nextId = 1;

  readonly onDidChange = this.#changed.event;
  readonly onDidWarn = this.#warned.event;

  constructor(init: SessionManagerInit) {
    this.#init = init;
    this.#history = new SessionHistory(init.endedStorage);
    this.#opener = new SessionOpener(init, (session) => this.#noteChange(session));
    this.#reconnections = new Reconnections({
      clock: init.clock,
      random: () => init.random(),
      usableMasters: (key) =>
        init.registry.masters.filter((master) => master.key === key && isUp(master)).map(({ id }) => id),
      onChange: () => this.#changed.fire(),
    });
    init.registry.onDidChange(() => {
      this.#reconnections.mastersChanged();
      this.#changed.fire();
    });
  }

  masters(): readonly MasterSnapshot[] {
    const waiting = this.#reconnections.waiting();
    const all = this.#init.registry.masters;
    const isBehind = (master: Master): boolean =>
      waiting.has(master.key) && (master.isEnded || master.state.kind === "connecting");
    const shown = all
      .filter((master) => !isBehind(master))
      .map((master) => Object.freeze({ ...master.snapshot(), sessions: this.#seenOn(master, true) }));
    const reconnecting = [...waiting].map(([key, { master: lost, state, holders }]) => {
      const attempts = all.filter((master) => master.key === key && master.state.kind === "connecting");
      const others = attempts.flatMap((master) => this.#seenOn(master, false));
      const own = holders.flatMap((holder) => this.#lost.get(holder)?.snapshot() ?? []);
      return Object.freeze({
        ...lost,
        state: Object.freeze({ ...state, attempting: state.attempting || attempts.length > 0 }),
        sessions: Object.freeze([...own, ...others]),
      });
    });
    return Object.freeze([...shown, ...reconnecting].sort(byAge));
  }

  history(): readonly SessionSnapshot[] {
    return this.#history.entries;
  }

  channelDetails(sessionId: string): ChannelDetails | undefined {
    return this.#sessions.get(sessionId)?.details() ?? this.#history.channelDetails(sessionId);
  }

  clearHistory(): void {
    this.#history.clear();
    for (const master of this.#init.registry.masters) {
      this.#init.registry.forget(master.id);
    }
    this.#changed.fire();
  }

  session(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  async open(asked: OpenSessionRequest, signal?: AbortSignal): Promise<Session> {
    // Read once: a later change of the active editor has no effect on this session.
    const folder = asked.folder ?? this.#init.folder();
    const request: OpenSessionRequest = { ...asked, ...(folder && { folder }) };
    const session = new SshSession(this.#init.clock, `s${this.#nextId++}`, request, () =>
      this.#lastActivityWith(session),
    );
    const gaveUp = new AbortController();
    // Not AbortSignal.any with a signal that lives as long as this: Node 20 then leaks a part of each session. A
    // shutdown kills the session, which has the same effect.
    const either = gaveUp.signal;
    const onAbort = (): void => gaveUp.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) {
      onAbort();
    }
    this.#sessions.set(session.id, session);
    session.onDidChangeState((state) => {
      if (state.kind === "ended") {
        gaveUp.abort(new CancelledError());
        this.#sessions.delete(session.id);
        if (!session.isUnseen) {
          this.#history.remember(session);
        }
      }
      this.#noteChange(session);
    });
    session.onDidWarn((warning) => {
      if (!session.isUnseen) {
        this.#warned.fire({ session, ...warning });
      }
    });
    this.#noteChange(session);
    try {
      this.#shutdown.signal.throwIfAborted();
      const config = await this.#init.resolve(request.host, either);
      either.throwIfAborted();
      const limits = this.#init.limits(config, request, session.folder);
      const channel = await this.#opener.open(session, config, request, limits, either);
      if (session.isEnded) {
        channel.close();
        throw new CancelledError();
      }
      session.attach(channel, limits);
      return session;
    } catch (thrown) {
      const error = asError(thrown);
      session.fail(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async connect(host: string, signal?: AbortSignal, onLogin?: (news: LoginNews) => void): Promise<string> {
    const either = AbortSignal.any([this.#shutdown.signal, ...(signal === undefined ? [] : [signal])]);
    const config = await this.#init.resolve(host, either);
    either.throwIfAborted();
    for (let isFirst = true; ; isFirst = false) {
      const lease = this.#init.registry.acquire({ config, folder: this.#init.folder() }, true);
      const news = onLogin && lease.master.watchLogin(onLogin);
      try {
        await lease.master.ready(either);
        return lease.master.id;
      } catch (error) {
        if (!isFirst || either.aborted || !lease.master.failedUnasked(error)) {
          throw error;
        }
      } finally {
        news?.dispose();
        lease.dispose();
      }
    }
  }

  reconnect(lost: Session, holder: ReconnectHolder): ReconnectTicket {
    this.#lost.set(holder, lost);
    const connection = lost.connection();
    // A session without a connection shares nothing with others.
    const destinationKey = connection?.destinationKey ?? lost.id;
    return this.#reconnections.join({ destinationKey, master: connection?.master }, holder);
  }

  rejoin(lost: LostConnection, holder: ReconnectHolder): ReconnectTicket {
    return this.#reconnections.join(lost, holder);
  }

  async reconnectNow(masterId: string): Promise<ReconnectNowResult> {
    const waiting = this.#reconnections.find(masterId);
    if (waiting !== undefined) {
      waiting.now();
      return "reconnecting";
    }
    const master = this.#init.registry.get(masterId);
    if (master === undefined || isGone(master)) {
      return "ended";
    }
    const answers = !isSilent(master) || (await master.probe());
    if (isGone(master)) {
      if (master.endReason !== undefined && isLoss(master.endReason)) {
        this.#reconnections.now(master.key);
      }
      return "ended";
    }
    if (answers) {
      return "answers";
    }
    // Before its sessions end, which may happen at once.
    this.#reconnections.now(master.key);
    master.giveUp();
    return "no-answer";
  }

  stopReconnecting(masterId: string): void {
    const waiting = this.#reconnections.find(masterId);
    if (waiting !== undefined) {
      waiting.stop();
      // The user stopped it from its row, which is no longer needed.
      this.#init.registry.forget(masterId);
    }
  }

  async disconnect(id: string): Promise<void> {
    this.stopReconnecting(id);
    const session = this.#sessions.get(id);
    if (session !== undefined) {
      await session.disconnect();
      return;
    }
    const master = this.#init.registry.get(id);
    if (master === undefined) {
      return;
    }
    if (master.isEnded) {
      this.#init.registry.forget(id);
      return;
    }
    // Close connections behind a jump host first: their close messages must pass through it, and they must not count
    // as lost.
    await Promise.all([
      ...this.#init.registry.behind(master).map((each) => this.disconnect(each.id)),
      ...this.#sessionsOn(master).map((each) => each.disconnect()),
    ]);
    await master.disconnect();
  }

  kill(id: string): void {
    this.stopReconnecting(id);
    const session = this.#sessions.get(id);
    if (session !== undefined) {
      session.kill();
      return;
    }
    const master = this.#init.registry.get(id);
    if (master !== undefined) {
      const sessions = this.#sessionsOn(master);
      master.kill();
      for (const each of sessions) {
        each.kill();
      }
      this.#init.registry.forget(id);
    }
  }

  async disconnectAll(): Promise<void> {
    this.#reconnections.stopAll();
    await Promise.all(this.#init.registry.masters.map((master) => this.disconnect(master.id)));
  }

  killAll(): void {
    this.#reconnections.stopAll();
    for (const master of this.#init.registry.masters) {
      this.kill(master.id);
    }
    for (const session of [...this.#sessions.values()]) {
      session.kill();
    }
  }

  rekey(masterId: string): boolean {
    const connection = this.#init.registry.get(masterId)?.connection;
    if (connection === undefined || connection.ended !== undefined || !connection.capabilities.rekey) {
      return false;
    }
    connection.rekey();
    return true;
  }

  probe(masterId?: string): void {
    for (const master of this.#init.registry.masters) {
      if (masterId === undefined || master.id === masterId) {
        void master.probe();
      }
    }
  }

  environmentChanged(): void {
    this.probe();
    this.#reconnections.environmentChanged();
  }

  async refreshPolicies(): Promise<void> {
    await this.#init.registry.refreshPolicies();
  }

  dispose(): void {
    this.#history.close();
    this.#shutdown.abort(new CancelledError());
    this.#reconnections.dispose();
    for (const session of [...this.#sessions.values()]) {
      session.leave();
    }
    this.#changed.dispose();
    this.#warned.dispose();
  }

  #noteChange(session: SshSession): void {
    if (!session.isUnseen) {
      this.#changed.fire();
    }
  }

  /** @param attempts include sessions that belong to a reconnection. */
  #seenOn(master: Master, attempts: boolean): readonly SessionSnapshot[] {
    return Object.freeze(
      this.#sessionsOn(master)
        .filter((session) => !session.isUnseen && (attempts || !session.isAttempt))
        .map((session) => session.snapshot()),
    );
  }

  /** Monotonic milliseconds of the last data on any session that shares its connection. */
  #lastActivityWith(session: SshSession): number {
    // Our own reads must not postpone the idle limit.
    const others = [...this.#sessions.values()].filter(
      ({ masterId, isUnseen }) => masterId === session.masterId && !isUnseen,
    );
    return others.reduce(
      (last, other) => Math.max(last, other.lastActivityMonotonic),
      Number.NEGATIVE_INFINITY,
    );
  }

  #sessionsOn(master: Master): readonly SshSession[] {
    return [...this.#sessions.values()].filter((session) => session.masterId === master.id);
  }
}

/** It can carry another session now without a login. */
function isUp(master: Master): boolean {
  return master.acceptsSessions && (master.state.kind === "ready" || master.state.kind === "lingering");
}

/** It has ended, or is closing. */
function isGone(master: Master): boolean {
  return master.isEnded || master.state.kind === "disconnecting";
}

function isSilent({ state }: Master): boolean {
  return state.kind === "suspect" || state.kind === "hung";
}

/** Masters are numbered in order of creation. */
function byAge(one: MasterSnapshot, other: MasterSnapshot): number {
  return Number(one.id.slice(1)) - Number(other.id.slice(1));
}
