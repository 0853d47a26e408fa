import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { printable } from "../base/log.ts";
import { FlowController } from "./flowController.ts";
import type { FlowLimits } from "./flowLimits.ts";
import { ReplyFilter } from "./marks.ts";
import { TerminalModes } from "./terminalModes.ts";

export interface ScreenPorts {
  readonly clock: Clock;
  /** The terminal's width, as far as it is known. */
  columns(): number;
  write(text: string): void;
  /** The terminal has enough output, or needs more. */
  pause(): void;
  resume(): void;
  /** Typed text, or replies to a program: everything from the terminal except the replies to our marks. */
  input(text: string): void;
  /** How long a flood rests between two steps, in milliseconds; 0: not at all. */
  restTime?(): number;
}

/** How long the start of a possible reply is kept. Milliseconds; replies come in one piece, so that no input waits. */
const replyPatience = 20;

/** A smaller backlog of the terminal is parsed before the user notices. UTF-16 code units. */
const floodBacklog = 128 * 1024;

/** UTF-16 code units of one line of our own: a login URL may be long, and is useless when it is cut. */
const longestLine = 8 * 1024;

/**
 * The style of our own lines: dim, to distinguish them from the program's output; warnings stand out. Dim text has
 * little contrast in light themes, so a line that says what went wrong is not dim.
 */
const dim = "\u001b[2m";
const plain = "\u001b[0m";
const alarming = "\u001b[1;31m";
const eraseRow = "\u001b[2K";
const eraseRestOfRow = "\u001b[K";
const up = "\u001b[A";
const wrapOff = "\u001b[?7l";
const wrapOn = "\u001b[?7h";

interface Notice {
  readonly lines: readonly string[];
  /** SGR of the first line, and of the lines after it. */
  readonly first: string;
  readonly others: string;
}

/**
 * The terminal from our side, for the lifetime of its tab: output with back-pressure, input without the replies to
 * our marks, and our own lines in between where they do no harm.
 */
export class TerminalScreen implements Disposable {
  readonly #ports: ScreenPorts;
  readonly #flow: FlowController;
  readonly #replies = new ReplyFilter();
  readonly modes = new TerminalModes();
  #replyTimer: Disposable | undefined;
  #notices: Notice[] = [];
  /** `modes` includes output that was taken back: the terminal's actual state is unknown. */
  #ahead = false;
  /** The number of rows of the status line; 0: there is none. */
  #statusRows = 0;

