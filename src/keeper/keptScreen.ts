import { StringDecoder } from "node:string_decoder";
import serialize from "@xterm/addon-serialize";
import unicode11 from "@xterm/addon-unicode11";
import xterm from "@xterm/headless";
import type { Disposable } from "../base/disposable.ts";
import type { Dimensions } from "../engine/connectionEngine.ts";
import { SafePointScanner } from "../terminal/safePointScanner.ts";
import { TamedOutput } from "./tamedOutput.ts";

/** Lines above the screen, as in VS Code's terminals by default. */
const scrollback = 1000;

/** Private modes that the serializer leaves out: the blinking and the visible cursor, and the encodings of mouse reports. */
const furtherModes: ReadonlySet<number> = new Set([12, 25, 1005, 1006, 1015, 1016]);

/**
 * Characters without a width of their own: xterm.js adds each to the cell before it, without a limit. A server could fill
 * the keeper's memory so, and end the sessions of all others. No script needs so many in a row.
 */
const furtherMarks = /([\p{M}\p{Cf}\u1160-\u11ff]{32})[\p{M}\p{Cf}\u1160-\u11ff]+/gu;

/** Characters of a title or a working directory that are kept. No program needs longer ones. */
const longestReport = 4096;

/**
 * Characters that are parsed at once. Some cost a thousand times what text costs, and the sessions of others get their
 * turn only between two pieces.
 */
const pieceLength = 2048;

/** Of a terminal. More columns or rows would take too much memory. */
const mostCells = 4096;

/** Bytes of a UTF-8 character without its last one, at most. */
const longestStart = 3;

/** The parameters of one control function, as the parser reports them. */
type Parameters = readonly (number | readonly number[])[];

/** What a terminal that showed all output of a session would show, for a window that is attached later. UTF-8. */
export class KeptScreen implements Disposable {
  #terminal: xterm.Terminal;
  #serializer = new serialize.SerializeAddon();
  readonly #decoder = new StringDecoder("utf8");
  readonly #scanner = new SafePointScanner();
  readonly #tamed = new TamedOutput();
  /** The modes of `furtherModes` that a program has set. */
  readonly #modes = new Map<number, boolean>();
  #cursorStyle = "";
  #margins: readonly [number, number] | undefined;
  #title = "";
  /** The last report of the working directory (OSC 7), with its introducer. */
  #directory = "";
  #unparsed = 0;
  /** For each write that the terminal has not read yet, oldest first. */
  readonly #waiting = new Set<() => void>();
  /** Writes that the terminal has read. */
  #parsed = 0;
  /** The last bytes. */
  #tail: Buffer = Buffer.alloc(0);

  constructor({ columns, rows }: Dimensions) {
    this.#terminal = this.#create(isFit({ columns, rows }) ? { cols: columns, rows } : {});
  }

