import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { defaultFlowLimits, type FlowLimits } from "./flowLimits.ts";
import { markQuery, randomMark } from "./marks.ts";
import { PacedOutput } from "./pacedOutput.ts";
import { SafePointScanner, type SequenceListener } from "./safePointScanner.ts";
import { isHighSurrogate } from "./surrogates.ts";

export interface FlowPorts {
  readonly clock: Clock;
  /** Passes text to the terminal. */
  write(text: string): void;
  /** Stops and restarts the source. Called only on changes, also from inside `write` and `acknowledge`. */
  pause(): void;
  resume(): void;
}

interface Mark {
  readonly index: number;
  /** Output up to the mark, including what precedes it. */
  readonly position: number;
  readonly sentAt: number;
  /** The window was full while this mark was pending: its round trip says something about the window. */
  limited: boolean;
}

/** Longer chunks are split, so that each part can have its own mark. */
const longestPiece = 16 * 1024;
/** A terminal that sends no first reply for this many periods of patience does not support DECRQM. */
const silentRounds = 2;
/** For this long after a pause a terminal counts as congested: a flood pauses and resumes many times a second. */
const congestionMemory = 1000;
/** Rate for a terminal that never replied: one window per this time. */
const openLoopInterval = 100;
/** The start of a line within this distance of the end of a piece is as good as the last safe point. */
const nearLineStart = 4096;

/**
 * Back-pressure from the terminal to the source: puts numbered marks into the output at safe points, counts the
 * output without a reply, and pauses the source while it fills the window. The window adapts to the speed of the
 * terminal.
 */
export class FlowController implements Disposable {
  readonly #ports: FlowPorts;
  readonly #limits: FlowLimits;
  readonly #scanner: SafePointScanner;
  readonly #output: PacedOutput;
  readonly #listener: SequenceListener | undefined;
  /** The listener already knows the scanned text. */
  #withdrawn = false;
  #window: number;
  #throttled = false;
  #paused = false;
  /** The window is full: send nothing until a reply comes. */
  #full = false;
  /** The time of the last pause or resume. */
  #pausedAt = Number.NEGATIVE_INFINITY;
  #disposed = false;
  #written = 0;
  #marked = 0;
  #acknowledged = 0;
  #marks: Mark[] = [];
  #throttledSince = 0;
  #changedAt = Number.NEGATIVE_INFINITY;
  #roundTrip: number | undefined;
  #everAnswered = false;
  #silentRounds = 0;
  #credit = 0;
  #timer: Disposable | undefined;
  readonly #restTime: () => number;
  readonly #newMark: () => number;
  #rest: Disposable | undefined;

