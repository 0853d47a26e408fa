import { Emitter } from "../../../../src/base/emitter.ts";
import type { Dimensions, OutputKind } from "../../../../src/engine/connectionEngine.ts";
import type {
  LimitKind,
  Session,
  SessionConnection,
  SessionOutcome,
  SessionSnapshot,
  SessionState,
} from "../../../../src/session/sessionTypes.ts";
import { masterSnapshot, sessionSnapshot } from "../../vscode/views/snapshots.ts";

/** A session whose server is the test. Keeps output while paused and input while the reader is slow. */
export class FakeSession implements Session {
  readonly id = "s1";
  readonly spec = "web1";
  state: SessionState = { kind: "open", since: 0 };
  readonly #stateChanged = new Emitter<SessionState>();
  readonly #received = new Emitter<{ readonly kind: OutputKind; readonly data: Uint8Array }>();
  readonly #drained = new Emitter<void>();
  readonly #warned = new Emitter<{ readonly limit: LimitKind; readonly secondsLeft: number }>();
  readonly onDidChangeState = this.#stateChanged.event;
  readonly onDidReceive = this.#received.event;
  readonly onDidDrain = this.#drained.event;
  readonly onDidWarn = this.#warned.event;
  readonly ended: Promise<SessionOutcome>;
  #resolveEnded: (outcome: SessionOutcome) => void = () => {};
  /** The actions and observations of the other side. */
  readonly log: string[] = [];
  eofSent = false;
  isKept = false;
  readonly sizes: Dimensions[] = [];
  #output: Uint8Array[] = [];
  #delivering = false;
  #outcome: SessionOutcome | undefined;
  #input: Uint8Array[] = [];
  paused = true;
  /** Bytes that the reader has room for. */
  room = Number.POSITIVE_INFINITY;
  queuedBytes = 0;
  limitedFrom = 0;
  breakWorks = true;
  /** Never confirms a close. */
  dead = false;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  get input(): string {
    return Buffer.concat(this.#input).toString("utf8");
  }

  get inputBytes(): Buffer {
    return Buffer.concat(this.#input);
  }

  get hasListeners(): boolean {
    return this.#received.hasListeners || this.#drained.hasListeners || this.#warned.hasListeners;
  }

  /** The server sends. */
  send(data: string | Uint8Array): void {
    this.#output.push(typeof data === "string" ? Buffer.from(data, "utf8") : data);
    this.#deliver();
  }

  /** The server closes, after everything it has sent. */
  end(outcome: SessionOutcome = { kind: "exited", code: 0 }): void {
    this.#outcome ??= outcome;
    this.#deliver();
  }

  /** The server closes; its connection is lost some time after it. */
  turnOutLost(): void {
    const outcome = { kind: "lost", reason: "closed-by-server" } as const;
    this.state = { kind: "ended", since: 0, outcome };
    this.#stateChanged.fire(this.state);
  }

  /** The reader consumes everything that waits. */
  drain(room = Number.POSITIVE_INFINITY): void {
    this.room = room;
    this.queuedBytes = 0;
    this.#drained.fire();
  }

  warn(limit: LimitKind, secondsLeft: number): void {
    this.#warned.fire({ limit, secondsLeft });
  }

  snapshot(): SessionSnapshot {
    return sessionSnapshot();
  }

  /** All of them use the same one. */
  connection(): SessionConnection {
    const state = { kind: "lost", since: 0, reason: "connection-lost" } as const;
    return { destinationKey: "web1", master: { ...masterSnapshot({ since: 0 }), state } };
  }

  ptyRefused = false;
  /** One was requested. */
  askedForPty = true;

  get hasPty(): boolean {
    return this.askedForPty && !this.ptyRefused;
  }

  details(): undefined {
    return undefined;
  }

  rename(title: string): void {
    this.log.push(`rename ${title}`);
  }

  pause(): void {
    this.paused = true;
    this.log.push("pause");
  }

  resume(): void {
    this.paused = false;
    this.log.push("resume");
    this.#deliver();
  }

  write(data: Uint8Array): boolean {
    this.#input.push(data);
    this.room -= data.length;
    if (this.room > 0) {
      return true;
    }
    this.queuedBytes += data.length;
    return false;
  }

  eof(): void {
    this.log.push("eof");
    this.eofSent = true;
    this.#stateChanged.fire(this.state);
  }

  resize(dimensions: Dimensions): void {
    this.sizes.push(dimensions);
  }

  signal(name: string): void {
    this.log.push(`signal ${name}`);
  }

  sendBreak(milliseconds: number): boolean {
    this.log.push(`break ${milliseconds}`);
    return this.breakWorks;
  }

  async disconnect(): Promise<void> {
    this.log.push("disconnect");
    if (!this.dead) {
      this.end({ kind: "disconnected", exit: {} });
    }
    await this.ended;
  }

  leave(): void {
    this.log.push("leave");
  }

  kill(): void {
    this.log.push("kill");
    this.#finish({ kind: "killed", exit: {} });
  }

  extend(): void {
    this.log.push("extend");
  }

  #deliver(): void {
    // A caller that pauses and resumes during delivery gets the rest after this, as from a real one.
    if (this.#delivering) {
      return;
    }
    this.#delivering = true;
    while (!this.paused && this.#output.length > 0) {
      const data = this.#output.shift();
      if (data !== undefined) {
        this.#received.fire({ kind: "stdout", data });
      }
    }
    this.#delivering = false;
    if (this.#output.length === 0 && this.#outcome !== undefined) {
      this.#finish(this.#outcome);
    }
  }

  #finish(outcome: SessionOutcome): void {
    if (this.state.kind !== "ended") {
      this.state = { kind: "ended", since: 0, outcome };
      this.#stateChanged.fire(this.state);
      this.#resolveEnded(outcome);
    }
  }
}
