import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type {
  Endpoint,
  EngineChannel,
  EngineConnection,
  ForwardAddress,
  ForwardedHandler,
  RemoteListener,
  SessionSpec,
} from "../engine/connectionEngine.ts";
import { ChannelError } from "../engine/engineErrors.ts";

/** Fewer bytes than this within the limit are silence: the answers to our own keepalive probes are no progress. */
const leastProgress = 1024;

/** A peer that is silent for this long while a channel opens is probed. Milliseconds. */
const provenFor = 2000;

/**
 * A link that a flood fills loses packets, and TCP sends them again after up to some seconds (RFC 6298 section 5.5): a
 * peer that was heard so shortly before gets more time for its answer. Milliseconds.
 */
const heardLately = 10_000;
const stallPatience = 5000;
/** So many bytes while a channel opens are a flood, in which the same packet is lost several times. */
const floodSize = 16 * 1024;
const floodPatience = 15_000;

export interface ChannelOpenerInit {
  readonly clock: Clock;
  /** How long the connection may be silent before the answer comes, in milliseconds. */
  readonly silenceLimit: number;
  /** As `silenceLimit`, for a server that may still prepare the account's session. */
  readonly startLimit: number;
  /** The server has sent something since the login. */
  hasStarted(): boolean;
  /** The connection once it is there. */
  ready(signal: AbortSignal): Promise<EngineConnection>;
  /** Asks for a sign of life at once. Resolves to whether one came. @param patience milliseconds; undefined: the usual. */
  probe(patience: number | undefined): Promise<boolean>;
  /** The peer answered what it was asked at `asked`, monotonic milliseconds. */
  onReply(asked: number): void;
}

/**
 * Opens channels. What is limited is silence, not slowness: on a slow line the answer waits behind the data of other
 * channels, and comes. After silence the peer is probed, and all that opens is given up as soon as it is found hung. A
 * server that opens its first session is not probed: sshd answers nothing before PAM has opened the account's session,
 * which may mount or create a home, and there is nowhere else to go.
 */
export class ChannelOpener {
  readonly #init: ChannelOpenerInit;
  readonly #attempts = new Set<AbortController>();
  /** The server has opened a channel. */
  #hasOpened = false;

  constructor(init: ChannelOpenerInit) {
    this.#init = init;
  }

  /** @throws ChannelError, or the signal's reason */
  async session(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    return await this.#open(
      (connection, attempt) => connection.openSession(spec, attempt),
      "The server did not answer the request for a session in time",
      signal,
      () => this.#hasOpened,
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

  /** A connection from the server to `target`, as a channel. @throws ChannelError, or the signal's reason */
  async forward(target: ForwardAddress, originator: Endpoint, signal: AbortSignal): Promise<EngineChannel> {
    return await this.#open(
      (connection, attempt) => connection.openForward(target, originator, attempt),
      `The server did not reach ${target.type === "tcp" ? target.host : target.path} in time`,
      signal,
    );
  }

  /** Asks the server to listen. @throws ForwardError, ChannelError, or the signal's reason */
  async listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return await this.#open(
      (connection, attempt) => connection.listen(at, handler, attempt),
      "The server did not answer the request to listen in time",
      signal,
    );
  }

  /** The peer was found hung: what opens goes elsewhere now. Its first channel is waited for: elsewhere it would take as long. */
  giveUp(): void {
    for (const attempt of this.#hasOpened ? [...this.#attempts] : []) {
      attempt.abort(new ChannelError("connection-ended", "The connection no longer answers"));
    }
  }

  async #open<T>(
    open: (connection: EngineConnection, signal: AbortSignal) => Promise<T>,
    tooLate: string,
    signal: AbortSignal,
    hasStarted: () => boolean = () => this.#hasOpened || this.#init.hasStarted(),
  ): Promise<T> {
    const connection = await this.#init.ready(signal);
    const attempt = new AbortController();
    const onAbort = (): void => attempt.abort(signal.reason);
    const asked = this.#init.clock.monotonic();
    if (signal.aborted) {
      onAbort();
    }
    signal.addEventListener("abort", onAbort, { once: true });
    this.#attempts.add(attempt);
    const limit = this.#limitSilence(connection, hasStarted, () =>
      attempt.abort(new ChannelError("timed-out", tooLate)),
    );
    const watch = this.#watch(connection, hasStarted);
    try {
      // Not raced against the signal: what opens at the very moment in which it aborts would have no owner.
      const opened = await open(connection, attempt.signal);
      this.#hasOpened = true;
      this.#init.onReply(asked);
      return opened;
    } finally {
      limit.dispose();
      watch.dispose();
      this.#attempts.delete(attempt);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Calls `onSilent` once, after the first period of silence. */
  #limitSilence(connection: EngineConnection, hasStarted: () => boolean, onSilent: () => void): Disposable {
    const { clock, silenceLimit, startLimit } = this.#init;
    const asked = clock.monotonic();
    let timer: Disposable | undefined;
    const watch = (): void => {
      const before = connection.bytesIn;
      const hadStarted = hasStarted();
      timer = clock.setTimeout(() => {
        const mayWait = hadStarted
          ? connection.bytesIn - before >= leastProgress
          : hasStarted() || clock.monotonic() - asked < startLimit;
        if (mayWait) {
          watch();
        } else {
          onSilent();
        }
      }, silenceLimit);
    };
    if (silenceLimit !== Number.POSITIVE_INFINITY) {
      watch();
    }
    return { dispose: () => timer?.dispose() };
  }

  /** Probes the peer whenever it has been silent, until disposed. Costs nothing while data arrives. */
  #watch(connection: EngineConnection, hasStarted: () => boolean): Disposable {
    const { clock } = this.#init;
    let timer: Disposable | undefined;
    let isOver = false;
    const before = connection.bytesIn;
    const silence = (): number => clock.monotonic() - connection.lastReceived;
    const arm = (): void => {
      const left = provenFor - silence();
      timer = clock.setTimeout(look, left > 0 ? left : provenFor);
    };
    const look = (): void => {
      if (silence() < provenFor) {
        arm();
        return;
      }
      if (!hasStarted()) {
        arm();
        return;
      }
      const isFlooded = connection.bytesIn - before >= floodSize;
      const patience = isFlooded ? floodPatience : silence() < heardLately ? stallPatience : undefined;
      void this.#init.probe(patience).then((alive) => {
        if (!alive) {
          this.giveUp();
        } else if (!isOver) {
          arm();
        }
      });
    };
    if (silence() >= provenFor) {
      look();
    } else {
      arm();
    }
    return {
      dispose: () => {
        isOver = true;
        timer?.dispose();
      },
    };
  }
}
