import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Endpoint, EngineChannel, EngineConnection, SessionSpec } from "../engine/connectionEngine.ts";
import { ChannelError } from "../engine/engineErrors.ts";

/** Fewer bytes than this within the limit are silence: the answers to our own keepalive probes are no progress. */
const leastProgress = 1024;

/** A peer that was silent for this many milliseconds proves that it is alive before a new channel trusts it. */
const provenFor = 2000;

export interface ChannelOpenerInit {
  readonly clock: Clock;
  /** How long the connection may be silent before the answer comes, in milliseconds. */
  readonly silenceLimit: number;
  /** The connection once it is there. */
  ready(signal: AbortSignal): Promise<EngineConnection>;
  /** Asks for a sign of life at once. Resolves to whether one came. */
  probe(): Promise<boolean>;
  /** The peer answered what it was asked at `asked`, monotonic milliseconds. */
  onReply(asked: number): void;
}

/**
 * Opens channels. What is limited is silence, not slowness: on a slow line the answer waits behind the data of other
 * channels, and comes. After silence the peer is probed meanwhile: one that is hung is found in a moment.
 */
export class ChannelOpener {
  readonly #init: ChannelOpenerInit;

  constructor(init: ChannelOpenerInit) {
    this.#init = init;
  }

  /** @throws ChannelError, or the signal's reason */
  async session(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    return await this.#open(
      (connection, attempt) => connection.openSession(spec, attempt),
      "The server did not answer the request for a session in time",
      signal,
    );
  }

  /** A connection from the server to another host. @throws ChannelError, or the signal's reason */
  async directTcpip(target: Endpoint, originator: Endpoint, signal: AbortSignal): Promise<Duplex> {
    return await this.#open(
      (connection, attempt) => connection.openDirectTcpip(target, originator, attempt),
      `The jump host did not reach ${target.host} in time`,
      signal,
    );
  }

  async #open<T>(
    open: (connection: EngineConnection, signal: AbortSignal) => Promise<T>,
    tooLate: string,
    signal: AbortSignal,
  ): Promise<T> {
    const connection = await this.#init.ready(signal);
    const attempt = new AbortController();
    const onAbort = (): void => attempt.abort(signal.reason);
    if (signal.aborted) {
      onAbort();
    }
    signal.addEventListener("abort", onAbort, { once: true });
    const limit = this.#limitSilence(connection, () => attempt.abort(new ChannelError("timed-out", tooLate)));
    try {
      return await this.#provenWhile(connection, attempt, open);
    } finally {
      limit.dispose();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Calls `onSilent` once, after the first period of silence. */
  #limitSilence(connection: EngineConnection, onSilent: () => void): Disposable {
    const { clock, silenceLimit } = this.#init;
    let timer: Disposable | undefined;
    const watch = (): void => {
      const before = connection.bytesIn;
      timer = clock.setTimeout(
        () => (connection.bytesIn - before < leastProgress ? onSilent() : watch()),
        silenceLimit,
      );
    };
    if (silenceLimit !== Number.POSITIVE_INFINITY) {
      watch();
    }
    return { dispose: () => timer?.dispose() };
  }

  /**
   * Runs `open`; when the peer was silent before, probes it at the same time, and gives the opening up as soon as
   * the probe shows that nobody is there. Costs a live connection nothing.
   */
  async #provenWhile<T>(
    connection: EngineConnection,
    attempt: AbortController,
    open: (connection: EngineConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const asked = this.#init.clock.monotonic();
    if (asked - connection.lastReceived >= provenFor) {
      void this.#init.probe().then((alive) => {
        if (!alive) {
          attempt.abort(new ChannelError("connection-ended", "The connection no longer answers"));
        }
      });
    }
    // Not raced against the signal: what opens at the very moment in which it aborts would have no owner.
    const opened = await open(connection, attempt.signal);
    this.#init.onReply(asked);
    return opened;
  }
}