  /**
   * @param listener receives every control sequence in the output, before the terminal does.
   * @param mayPace whether the terminal may hold frames back while it can't keep up; default: yes.
   * @param restTime for how long (ms) a flood rests between two steps; default: not at all.
   * @param newMark the next mark's number; default: a random one.
   */
  constructor(
    ports: FlowPorts,
    options: {
      readonly limits?: Partial<FlowLimits>;
      readonly listener?: SequenceListener;
      readonly mayPace?: () => boolean;
      readonly restTime?: () => number;
      readonly newMark?: () => number;
    } = {},
  ) {
    this.#ports = ports;
    this.#limits = { ...defaultFlowLimits, ...options.limits };
    this.#window = this.#limits.window;
    this.#listener = options.listener;
    this.#scanner = new SafePointScanner({
      onSequence: (kind, raw, cut) => this.#withdrawn || this.#listener?.onSequence(kind, raw, cut),
      onShift: (code) => this.#withdrawn || this.#listener?.onShift(code),
    });
    this.#restTime = options.restTime ?? (() => 0);
    this.#newMark = options.newMark ?? randomMark;
    const { clock } = ports;
    const { portion, reserve } = this.#limits;
    this.#output = new PacedOutput({
      clock,
      write: (text) => ports.write(text),
      mayPace: options.mayPace ?? (() => true),
      isBehind: () => this.congested && this.#everAnswered && !this.#throttled,
      portion,
      reserve,
    });
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** The amount that the terminal has not parsed yet, as far as we know. */
  get backlog(): number {
    return this.#written - this.#acknowledged;
  }

  /** The terminal can't keep up, or could not a moment ago. */
  get congested(): boolean {
    return this.#paused || this.#ports.clock.monotonic() - this.#pausedAt < congestionMemory;
  }

  /** Marks are pending. */
  get outstanding(): boolean {
    return this.#marks.length > 0;
  }

  get window(): number {
    return this.#throttled ? Math.max(this.#window, this.#limits.throttledWindow) : this.#window;
  }

  /** The last measured round trip; undefined before the first reply. */
  get roundTrip(): number | undefined {
    return this.#roundTrip;
  }

  get inGround(): boolean {
    return this.#scanner.inGround;
  }

  get atFreshLine(): boolean {
    return this.#scanner.atFreshLine;
  }

  /**
   * Writes decoded output of the remote side.
   * @param withdrawn how much of its start was withdrawn before: the listener already has that part.
   */
  write(text: string, withdrawn = 0): void {
    if (this.#disposed) {
      return;
    }
    for (let from = 0; from < text.length; ) {
      this.#withdrawn = from < withdrawn;
      let to = Math.min(text.length, from + longestPiece, this.#withdrawn ? withdrawn : text.length);
      if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) {
        to++;
      }
      this.#writePiece(from === 0 && to === text.length ? text : text.slice(from, to));
      from = to;
    }
    this.#withdrawn = false;
    this.#update();
  }

  /**
   * Takes back what the terminal has not received yet.
   * @param take receives it before the source resumes. Starts in ground state.
   */
  withdraw(take: (text: string) => void): void {
    const withdrawn = this.#output.withdraw();
    if (withdrawn === undefined) {
      take("");
      return;
    }
    const { text, marked, endsLine } = withdrawn;
    this.#written -= text.length;
    this.#marked = marked;
    this.#marks = this.#marks.filter((mark) => mark.position <= marked);
    this.#scanner.restart(endsLine);
    take(text);
    this.#update();
  }

  /** Text of our own, not part of the stream. Shown at once, after all earlier output. */
  writeBeside(text: string): void {
    if (this.#disposed) {
      return;
    }
    this.#output.writeBeside(text);
  }

  /** Complete lines of our own; only in ground state. Ends with CR LF. */
  writeNotice(text: string): void {
    this.writeBeside(text);
    this.noteFreshLine();
  }

  /** Text outside the stream has left the cursor at the start of an empty line. */
  noteFreshLine(): void {
    this.#scanner.noteFreshLine();
  }

  /** The terminal has replied to mark `index`, so it has parsed everything before it. Unknown numbers are ignored. */
  acknowledge(index: number): void {
    const at = this.#marks.findIndex((mark) => mark.index === index);
    const mark = this.#marks[at];
    if (mark === undefined) {
      return;
    }
    this.#marks = this.#marks.slice(at + 1);
    this.#acknowledged = mark.position;
    this.#everAnswered = true;
    this.#silentRounds = 0;
    this.#credit = 0;
    this.#stopTimer();
    this.#adapt(mark);
    this.#output.acknowledged(mark.position);
    this.#update();
  }

  dispose(): void {
    this.#disposed = true;
    this.#marks = [];
    this.#stopTimer();
    this.#rest?.dispose();
    this.#output.dispose();
  }

  #writePiece(piece: string): void {
    const safe = this.#safePoint(piece);
    const position = this.#written + safe;
    this.#written += piece.length;
    const marked = safe >= 0 && position - this.#marked >= this.#limits.step;
    this.#output.write(piece, safe, marked ? { query: this.#mark(position), position } : undefined);
  }

  #safePoint(piece: string): number {
    const safe = this.#scanner.scan(piece);
    const { lineStart } = this.#scanner;
    return lineStart >= 0 && piece.length - lineStart <= nearLineStart ? lineStart : safe;
  }

  /** @returns the mark or control sequence for this position, a safe point. */
  #mark(position: number): string {
    const index = this.#newMark();
    this.#marked = position;
    this.#marks.push({ index, position, sentAt: this.#ports.clock.monotonic(), limited: this.#full });
    return markQuery(index);
  }

  #adapt(mark: Mark): void {
    const now = this.#ports.clock.monotonic();
    const roundTrip = now - mark.sentAt;
    const { targetRoundTrip, throttledRoundTrip, smallestWindow, largestWindow } = this.#limits;
    this.#roundTrip = roundTrip;
    // Once per round trip: a mark sent before the last change measures the old window.
    if (mark.sentAt < this.#changedAt) {
      return;
    }
    if (roundTrip > throttledRoundTrip) {
      // Retry from time to time with the frozen window: a large window on a slow terminal looks like throttling, too.
      if (!this.#throttled) {
        this.#throttled = true;
        this.#throttledSince = now;
        this.#changedAt = now;
      } else if (now - this.#throttledSince > throttledRoundTrip * 4) {
        this.#throttled = false;
        this.#changedAt = now;
      }
    } else if (this.#throttled) {
      this.#throttled = false;
      this.#changedAt = now;
    } else if (mark.limited) {
      const factor = Math.min(1.25, Math.max(0.8, Math.sqrt(targetRoundTrip / Math.max(1, roundTrip))));
      this.#window = Math.round(Math.min(largestWindow, Math.max(smallestWindow, this.#window * factor)));
      this.#changedAt = now;
    }
  }

  #update(rested = false): void {
    if (this.#disposed) {
      return;
    }
    const unanswered = this.#marked - this.#acknowledged;
    const unmarked = this.#written - this.#marked;
    const { hardCap } = this.#limits;
    this.#full = unanswered >= Math.min(hardCap, this.window + this.#credit) || unmarked >= hardCap;
    if (this.#full) {
      for (const mark of this.#marks) {
        mark.limited = true;
      }
      this.#startTimer();
    } else {
      this.#stopTimer();
    }
    const paused = this.#full || this.#rests(unanswered, rested);
    if (paused !== this.#paused) {
      this.#paused = paused;
      this.#pausedAt = this.#ports.clock.monotonic();
      this.#output.setPaused(paused);
      if (paused) {
        this.#ports.pause();
      } else {
        this.#ports.resume();
      }
    }
  }

  /** Yields to a terminal that is typed in: one step, then a pause. This pause must not influence the window size. */
  #rests(unanswered: number, rested: boolean): boolean {
    const { clock } = this.#ports;
    const { step, patience } = this.#limits;
    const time = this.#restTime();
    const rests = time > 0 && (unanswered - this.#credit >= step || (this.#paused && !rested));
    if (!rests) {
      this.#rest?.dispose();
      this.#rest = undefined;
    } else if (this.#rest === undefined) {
      this.#rest = clock.setTimeout(() => {
        this.#rest = undefined;
        if (clock.monotonic() - this.#pausedAt >= patience) {
          // No reply came in all that time: it may be lost.
          this.#credit += step;
        }
        this.#update(true);
      }, time);
    }
    return rests;
  }

  /** The timeout while the window is full and no reply comes. */
  #startTimer(): void {
    if (this.#timer !== undefined) {
      return;
    }
    const { clock } = this.#ports;
    const { hardCap, patience } = this.#limits;
    if (!this.#everAnswered && this.#silentRounds >= silentRounds) {
      this.#timer = clock.setTimeout(() => this.#assumeParsed(), openLoopInterval);
    } else if (this.#written - this.#marked >= hardCap) {
      this.#timer = clock.setTimeout(() => this.#assumeParsed(), patience);
    } else if (this.#marked - this.#acknowledged < hardCap) {
      this.#timer = clock.setTimeout(() => {
        this.#timer = undefined;
        this.#silentRounds++;
        this.#credit += this.window;
        this.#update();
      }, patience);
    }
  }

  /** No reply can come (there never was one, or there is no place for a mark): continue one window at a time. */
  #assumeParsed(): void {
    this.#timer = undefined;
    this.#acknowledged = Math.min(this.#written, this.#acknowledged + this.window);
    this.#marked = Math.max(this.#marked, this.#acknowledged);
    this.#marks = this.#marks.filter((mark) => mark.position > this.#acknowledged);
    this.#update();
  }

  #stopTimer(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
