import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { inTurns } from "../base/turns.ts";
import { defaultJudgeLimits } from "./hungJudge.ts";
import { type KillOptions, type KillReport, killRemoteSessions } from "./killRemote.ts";
import { probeSteps } from "./parse/probeOutput.ts";
import { probeScript } from "./probeScript.ts";
import { RemoteViewError } from "./remoteErrors.ts";
import type { RemoteAccess } from "./remoteExec.ts";
import type { RemoteFacts, SudoState } from "./remoteFacts.ts";
import { sessionSteps } from "./remoteModel.ts";
import { runScript } from "./remoteScript.ts";
import type { RemoteSession } from "./remoteSession.ts";

export interface RemoteViewPorts {
  /** Undefined when that master is not connected. */
  access(masterId: string): RemoteAccess | undefined;
  /** Seconds; 0: idleness alone is never a reason. Read again for each reading. */
  hungAfterSeconds(masterId: string): number;
  readonly clock: Clock;
}

/** The result of one reading. Frozen. */
export interface RemoteSnapshot {
  readonly masterId: string;
  /** Milliseconds since the epoch on our clock. */
  readonly takenAt: number;
  readonly system: string;
  readonly sudo: SudoState;
  readonly sessions: readonly RemoteSession[];
  /** What could not be read, and so was not evaluated. */
  readonly gaps: readonly RemoteGap[];
}

export type RemoteGap =
  /** No `ps` that prints more than names: nothing about processes. */
  | "processes"
  /** Only our own processes are visible (hidepid, a jail). */
  | "other-users"
  /** Neither `who` nor `w` exists. */
  | "logins"
  /** No tool lists sockets: a lost connection can't be detected. */
  | "sockets";

interface Entry {
  snapshot: RemoteSnapshot | undefined;
  /** Why the last reading failed, even if there never was a snapshot. */
  failure: Error | undefined;
  running: { readonly promise: Promise<RemoteSnapshot>; readonly abort: AbortController } | undefined;
  /** Our end of the master's connection from the server's side. */
  carrier: string | undefined;
}

/**
 * The servers' own view, one snapshot per master. It reads only on request, in one round trip, and never twice at
 * once on one master. Owned by the composition root.
 */
export class RemoteViewService implements Disposable {
  readonly #ports: RemoteViewPorts;
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new Emitter<string>();
  #disposed = false;

  constructor(ports: RemoteViewPorts) {
    this.#ports = ports;
  }

  /** The snapshot or the failure of this master changed, or both were dropped. */
  get onDidChange(): Event<string> {
    return this.#changed.event;
  }

  snapshot(masterId: string): RemoteSnapshot | undefined {
    return this.#entries.get(masterId)?.snapshot;
  }

  /** Why the last reading failed; undefined: it succeeded, or there was none. */
  failure(masterId: string): Error | undefined {
    return this.#entries.get(masterId)?.failure;
  }

  /**
   * Reads the list again, or joins the running reading.
   * @throws RemoteViewError, or an error of the connection; the snapshot is kept, and `failure` has the reason.
   */
  refresh(masterId: string): Promise<RemoteSnapshot> {
    const entry = this.#entry(masterId);
    if (entry.running === undefined) {
      const abort = new AbortController();
      const promise = this.#read(masterId, entry, abort.signal).finally(() => {
        entry.running = undefined;
      });
      entry.running = { promise, abort };
    }
    return entry.running.promise;
  }

  /**
   * Ends these sessions: the list is read again first, and sessions that have changed are skipped.
   * @throws RemoteViewError, or an error of the connection.
   */
  async kill(masterId: string, sessionIds: readonly string[], options: KillOptions): Promise<KillReport> {
    const asked = (this.snapshot(masterId)?.sessions ?? []).filter((session) =>
      sessionIds.includes(session.id),
    );
    await this.#entries.get(masterId)?.running?.promise.catch(() => {});
    const fresh = await this.refresh(masterId);
    const access = this.#access(masterId);
    const report = await killRemoteSessions(access, asked, fresh.sessions, options);
    await this.refresh(masterId);
    return report;
  }

  /** The master has ended, or no view shows it any more: stops a reading and drops the snapshot. */
  forget(masterId: string): void {
    const entry = this.#entries.get(masterId);
    if (entry !== undefined) {
      this.#entries.delete(masterId);
      entry.running?.abort.abort(new CancelledError());
      this.#changed.fire(masterId);
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#changed.dispose();
    for (const masterId of [...this.#entries.keys()]) {
      this.forget(masterId);
    }
  }

  #entry(masterId: string): Entry {
    const entry = this.#entries.get(masterId) ?? {
      snapshot: undefined,
      failure: undefined,
      running: undefined,
      carrier: undefined,
    };
    if (!this.#disposed) {
      this.#entries.set(masterId, entry);
    }
    return entry;
  }

  #access(masterId: string): RemoteAccess {
    const access = this.#disposed ? undefined : this.#ports.access(masterId);
    if (access === undefined) {
      throw new RemoteViewError("not-connected", `Master ${masterId} is not connected`);
    }
    return access;
  }

  async #read(masterId: string, entry: Entry, signal: AbortSignal): Promise<RemoteSnapshot> {
    try {
      const access = this.#access(masterId);
      const parts = await runScript(access.exec, probeScript, { sudo: access.sudo, signal });
      const facts = await inTurns(probeSteps(parts), signal);
      signal.throwIfAborted();
      entry.carrier = facts.connection && `${facts.connection.clientAddress} ${facts.connection.clientPort}`;
      const snapshot = await this.#makeSnapshot(masterId, facts, signal);
      signal.throwIfAborted();
      entry.snapshot = snapshot;
      entry.failure = undefined;
    } catch (error) {
      if (!signal.aborted) {
        entry.failure = asError(error);
        this.#changed.fire(masterId);
      }
      throw error;
    }
    this.#changed.fire(masterId);
    return entry.snapshot;
  }

  async #makeSnapshot(masterId: string, facts: RemoteFacts, signal: AbortSignal): Promise<RemoteSnapshot> {
    const otherCarriers = new Set<string>();
    for (const { carrier } of this.#entries.values()) {
      if (carrier !== undefined) {
        otherCarriers.add(carrier);
      }
    }
    const sessions = await inTurns(
      sessionSteps(facts, {
        limits: { ...defaultJudgeLimits, idleSeconds: this.#ports.hungAfterSeconds(masterId) },
        otherCarriers,
      }),
      signal,
    );
    return Object.freeze({
      masterId,
      takenAt: this.#ports.clock.now(),
      system: `${facts.system} ${facts.release}`.trim(),
      sudo: facts.sudo,
      sessions,
      gaps: gapsOf(facts),
    });
  }
}

function gapsOf(facts: RemoteFacts): RemoteGap[] {
  const gaps: RemoteGap[] = [];
  if (!facts.processes.some((process) => process.startKey !== undefined)) {
    gaps.push("processes");
  } else if (!facts.processes.some((process) => process.pid === 1)) {
    gaps.push("other-users");
  }
  if (facts.missing.includes("who") && facts.missing.includes("w")) {
    gaps.push("logins");
  }
  if (facts.sockets === undefined) {
    gaps.push("sockets");
  }
  return gaps;
}