  constructor(ports: ScreenPorts, limits?: Partial<FlowLimits>) {
    this.#ports = ports;
    this.#flow = new FlowController(ports, {
      listener: this.modes,
      // In a full-screen program every frame counts; a program that synchronizes its frames manages them itself.
      mayPace: () => !this.modes.alternateScreen && !this.modes.synchronizes,
      restTime: () => ports.restTime?.() ?? 0,
      ...(limits === undefined ? {} : { limits }),
    });
  }

  get paused(): boolean {
    return this.#flow.paused;
  }

  /** There is more output than the terminal can process. */
  get flooded(): boolean {
    return this.#flow.congested || this.#flow.backlog >= floodBacklog;
  }

  get inGround(): boolean {
    return this.#flow.inGround;
  }

  /** Output of the remote side. */
  write(text: string): void {
    this.#write(text, 0);
  }

  /**
   * Takes back output that the terminal has not received yet; `modes` already includes it. Our own lines wait until
   * `giveBack`.
   * @param take receives it before the source resumes. Starts in ground state.
   */
  withdraw(take: (text: string) => void): void {
    this.#ahead = true;
    this.#flow.withdraw(take);
  }

  /**
   * What to show after everything that was withdrawn or came since.
   * @param withdrawn how much of its start was withdrawn.
   */
  giveBack(text: string, withdrawn: number): void {
    this.#ahead = false;
    this.#write(text, withdrawn);
  }

  /** Everything that the terminal sends. */
  receive(data: string): void {
    this.#replyTimer?.dispose();
    this.#replyTimer = undefined;
    const { text, acknowledged } = this.#replies.filter(data, this.#flow.outstanding);
    for (const index of acknowledged) {
      this.#flow.acknowledge(index);
    }
    if (this.#replies.holding) {
      this.#replyTimer = this.#ports.clock.setTimeout(
        () => this.#ports.input(this.#replies.flush()),
        replyPatience,
      );
    }
    if (text !== "") {
      this.#ports.input(text);
    }
  }

  /** Our own lines. They wait while a sequence is incomplete or a full-screen program runs. */
  notice(...lines: readonly string[]): void {
    this.#notices.push(usual(lines));
    this.#flushNotices();
  }

  /**
   * Like `notice`, but as readable as output: for a failure or an end, with its reason.
   * @param above a warning about it, shown first
   */
  problem(line: string, above?: readonly [string, ...string[]]): void {
    if (above !== undefined) {
      this.warning(...above);
    }
    this.#notices.push({ lines: [line], first: plain, others: plain });
    this.#flushNotices();
  }

  /** Like `notice`, but prominent: a headline and its details. */
  warning(headline: string, ...lines: readonly string[]): void {
    this.#notices.push({ lines: [headline, ...lines], first: alarming, others: plain });
    this.#flushNotices();
  }

  /**
   * Like `notice`, but starts at the cursor and does not wait for a full-screen program, because the user asked for
   * it.
   */
  answer(...lines: readonly string[]): void {
    const notice = usual(lines);
    if (this.#flow.inGround && !this.#ahead) {
      this.#writeLines(notice, "");
    } else {
      this.#notices.push(notice);
    }
  }

  /**
   * Replaces output that `modes` includes and the terminal has not received: the control sequences it needs, and a
   * notice.
   */
  skipped(controls: string, line: string): void {
    this.#flow.writeBeside(controls);
    this.#writeLines(usual([line]), this.#flow.atFreshLine ? "" : "\r\n", true);
  }

  /**
   * A line that the next one, or any output, replaces. Only while no session writes. A line wider than the terminal
   * is split into rows here, so that their number stays right at any width.
   */
  status(line: string): void {
    const before = this.#statusRows > 0 ? this.#eraseStatus() : this.#flow.atFreshLine ? "\r" : "\r\n";
    const rows = wrapWords(printable(line), this.#ports.columns());
    this.#flow.writeBeside(
      `${before}${wrapOff}${dim}${rows.map((row) => eraseRow + row).join("\r\n")}${plain}${wrapOn}`,
    );
    this.#statusRows = rows.length;
    this.#flow.noteFreshLine();
  }

  clearStatus(): void {
    if (this.#statusRows > 0) {
      this.#flow.writeBeside(this.#eraseStatus());
      this.#statusRows = 0;
      this.#flow.noteFreshLine();
    }
  }

  /** The program has ended: completes what it left open, and returns to the normal screen with all modes reset. */
  restore(): void {
    if (!this.#flow.inGround) {
      // CAN aborts any sequence.
      this.#flow.write("\u0018");
    }
    this.#flow.writeBeside(this.modes.undo(this.#ports.columns()));
    this.#flushNotices();
  }

  dispose(): void {
    this.#replyTimer?.dispose();
    this.#flow.dispose();
    this.#notices = [];
  }

  #write(text: string, withdrawn: number): void {
    if (text !== "") {
      this.clearStatus();
      this.#flow.write(text, withdrawn);
    }
    this.#flushNotices();
  }

  #flushNotices(): void {
    const { inGround } = this.#flow;
    if (this.#notices.length === 0 || !inGround || this.#ahead || this.modes.alternateScreen) {
      return;
    }
    const notices = this.#notices;
    this.#notices = [];
    for (const notice of notices) {
      this.clearStatus();
      this.#writeLines(notice, this.#flow.atFreshLine ? "" : "\r\n");
    }
  }

  /** Leaves the cursor at the start of the status line. */
  #eraseStatus(): string {
    return `\r${eraseRow}${`${up}${eraseRow}`.repeat(this.#statusRows - 1)}`;
  }

  /** Below the cursor there may be text that a program has drawn. */
  #writeLines({ lines, first, others }: Notice, before: string, unseen = false): void {
    const text = lines
      .map((line, at) => `${at === 0 ? first : others}${printable(line, longestLine)}${eraseRestOfRow}\r\n`)
      .join("");
    this.#flow.writeNotice(`${before}${this.modes.neutral(unseen)}${text}${plain}${this.modes.restore()}`);
  }
}

function usual(lines: readonly string[]): Notice {
  return { lines, first: dim, others: dim };
}

/** Cuts at spaces where possible, so that no row is longer than `width` UTF-16 code units. */
function wrapWords(text: string, width: number): readonly string[] {
  const rows: string[] = [];
  let rest = text;
  while (rest.length > Math.max(1, width)) {
    const space = rest.lastIndexOf(" ", width);
    const end = space > 0 ? space : Math.max(1, width);
    rows.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...rows, rest];
}
