import { SafePointScanner, type SequenceKind, type SequenceListener } from "./safePointScanner.ts";

/** Amounts are UTF-16 code units. */
export interface SkipLimits {
  /**
   * How much of the end is kept when it is unknown where the interrupt took effect; smaller floods are never skipped.
   */
  readonly tail: number;
  /** The most to skip: what a channel's window and the buffers in between can hold. */
  readonly most: number;
}

const defaultSkipLimits: SkipLimits = { tail: 64 * 1024, most: 4 * 1024 * 1024 };

/** The text that replaces the skipped text. */
export interface SkipResult {
  /** Control sequences that must reach the terminal anyway. They do not change the drawing state (SGR, charset). */
  readonly controls: string;
  /** The amount of omitted output; 0: none. */
  readonly skipped: number;
  /** The output that follows and is shown. Starts in ground state. */
  readonly rest: string;
  /** How much of `rest` came from `begin`. */
  readonly withdrawn: number;
}

const alternateScreen = /(?:\u001b\[|\u009b)\?(?:\d+;)*(?:47|1047|1049)(?:;\d+)*h/;

const alternateScreens: ReadonlySet<string> = new Set(["?47", "?1047", "?1049"]);
/** DECSC and DECRC as a mode. */
const saveCursor = "?1048";

/**
 * After an interrupt, drops the text that was already in transit, up to where the interrupt took effect. The terminal
 * line echoes `^C` there (termios ECHOCTL; its older queue is flushed), so that no later output is lost. Without an
 * echo, the end of the output that comes in one burst is kept. Control sequences that set a state or query something
 * are always kept, each state once; text, cursor movement, erasing and pictures are not.
 */
export class FloodSkipper {
  readonly #echo: string;
  readonly #limits: SkipLimits;
  readonly #scanner: SafePointScanner;
  readonly #controls = new Map<string, string>();
  #unique = 0;
  /** Undecided: the last received text. */
  #line = "";
  /** How much of `#line` came from `begin()`. */
  #withdrawn = 0;
  #skipped = 0;
  #received = 0;
  #telling = true;

  /**
   * @param interrupt the typed character: ETX (^C), FS (^\), SUB (^Z).
   * @param modes receives every sequence that is skipped, so that the terminal's modes stay known.
   */
  constructor(interrupt: string, modes: SequenceListener, limits: SkipLimits = defaultSkipLimits) {
    this.#echo = `^${String.fromCharCode(interrupt.charCodeAt(0) + 64)}`;
    this.#limits = limits;
    this.#scanner = new SafePointScanner({
      onSequence: (kind, raw, cut) => {
        if (this.#telling) {
          modes.onSequence(kind, raw, cut);
        }
        if (!cut) {
          this.#keep(kind, raw);
        }
      },
      onShift: (code) => this.#telling && modes.onShift(code),
    });
  }

  /**
   * Takes the text that arrived before the interrupt was sent and is not on the screen yet. Call it first. The modes
   * already know this text.
   */
  begin(text: string): void {
    this.#line = text;
    this.#withdrawn = text.length;
    this.#skipExcess();
  }

  /**
   * Takes the text that arrives after the interrupt was sent; the stream must be in ground state before the first
   * call.
   * @returns undefined while more is to be skipped.
   */
  push(text: string): SkipResult | undefined {
    const before = this.#line.length;
    this.#line += text;
    this.#received += text.length;
    const echo = this.#line.indexOf(this.#echo, Math.max(0, before - 1));
    // A full-screen program has started: its drawing is not a flood.
    const screen = this.#line.slice(Math.max(0, before - 32)).search(alternateScreen);
    const from = screen < 0 ? -1 : screen + Math.max(0, before - 32);
    const at = echo < 0 ? from : from < 0 ? echo : Math.min(echo, from);
    if (at >= 0) {
      return this.#end(at);
    }
    if (this.#received >= this.#limits.most) {
      return this.finish();
    }
    this.#skipExcess();
    return undefined;
  }

  /** No more text comes for now, or enough was skipped: shows the end of it from the start of a line. */
  finish(): SkipResult {
    if (this.#skipped === 0 && this.#line.length <= this.#limits.tail) {
      return { controls: "", skipped: 0, rest: this.#line, withdrawn: this.#withdrawn };
    }
    const start = Math.max(0, this.#line.length - this.#limits.tail);
    const newline = this.#line.indexOf("\n", start);
    const half = this.#line.charCodeAt(start) >= 0xdc00 && this.#line.charCodeAt(start) < 0xe000;
    return this.#end(newline >= 0 ? newline + 1 : half ? start + 1 : start);
  }

  #end(at: number): SkipResult {
    if (this.#skipped === 0 && at <= this.#limits.tail) {
      return { controls: "", skipped: 0, rest: this.#line, withdrawn: this.#withdrawn };
    }
    this.#skip(at);
    // A sequence that was cut must be skipped completely.
    while (!this.#scanner.inGround && this.#line !== "") {
      this.#skip((this.#line.codePointAt(0) ?? 0) > 0xffff ? 2 : 1);
    }
    return {
      controls: [...this.#controls.values()].join(""),
      skipped: this.#skipped,
      rest: this.#scanner.unfinished + this.#line,
      withdrawn: this.#withdrawn,
    };
  }

  #skipExcess(): void {
    if (this.#line.length > 2 * this.#limits.tail) {
      this.#skip(this.#line.length - this.#limits.tail);
    }
  }

  #skip(amount: number): void {
    const withdrawn = Math.min(amount, this.#withdrawn);
    this.#telling = false;
    this.#scanner.scan(this.#line.slice(0, withdrawn));
    this.#telling = true;
    this.#scanner.scan(this.#line.slice(withdrawn, amount));
    this.#line = this.#line.slice(amount);
    this.#withdrawn -= withdrawn;
    this.#skipped += amount;
  }

  /** Puts a sequence last among the kept ones, replacing an earlier one for the same state. */
  #put(key: string | undefined, text: string): void {
    const name = key ?? `#${this.#unique++}`;
    this.#controls.delete(name);
    this.#controls.set(name, text);
  }

  /** @param mode including its private prefix. @param final `h` or `l`. */
  #putMode(mode: string, final: string): void {
    const key = `mode ${mode}`;
    const before = this.#controls.get(key);
    if (alternateScreens.has(mode) && before !== undefined && !before.endsWith(final)) {
      // Entered and left: leaving a screen that was never entered would move the cursor.
      this.#controls.delete(key);
    } else if (mode !== saveCursor) {
      this.#put(key, `\u001b[${mode}${final}`);
    }
  }

  #keep(kind: SequenceKind, raw: string): void {
    switch (kind) {
      case "csi":
        this.#keepCsi(raw);
        break;
      case "escape":
        // Charsets other than G0, which the modes track; keypad, reset, coding system.
        if (/^\u001b(?:[=>]|[)*+\-./].|%.)$/.test(raw)) {
          this.#put(raw.slice(0, 2).replace(/[=>]/, "keypad"), raw);
        } else if (raw === "\u001bc") {
          this.#put(undefined, raw);
        }
        break;
      case "osc":
        this.#keepOsc(raw);
        break;
      case "dcs":
        // Queries (DECRQSS, XTGETTCAP) wait for a reply; anything else draws.
        if (/^(?:\u001bP|\u0090)[\d;]*[$+]q/.test(raw)) {
          this.#put(undefined, `${raw}\u001b\\`);
        }
        break;
      case "apc":
        break;
    }
  }

  #keepCsi(raw: string): void {
    const [, parameters = "", rest = ""] = /^(?:\u001b\[|\u009b)([0-?]*)([ -/]*[@-~])$/.exec(raw) ?? [];
    const mark = /^[<=>?]/.test(parameters) ? parameters.charAt(0) : "";
    switch (mark + rest) {
      case "?h":
      case "?l":
      case "h":
      case "l":
        for (const code of parameters.slice(mark.length).split(";")) {
          this.#putMode(mark + code, rest);
        }
        break;
      case "r":
        // DECSTBM moves the cursor.
        this.#put("region", `\u001b7${raw}\u001b8`);
        break;
      case " q":
        this.#put("cursor style", raw);
        break;
      case ">m":
      case "=u":
        this.#put(mark + rest, raw);
        break;
      case "c":
      case ">c":
      case "=c":
      case "n":
      case "?n":
      case ">q":
      case "$p":
      case "?$p":
      case "!p":
      case "t":
      case ">u":
      case "<u":
      case "?u":
      case "?s":
      case "?r":
        this.#put(undefined, raw);
        break;
    }
  }

  #keepOsc(raw: string): void {
    const [, number = ""] = /^(?:\u001b\]|\u009d)(\d*)/.exec(raw) ?? [];
    const text = raw.endsWith("\u0007") ? raw : `${raw}\u001b\\`;
    switch (number) {
      case "0":
      case "1":
      case "2":
        this.#put(`title ${number}`, text);
        break;
      // The modes track the hyperlink.
      case "8":
        break;
      case "1337":
        if (!/1337;(?:File|MultipartFile|FilePart|FileEnd)\b/.test(raw)) {
          this.#put(undefined, text);
        }
        break;
      default:
        this.#put(undefined, text);
    }
  }
}
