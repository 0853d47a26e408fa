import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { printable } from "../base/log.ts";
import { FlowController } from "./flowController.ts";
import type { FlowLimits } from "./flowLimits.ts";
import { ReplyFilter } from "./marks.ts";
import { TerminalModes } from "./terminalModes.ts";

export interface ScreenPorts {
  readonly clock: Clock;
  /** How wide the terminal is, as far as it is known. */
  columns(): number;
  write(text: string): void;
  /** The terminal has enough, or wants more. */
  pause(): void;
  resume(): void;
  /** Something typed, or a program's own answers: everything from the terminal that is not an answer to our marks. */
  input(text: string): void;
  /** How long a flood is to rest between two steps, in milliseconds; 0: not at all. */
  restTime?(): number;
}

/** How long the beginning of what may be an answer is kept. Milliseconds; answers come in one piece, so that nobody waits. */
const replyPatience = 20;

/** Less than this in front of the terminal is parsed before anybody could tell the difference. UTF-16 code units. */
const floodBacklog = 128 * 1024;

/** UTF-16 code units of one line of our own: an address to log in at may be long, and is of no use when it is cut. */
const longestLine = 8 * 1024;

/** What lines of our own look like: dim, so that nobody takes them for the program's; warnings so that nobody misses them. */
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
  /** SGR of the first line, and of those after it. */
  readonly first: string;
  readonly others: string;
}

/**
 * The terminal as seen from here, for as long as its tab lives: output with back-pressure, input without the answers to
 * our marks, and lines of our own in between at places where they break nothing.
 */
export class TerminalScreen implements Disposable {
  readonly #ports: ScreenPorts;
  readonly #flow: FlowController;
  readonly #replies = new ReplyFilter();
  readonly modes = new TerminalModes();
  #replyTimer: Disposable | undefined;
  #notices: Notice[] = [];
  /** `modes` knows of output that was taken back: what the terminal is in is not known. */
  #ahead = false;
  /** How many rows the status line takes; 0: there is none. */
  #statusRows = 0;

  constructor(ports: ScreenPorts, limits?: Partial<FlowLimits>) {
    this.#ports = ports;
    this.#flow = new FlowController(ports, {
      listener: this.modes,
      // In a full screen program every frame counts; one that synchronizes its frames itself knows better.
      mayPace: () => !this.modes.alternateScreen && !this.modes.synchronizes,
      restTime: () => ports.restTime?.() ?? 0,
      ...(limits === undefined ? {} : { limits }),
    });
  }

  get paused(): boolean {
    return this.#flow.paused;
  }

  /** There is more output than the terminal can take. */
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
   * Takes back output that is not with the terminal yet; `modes` has been told of what is in it. Lines of our own wait
   * until `giveBack`.
   * @param take gets it before the source goes on. Begins in ground state.
   */
  withdraw(take: (text: string) => void): void {
    this.#ahead = true;
    this.#flow.withdraw(take);
  }

  /** What is to be shown after all of what was withdrawn and came since. @param told so much at its beginning was withdrawn. */
  giveBack(text: string, told: number): void {
    this.#ahead = false;
    this.#write(text, told);
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

  /** Lines of our own. They wait while a sequence is open or a full screen program is on the screen. */
  notice(...lines: readonly string[]): void {
    this.#notices.push(usual(lines));
    this.#flushNotices();
  }

  /** As `notice`, to be seen: a headline and what it is about. */
  warning(headline: string, ...lines: readonly string[]): void {
    this.#notices.push({ lines: [headline, ...lines], first: alarming, others: plain });
    this.#flushNotices();
  }

  /** As `notice`, but begins where the cursor is, and does not wait for a full screen program: somebody asked for it. */
  answer(...lines: readonly string[]): void {
    const notice = usual(lines);
    if (this.#flow.inGround && !this.#ahead) {
      this.#writeLines(notice, "");
    } else {
      this.#notices.push(notice);
    }
  }

  /** In place of output that `modes` was told of, and the terminal not: what it must see of it, and a line that says so. */
  skipped(controls: string, line: string): void {
    this.#flow.writeBeside(controls);
    this.#writeLines(usual([line]), this.#flow.atFreshLine ? "" : "\r\n", true);
  }

  /**
   * A line that the next one, or any output, takes the place of. Only while no session writes. What is wider than the
   * terminal goes on in further rows that the terminal knows nothing of: so their number is right, whatever its width is.
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

  /** The program is gone: ends what it left open, back to the normal screen, every mode as in a new terminal. */
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

  #write(text: string, told: number): void {
    if (text !== "") {
      this.clearStatus();
      this.#flow.write(text, told);
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

  /** Leaves the cursor where the status line began. */
  #eraseStatus(): string {
    return `\r${eraseRow}${`${up}${eraseRow}`.repeat(this.#statusRows - 1)}`;
  }

  /** Below the cursor there may be what a program has drawn. */
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

/** Cuts at spaces where that goes, so that no row is longer than `width` UTF-16 code units. */
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