  #create(size: { readonly cols?: number; readonly rows?: number }): xterm.Terminal {
    const terminal = new xterm.Terminal({ ...size, scrollback, allowProposedApi: true });
    terminal.loadAddon(this.#serializer);
    terminal.loadAddon(new unicode11.Unicode11Addon());
    terminal.unicode.activeVersion = "11";
    terminal.onTitleChange((title) => {
      this.#title = title.length > longestReport ? "" : title;
    });
    const { parser } = terminal;
    for (const final of ["h", "l"]) {
      parser.registerCsiHandler({ prefix: "?", final }, (modes) => this.#noteModes(modes, final === "h"));
    }
    parser.registerCsiHandler({ intermediates: " ", final: "q" }, ([style]) => {
      this.#cursorStyle = typeof style === "number" ? `\u001b[${style} q` : "";
      return false;
    });
    parser.registerCsiHandler({ final: "r" }, ([top, bottom]) => {
      this.#margins =
        typeof top === "number" && typeof bottom === "number" && bottom > 0
          ? [Math.max(1, top), bottom]
          : undefined;
      return false;
    });
    parser.registerCsiHandler({ intermediates: "!", final: "p" }, () => this.#forgetModes());
    parser.registerEscHandler({ final: "c" }, () => this.#forgetModes());
    parser.registerOscHandler(7, (report) => {
      this.#directory = report.length > longestReport ? "" : `\u001b]7;${report}\u0007`;
      return false;
    });
    return terminal;
  }

  /** Bytes that the terminal has not read yet. */
  get unparsed(): number {
    return this.#unparsed;
  }

  /** @param onParsed called when the terminal has read them. */
  write(data: Uint8Array, onParsed: () => void): void {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const text = this.#decoder.write(bytes);
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-longestStart)]).subarray(-longestStart);
    this.#scanner.scan(text);
    this.#unparsed += data.length;
    const { cols, rows } = this.#terminal;
    this.#parse(this.#tamed.tame(text, Math.max(cols, rows)).replace(furtherMarks, "$1"), () => {
      this.#unparsed -= data.length;
      onParsed();
    });
  }

  /** For `isStuckSince`. */
  get parsed(): number {
    return this.#parsed;
  }

  /** The terminal has read nothing since then, though something waits: after an error it reads nothing any more. */
  isStuckSince(parsed: number): boolean {
    return this.#waiting.size > 0 && this.#parsed === parsed;
  }

  /** Goes on with an empty screen. What the terminal has not read is lost. */
  restart(): void {
    const { cols, rows } = this.#terminal;
    this.#terminal.dispose();
    this.#serializer = new serialize.SerializeAddon();
    this.#forgetModes();
    this.#terminal = this.#create({ cols, rows });
    for (const done of [...this.#waiting]) {
      done();
    }
  }

  resize({ columns, rows }: Dimensions): void {
    if (isFit({ columns, rows }) && (columns !== this.#terminal.cols || rows !== this.#terminal.rows)) {
      try {
        this.#terminal.resize(columns, rows);
      } catch {
        this.restart();
        this.#terminal.resize(columns, rows);
      }
      this.#margins = undefined;
    }
  }

  /**
   * What brings a terminal of this size to this state, whatever it showed before; the output that follows continues it.
   * Resolves when all output has been read.
   */
  async snapshot(): Promise<Buffer> {
    await new Promise<void>((resolve) => this.#parse("", resolve));
    const parts = [
      // Also what the window has written into its terminal itself.
      "\u001b[H\u001b[2J\u001b[3J",
      this.#serialized(),
      this.#restoreMargins(),
      ...[...this.#modes].map(([mode, on]) => `\u001b[?${mode}${on ? "h" : "l"}`),
      this.#cursorStyle,
      this.#title === "" ? "" : `\u001b]0;${this.#title}\u0007`,
      this.#directory,
      // The start of a sequence whose rest follows.
      this.#scanner.unfinished,
    ];
    return Buffer.concat([Buffer.from(parts.join("")), unfinishedCharacter(this.#tail)]);
  }

  dispose(): void {
    this.#terminal.dispose();
  }

  #parse(text: string, onParsed: () => void): void {
    const done = (): void => {
      if (this.#waiting.delete(done)) {
        this.#parsed++;
        onParsed();
      }
    };
    this.#waiting.add(done);
    const last = Math.max(0, text.length - 1);
    for (let at = 0; at <= last; at += pieceLength) {
      this.#terminal.write(text.slice(at, at + pieceLength), at + pieceLength > last ? done : undefined);
    }
  }

  #serialized(): string {
    try {
      return this.#serializer.serialize({ scrollback });
    } catch {
      this.restart();
      return "";
    }
  }

  /** DECSTBM moves the cursor. */
  #restoreMargins(): string {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return this.#margins === undefined || this.#terminal.modes.originMode
      ? ""
      : `\u001b[${this.#margins.join(";")}r\u001b[${cursorY + 1};${cursorX + 1}H`;
  }

  #noteModes(modes: Parameters, on: boolean): false {
    for (const mode of modes) {
      if (typeof mode === "number" && furtherModes.has(mode)) {
        this.#modes.set(mode, on);
      }
    }
    return false;
  }

  #forgetModes(): false {
    this.#modes.clear();
    this.#cursorStyle = "";
    this.#margins = undefined;
    return false;
  }
}

function isFit({ columns, rows }: Dimensions): boolean {
  return [columns, rows].every((each) => Number.isInteger(each) && each > 0 && each <= mostCells);
}

/** The bytes at the end of UTF-8 text that begin a character whose rest follows. */
export function unfinishedCharacter(tail: Buffer): Buffer {
  for (let length = 1; length <= Math.min(longestStart, tail.length); length++) {
    const first = tail[tail.length - length] ?? 0;
    if ((first & 0xc0) !== 0x80) {
      const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
      return needed > length ? tail.subarray(-length) : Buffer.alloc(0);
    }
  }
  return Buffer.alloc(0);
}
