import { Budget } from "../base/budget.ts";
import type { Clock } from "../base/clock.ts";
import type { ForwardSnapshot } from "./forwardTypes.ts";

/** A port of a server that could be forwarded. It contains no text of the server. */
export interface DetectedPort {
  /** The host as typed, and its connection. */
  readonly host: string;
  readonly masterId: string;
  readonly port: number;
  /** By which name the server reaches it. */
  readonly target: "localhost" | "127.0.0.1" | "::1";
  /** A program printed its address, or has begun to listen. */
  readonly how: "printed" | "listening";
  /** Undefined: unknown. */
  readonly scheme?: "http" | "https";
}

export interface PortOffersInit {
  readonly clock: Clock;
  forwards(): readonly ForwardSnapshot[];
  /** `sshSessions.forwards.detect` of the host. */
  isOn(host: string): boolean;
  /**
   * Whether this computer reaches the port without a forward: the server is this computer. Undefined: surely not.
   * Never rejects.
   */
  isHere?(port: DetectedPort): Promise<boolean> | undefined;
  /** Whether the server says that nothing listens there any more. Never rejects. */
  isGone?(port: DetectedPort): Promise<boolean>;
  /** Resolves when the offer was answered or dismissed. Never rejects. */
  offer(port: DetectedPort): Promise<void>;
}

/** Offers of one kind in one window that may be unanswered at once. */
const mostOpen = 3;
/**
 * Offers of one kind in one window: this many, and one more every two minutes. A server may print any number of ports.
 */
const mostOffers = 5;
const offersPerSecond = 1 / 120;
/** The offered ports that are remembered; beyond them nothing is offered. */
const mostRemembered = 1000;

/** Decides which detected ports are offered: each once, and none that is forwarded already. */
export class PortOffers {
  readonly #init: PortOffersInit;
  readonly #offered = new Set<string>();
  readonly #kinds: Readonly<Record<DetectedPort["how"], { readonly budget: Budget; open: number }>>;

  constructor(init: PortOffersInit) {
    this.#init = init;
    const budget = (): Budget => new Budget(mostOffers, offersPerSecond, () => init.clock.monotonic());
    this.#kinds = {
      printed: { budget: budget(), open: 0 },
      listening: { budget: budget(), open: 0 },
    };
  }

  detected(port: DetectedPort): void {
    const kind = this.#kinds[port.how];
    const key = `${port.host} ${port.port}`;
    if (
      this.#offered.has(key) ||
      this.#offered.size >= mostRemembered ||
      kind.open >= mostOpen ||
      !kind.budget.take()
    ) {
      return;
    }
    // After the budget, because these take longer and a program may print any number of addresses.
    if (!this.#init.isOn(port.host) || this.#init.forwards().some((forward) => covers(forward, port))) {
      kind.budget.give(1);
      return;
    }
    this.#offered.add(key);
    kind.open++;
    const isHere = this.#init.isHere?.(port);
    const answered = isHere === undefined ? this.#init.offer(port) : this.#offerUnless(isHere, port);
    void answered.finally(() => {
      kind.open--;
    });
  }

  async #offerUnless(isHere: Promise<boolean>, port: DetectedPort): Promise<void> {
    // Where it listened for a moment only, this computer no longer has it: the server must still have it.
    if ((await isHere) || (port.how === "listening" && (await this.#init.isGone?.(port)) === true)) {
      this.#kinds[port.how].budget.give(1);
    } else {
      await this.#init.offer(port);
    }
  }
}

/** It forwards the port, or is what listens there: a remote forward's listener belongs to the login's user. */
function covers(forward: ForwardSnapshot, { host, masterId, port }: DetectedPort): boolean {
  const { spec, state } = forward;
  if (state.kind === "stopped") {
    return false;
  }
  if (forward.host !== host && forward.masterId !== masterId) {
    return false;
  }
  return spec.kind === "remote"
    ? forward.port === port || (spec.listen.type === "tcp" && spec.listen.port === port)
    : spec.kind === "local" && spec.target.type === "tcp" && spec.target.port === port;
}
