import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Logger } from "../base/log.ts";
import type { ConnectionPolicy } from "../config/connectionPolicy.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";
import { type Health, Heartbeat } from "./heartbeat.ts";

/** If an urgent probe gets no reply within this many milliseconds, the peer counts as hung. */
export const urgentProbeDeadline = 1250;

const roundTripsKept = 60;

export interface ConnectionHealthEvents {
  onHealth(health: Health): void;
  /** A round trip was measured, or the peer started or stopped replying to probes. */
  onMeasured(): void;
  /** The keepalive limit is reached. Called at most once. */
  onDead(): void;
}

/** The results of a connection's keepalive: its health, its round trips, and whether the server replies to probes. */
export class ConnectionHealth implements Disposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #events: ConnectionHealthEvents;
  #heartbeat: Heartbeat | undefined;
  #current: Health = { kind: "alive" };
  #roundTrips: readonly number[] = Object.freeze([]);
  #probesIgnored = false;
  #hasStarted: () => boolean = () => false;

  constructor(clock: Clock, logger: Logger, events: ConnectionHealthEvents) {
    this.#clock = clock;
    this.#logger = logger;
    this.#events = events;
  }

  get current(): Health {
    return this.#current;
  }

  /** The most recent round trips in milliseconds, oldest first. Frozen. */
  get roundTrips(): readonly number[] {
    return this.#roundTrips;
  }

  /** The server has sent something since the login. */
  get hasStarted(): boolean {
    return this.#hasStarted();
  }

  get probesIgnored(): boolean {
    return this.#probesIgnored;
  }

  /** Starts when the connection is up. */
  watch(connection: EngineConnection, { keepalive, ignoreMissingReplies }: ConnectionPolicy): void {
    const { bytesIn } = connection;
    this.#hasStarted = () => connection.bytesIn > bytesIn;
    this.#heartbeat = new Heartbeat(this.#clock, connection, keepalive, ignoreMissingReplies, {
      onHealth: (health) => {
        this.#current = health;
        this.#events.onHealth(health);
      },
      onRoundTrip: (milliseconds) => {
        this.#roundTrips = Object.freeze([...this.#roundTrips.slice(1 - roundTripsKept), milliseconds]);
        this.#events.onMeasured();
      },
      onDead: () => this.#events.onDead(),
      onProbesIgnored: (ignored) => {
        this.#probesIgnored = ignored;
        this.#logger.info(ignored ? "the server does not answer keepalive probes" : "probes are answered");
        this.#events.onMeasured();
      },
    });
    this.#probesIgnored = this.#heartbeat.probesIgnored;
  }

  setPolicy({ keepalive, ignoreMissingReplies }: ConnectionPolicy): void {
    this.#heartbeat?.setPolicy(keepalive, ignoreMissingReplies);
  }

  /** The server has replied to a request. */
  noteReply(): void {
    this.#heartbeat?.noteReply();
  }

  /** Sends a probe at once. Resolves to whether a reply came. @param patience milliseconds. */
  async probe(patience: number): Promise<boolean> {
    return (await this.#heartbeat?.probeNow(patience)) ?? false;
  }

  dispose(): void {
    this.#heartbeat?.dispose();
  }
}
