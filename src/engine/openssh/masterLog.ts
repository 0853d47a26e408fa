import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { ConnectionEnd } from "../connectionEngine.ts";
import { LogTail } from "./logTail.ts";
import { MuxClients } from "./muxClients.ts";
import { endOf } from "./sshFailures.ts";
import { SshLog } from "./sshLog.ts";

/** Characters of the master's log that may explain its end. */
const lastWordsLength = 16_384;

/** Requests to the master, as those for our remote forwards, have ended by then: they are nobody. Milliseconds. */
const settleTime = 200;

/** The log of a master that is logged in: who uses its socket, and why it ends. */
export class MasterLog implements Disposable {
  readonly #clock: Clock;
  readonly #clients = new MuxClients();
  readonly #changed = new Emitter<void>();
  readonly #tail: Promise<LogTail | undefined>;
  #lastWords = "";
  #isLogin = true;
  #reported = 0;
  #settling: Disposable | undefined;

  /** `others` changed, or a client has come and gone. */
  readonly onDidChange = this.#changed.event;

  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    this.#tail = LogTail.open(path, (text) => this.#add(text), "read")
      .then(async (tail) => {
        await tail.drain();
        this.#isLogin = false;
        return tail;
      })
      .catch(() => undefined);
  }

  /** Clients besides our connection that have been there for a moment. */
  get others(): number {
    return this.#reported;
  }

  /** All clients, ours included, as the log has them now. Undefined: it can't be read. */
  async count(): Promise<number | undefined> {
    const tail = await this.#tail;
    await tail?.drain();
    return tail === undefined ? undefined : this.#clients.count;
  }

  /** Resolves when everything in the log has been read. Never rejects. */
  async drain(): Promise<void> {
    await this.#tail.then((tail) => tail?.drain());
  }

  /** Whether another client has a session or a stream with this number at the master. */
  hasChannel(id: number): boolean {
    return this.#clients.hasChannel(id);
  }

  /** How the connection of the master has ended, by its last lines. */
  async end(): Promise<ConnectionEnd> {
    await this.#tail.then((tail) => tail?.drain());
    const log = new SshLog(() => {});
    log.add(`${this.#lastWords}\n`);
    return endOf(log.said);
  }

  dispose(): void {
    this.#settling?.dispose();
    this.#settling = undefined;
    this.#changed.dispose();
    void this.#tail.then((tail) => tail?.dispose());
  }

  #add(text: string): void {
    const isNews = this.#clients.add(text);
    this.#lastWords = this.#isLogin ? "" : (this.#lastWords + text).slice(-lastWordsLength);
    if (isNews) {
      this.#settling ??= this.#clock.setTimeout(() => this.#report(), settleTime);
    }
    if (this.#others < this.#reported) {
      this.#reported = this.#others;
      this.#changed.fire();
    }
  }

  get #others(): number {
    return Math.max(0, this.#clients.count - 1);
  }

  #report(): void {
    this.#settling = undefined;
    this.#reported = this.#others;
    this.#changed.fire();
  }
}
