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
import type { ChannelRoom } from "./channelRoom.ts";

/** Fewer bytes than this within the limit count as silence: replies to our own keepalive probes are no progress. */
const leastProgress = 1024;

/** A peer that is silent for this long while a channel opens gets a probe. Milliseconds. */
const provenFor = 2000;

/**
 * A flooded link loses packets, and TCP resends them after up to several seconds (RFC 6298 section 5.5). A peer that
 * sent data this recently gets more time for its reply. Milliseconds.
 */
const heardLately = 10_000;
const stallPatience = 5000;
/** This many bytes while a channel opens count as a flood, in which the same packet is lost several times. */
const floodSize = 16 * 1024;
const floodPatience = 15_000;

export interface ChannelOpenerInit {
  readonly clock: Clock;
  /** How long the connection may be silent before the reply, in milliseconds. */
  readonly silenceLimit: number;
  /** Like `silenceLimit`, for a server that may still prepare the account's session. */
  readonly startLimit: number;
  /** The server has sent something since the login. */
  hasStarted(): boolean;
  /** For sessions. */
  readonly room: Pick<ChannelRoom, "open">;
  /** Resolves to the connection once it is up. Rejects with the error of the attempt, or the signal's reason. */
  ready(signal: AbortSignal): Promise<EngineConnection>;
  /** Probes at once. Resolves to whether a reply came. @param patience milliseconds; undefined: the default. */
  probe(patience: number | undefined): Promise<boolean>;
  /** The peer has replied to a request. */
  onReply(): void;
}

/**
 * Opens channels. The limit is on silence, not on slowness: on a slow line the reply waits behind the data of other
 * channels. After silence the peer is probed, and all pending opens are given up as soon as it is found hung. A
 * server that opens its first session is not probed: sshd replies to nothing before PAM has opened the account's
 * session, which may mount or create a home folder, and there is no other connection to use.
 */
export class ChannelOpener {
  readonly #init: ChannelOpenerInit;
  readonly #attempts = new Set<AbortController>();
  /** The server has opened a channel. */
  #hasOpened = false;

  constructor(init: ChannelOpenerInit) {
    this.#init = init;
  }

  /** See EngineConnection.openSession. @throws ChannelError, the error of `ready`, or the signal's reason */
  async session(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    const open = (): Promise<EngineChannel> =>
      this.#open(
        (connection, attempt) => connection.openSession(spec, attempt),
        "The server did not answer the request for a session in time",
        signal,
        () => this.#hasOpened,
      );
    return await this.#init.room.open(open, signal);
  }

  /** See EngineConnection.openDirectTcpip. @throws ChannelError, or the signal's reason */
  async directTcpip(target: Endpoint, originator: Endpoint, signal: AbortSignal): Promise<Duplex> {
    return await this.#open(
      (connection, attempt) => connection.openDirectTcpip(target, originator, attempt),
      `The jump host did not reach ${target.host} in time`,
      signal,
    );
  }

  /** See EngineConnection.openForward. @throws ChannelError, or the signal's reason */
  async forward(target: ForwardAddress, originator: Endpoint, signal: AbortSignal): Promise<EngineChannel> {
    return await this.#open(
      (connection, attempt) => connection.openForward(target, originator, attempt),
      `The server did not reach ${target.type === "tcp" ? target.host : target.path} in time`,
      signal,
    );
  }

  /** See EngineConnection.listen. @throws ForwardError, ChannelError, or the signal's reason */
  async listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return await this.#open(
      (connection, attempt) => connection.listen(at, handler, attempt),
      "The server did not answer the request to listen in time",
      signal,
    );
  }

  /**
   * The peer was found hung: pending opens go to another connection now. Its first channel keeps waiting: a new
   * connection would take as long.
   */
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
      // Not raced against the signal: a channel that opens just as it aborts would have no owner.
      const opened = await open(connection, attempt.signal);
      this.#hasOpened = true;
      this.#init.onReply();
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

  /** Probes the peer whenever it is silent, until disposed. Free while data arrives. */
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
      if (silence() < provenFor || !hasStarted()) {
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
    look();
    return {
      dispose: () => {
        isOver = true;
        timer?.dispose();
      },
    };
  }
}
