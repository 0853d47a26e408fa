import type { ConnectionEndReason, EngineConnection } from "../engine/connectionEngine.ts";
import type { Health } from "./heartbeat.ts";
import { isLoss, type MasterEndReason, type MasterState } from "./masterTypes.ts";

/** The state of a master, the reason for its end, and the promise of that end. Every change calls `onChange` once. */
export class MasterStatus {
  readonly #onChange: () => void;
  #current: MasterState;
  #reason: MasterEndReason | undefined;
  #words: string | undefined;
  readonly ended: Promise<void>;
  #resolveEnded: () => void = () => {};

  /** @param now wall-clock milliseconds. */
  constructor(now: number, onChange: () => void) {
    this.#onChange = onChange;
    this.#current = Object.freeze({ kind: "connecting", since: now, phase: "tcp" });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  get current(): MasterState {
    return this.#current;
  }

  get reason(): MasterEndReason | undefined {
    return this.#reason;
  }

  get words(): string | undefined {
    return this.#words;
  }

  get isEnded(): boolean {
    return this.#current.kind === "lost" || this.#current.kind === "closed";
  }

  /** It accepts new sessions. A hung server may recover, but a new session should not wait for that. */
  get isUsable(): boolean {
    const { kind } = this.#current;
    return kind === "connecting" || kind === "ready" || kind === "lingering" || kind === "suspect";
  }

  /**
   * Sets the reason for its end. The first reason counts, because later ones are consequences.
   * @param words the server's message. Untrusted.
   */
  endsBecause(reason: MasterEndReason, words?: string): void {
    this.#reason ??= reason;
    this.#words ??= words;
  }

  set(next: MasterState): void {
    const since = next.kind === this.#current.kind ? this.#current.since : next.since;
    this.#current = Object.freeze({ ...next, since });
    this.#onChange();
  }

  /** The state of a connected master follows from its health and its leases. */
  setLive(
    health: Health,
    leases: { readonly count: number; readonly lingerUntil: number | undefined },
    since: number,
  ): void {
    if (health.kind !== "alive") {
      this.set({ ...health, since });
    } else if (leases.count > 0) {
      this.set({ kind: "ready", since });
    } else {
      this.set({ kind: "lingering", since, until: leases.lingerUntil });
    }
  }

  /** Sets the final state. Call `resolveEnded` when everything that belongs to the master is released. */
  end(since: number, error: Error | undefined): MasterEndReason {
    const reason = this.#reason ?? "connection-lost";
    this.#reason = reason;
    this.set({ kind: isLoss(reason) ? "lost" : "closed", since, reason, ...(error && { error }) });
    return reason;
  }

  resolveEnded(): void {
    this.#resolveEnded();
  }
}

/** What the end of a connection means to its master. @param leases how many hold it */
export function lostBecause(
  reason: ConnectionEndReason,
  { heldBy, rides }: EngineConnection,
  leases: number,
): MasterEndReason {
  if ((heldBy ?? rides) !== undefined && leases === 0) {
    // Another window or program keeps it no longer than it wants, and nothing is lost.
    return "linger-over";
  }
  if (reason !== "protocol") {
    if (rides !== undefined) {
      return "ssh-ended";
    }
    if (heldBy !== undefined) {
      return heldBy.isKeeper === true ? "keeper-ended" : "window-ended";
    }
  }
  return reason === "disconnected" ? "closed-by-server" : "connection-lost";
}
