import { CommandMark } from "./commandMark.ts";
import { GraphicRendition } from "./graphicRendition.ts";
import type { SequenceKind, SequenceListener } from "./safePointScanner.ts";

const ESC = "\u001b";

/** Private modes that are on in a new terminal. */
const onByDefault = new Set([7, 25]);
const alternateScreens = new Set([47, 1047, 1049]);
const synchronizedOutput = 2026;

/** Tab stops of a new terminal: one every this many columns. */
const tabWidth = 8;
/** OSC codes that set colours, with the code that resets them: palette; foreground, background, cursor. */
const colourResets: ReadonlyMap<number, number> = new Map([
  [4, 104],
  [10, 110],
  [11, 111],
  [12, 112],
]);
/** The most titles that xterm keeps. */
const mostTitles = 10;

/** The state of one of the two screens. */
interface ScreenState {
  /** Margins are set (DECSTBM). */
  region: boolean;
  /** Tab stops were set or cleared. */
  tabs: boolean;
}

const untouched = (): ScreenState => ({ region: false, tabs: false });

interface Drawing {
  rendition: GraphicRendition;
  /** Designation of G0, e.g. `0` for line drawing. */
  g0: string;
  /** Which of G0 to G3 is in use. */
  shift: 0 | 1 | 2 | 3;
}

const plainDrawing = (): Drawing => ({ rendition: new GraphicRendition(), g0: "B", shift: 0 });

function copyOf(drawing: Drawing): Drawing {
  return { ...drawing, rendition: drawing.rendition.copy() };
}

/**
 * Tracks the terminal state that the control sequences of a program have set, as far as our own lines need it: how to
 * write plain text in between and restore the state, and how to clean up after a program that was cut off.
 */
export class TerminalModes implements SequenceListener {
  #drawing = plainDrawing();
  /** The state saved by DECSC, for each screen. */
  #saved: [Drawing, Drawing] = [plainDrawing(), plainDrawing()];
  #alternate = 0;
  #private = new Map<number, boolean>();
  #insert = false;
  #keypad = false;
  #newline = false;
  #screens: [ScreenState, ScreenState] = [untouched(), untouched()];
  /** The non-ASCII charsets of G1 to G3, by the character that designates them. */
  #charsets = new Set<string>();
  /** They survive RIS, at which xterm.js keeps its theme. */
  readonly #colours = new Set<number>();
  #titles = 0;
  /** The progress that VS Code shows on the tab (OSC 9;4, ConEmu). */
  #progress = false;
  readonly #command = new CommandMark();
  #protects = false;
  #cursorStyle = false;
  /** The OSC 8 that started the link, without its terminator; "": none. DECSC does not save it. */
  #hyperlink = "";
  #kittyDepth = 0;
  /** Flags of the kitty keyboard protocol were set without a push. */
  #kittyFlags = false;
  #modifyOtherKeys = false;
  #synchronizes = false;

  /** The program uses synchronized output (DEC private mode 2026), or queries it. */
  get synchronizes(): boolean {
    return this.#synchronizes;
  }

  get alternateScreen(): boolean {
    return this.#alternate !== 0;
  }

  onShift(code: number): void {
    this.#drawing.shift = code === 0x0e ? 1 : 0;
  }

  onSequence(kind: SequenceKind, raw: string): void {
    if (kind === "csi" && raw.endsWith("m") && isPlainSgr(raw)) {
      this.#drawing.rendition.apply(raw.slice(raw.charCodeAt(0) === 0x1b ? 2 : 1, -1));
    } else if (kind === "csi") {
      const [, parameters = "", rest = ""] = /^(?:\u001b\[|\u009b)([0-?]*)([ -/]*[@-~])$/.exec(raw) ?? [];
      this.#onCsi(parameters, rest);
    } else if (kind === "escape") {
      this.#onEscape(raw.slice(1));
    } else if (kind === "osc") {
      const [, link] = /^(?:\u001b\]|\u009d)8;[^;]*;([^\u0007]*)/.exec(raw) ?? [];
      if (link !== undefined) {
        this.#hyperlink = link === "" ? "" : raw.replace("\u0007", "");
      } else {
        this.#onColour(raw);
        this.#command.onOsc(raw);
        const [, progress] = /^(?:\u001b\]|\u009d)9;4;(\d)/.exec(raw) ?? [];
        this.#progress = progress === undefined ? this.#progress : progress !== "0";
      }
    }
  }

  /**
   * Makes the terminal print plain ASCII unchanged. Call `restore` afterwards.
   * @param unseen the terminal has not received all sequences that were tracked here: assume nothing about its state.
   */
  neutral(unseen = false): string {
    const { shift, g0 } = this.#drawing;
    return (
      `${ESC}[0m` +
      (this.#hyperlink === "" && !unseen ? "" : `${ESC}]8;;${ESC}\\`) +
      (shift === 0 && g0 === "B" && !unseen ? "" : `\u000f${ESC}(B`) +
      (this.#insert || unseen ? `${ESC}[4l` : "")
    );
  }

  /** Restores the state before `neutral`. */
  restore(): string {
    const { rendition, g0, shift } = this.#drawing;
    return (
      rendition.toSequence() +
      (this.#hyperlink === "" ? "" : `${this.#hyperlink}${ESC}\\`) +
      (g0 === "B" ? "" : `${ESC}(${g0}`) +
      ["", "\u000e", `${ESC}n`, `${ESC}o`][shift] +
      (this.#insert ? `${ESC}[4h` : "")
    );
  }

  /**
   * Resets the terminal from any state that a program has left. The screen's text and the cursor stay.
   * @param columns the width of the terminal
   */
  undo(columns: number): string {
    // Leaving the alternate screen restores what DECSC saved, so the drawing state comes last.
    let text = this.#undoKeyboard() + this.#undoAlternate(columns);
    let modes = "";
    for (const [mode, on] of this.#private) {
      if (on !== onByDefault.has(mode)) {
        modes += `${ESC}[?${mode}${on ? "l" : "h"}`;
      }
    }
    // Origin mode and margins move the cursor.
    text += atCursor(modes + undoScreen(this.#screens[0], columns));
    text += this.#newline ? `${ESC}[20l` : "";
    text += this.#keypad ? `${ESC}>` : "";
    text += this.#cursorStyle ? `${ESC}[0 q` : "";
    text += this.#protects ? `${ESC}[0"q` : "";
    text += `${ESC}[23;0t`.repeat(this.#titles);
    text += this.#progress ? `${ESC}]9;4;0${ESC}\\` : "";
    for (const code of this.#colours) {
      text += `${ESC}]${code}${ESC}\\`;
    }
    this.#colours.clear();
    text += this.#command.undo();
    for (const intermediate of this.#charsets) {
      text += `${ESC}${intermediate}B`;
    }
    text += this.neutral(true);
    this.#reset();
    return text;
  }

  /** Each screen has its own stack in the kitty protocol; an extra pop has no effect. */
  #undoKeyboard(): string {
    return (
      (this.#kittyDepth > 0 ? `${ESC}[<${this.#kittyDepth}u` : "") +
      (this.#kittyFlags ? `${ESC}[=0u` : "") +
      (this.#modifyOtherKeys ? `${ESC}[>4m` : "")
    );
  }

  #undoAlternate(columns: number): string {
    const changes = undoScreen(this.#screens[1], columns);
    if (this.#alternate !== 0) {
      return `${changes}${ESC}[?${this.#alternate}l${this.#undoKeyboard()}`;
    }
    return changes === "" ? "" : atCursor(`${ESC}[?47h${changes}${ESC}[?47l`);
  }

  #onColour(raw: string): void {
    const [, code = "", value = ""] = /^(?:\u001b\]|\u009d)(\d+);?([^\u0007]*)/.exec(raw) ?? [];
    const first = Number(code);
    if (colourResets.has(first) && value !== "?") {
      // OSC 10 with several values also sets the following colours.
      const count = first === 4 ? 1 : value.split(";").length;
      for (let set = first; set < first + count; set++) {
        const reset = colourResets.get(set);
        if (reset !== undefined) {
          this.#colours.add(reset);
        }
      }
    }
  }

  get #screen(): ScreenState {
    return this.#screens[this.#alternate === 0 ? 0 : 1];
  }

  #reset(): void {
    this.#drawing = plainDrawing();
    this.#saved = [plainDrawing(), plainDrawing()];
    this.#alternate = 0;
    this.#private = new Map();
    this.#insert = false;
    this.#keypad = false;
    this.#newline = false;
    this.#screens = [untouched(), untouched()];
    this.#charsets = new Set();
    this.#titles = 0;
    this.#progress = false;
    this.#protects = false;
    this.#kittyFlags = false;
    this.#cursorStyle = false;
    this.#hyperlink = "";
    this.#kittyDepth = 0;
    this.#modifyOtherKeys = false;
    this.#synchronizes = false;
  }

  #onCsi(parameters: string, rest: string): void {
    const mark = /^[<=>?]/.test(parameters) ? parameters.charAt(0) : "";
    switch (mark + rest) {
      case "?h":
      case "?l":
        for (const code of parameters.slice(1).split(";")) {
          this.#setPrivate(Number(code), rest === "h");
        }
        break;
      case "?$p":
        this.#synchronizes ||= Number(parameters.slice(1)) === synchronizedOutput;
        break;
      case "h":
      case "l":
        this.#setAnsi(parameters.split(";"), rest === "h");
        break;
      case "g":
        this.#screen.tabs = true;
        break;
      case "r":
        this.#screen.region = parameters !== "";
        break;
      case "t":
        this.#onTitleStack(Number.parseInt(parameters, 10));
        break;
      case '"q':
        this.#protects = true;
        break;
      case "=u":
        this.#kittyFlags = true;
        break;
      case "s":
        this.#save();
        break;
      case "u":
        this.#recall();
        break;
      case " q":
        this.#cursorStyle = true;
        break;
      case ">u":
        this.#kittyDepth++;
        break;
      case "<u":
        this.#kittyDepth = Math.max(0, this.#kittyDepth - (Number(parameters.slice(1)) || 1));
        break;
      case ">m":
        this.#modifyOtherKeys = true;
        break;
      case "!p":
        this.#drawing = plainDrawing();
        this.#insert = false;
        this.#screen.region = false;
        this.#charsets = new Set();
        break;
    }
  }

  #onEscape(rest: string): void {
    switch (rest) {
      case "7":
        this.#save();
        break;
      case "8":
        this.#recall();
        break;
      case "=":
      case ">":
        this.#keypad = rest === "=";
        break;
      // LS1R, LS2R and LS3R: xterm.js has no GR, and treats them as locking shifts into GL.
      case "~":
        this.#drawing.shift = 1;
        break;
      case "n":
      case "}":
        this.#drawing.shift = 2;
        break;
      case "o":
      case "|":
        this.#drawing.shift = 3;
        break;
      case "c":
        this.#reset();
        break;
      default:
        if (rest === "H") {
          this.#screen.tabs = true;
        } else if (rest.length === 2 && rest.startsWith("(")) {
          this.#drawing.g0 = rest.charAt(1);
        } else if (/^[)*+\-./]/.test(rest)) {
          this.#charsets.add(asciiDesignator(rest.charAt(0)));
        } else if (rest === "%@" || rest === "%G") {
          this.#drawing.g0 = "B";
          this.#drawing.shift = 0;
        }
    }
  }

  #setAnsi(modes: readonly string[], on: boolean): void {
    if (modes.includes("4")) {
      this.#insert = on;
    }
    if (modes.includes("20")) {
      this.#newline = on;
    }
  }

  /** XTPUSHTITLE and XTPOPTITLE. */
  #onTitleStack(operation: number): void {
    if (operation === 22) {
      this.#titles = Math.min(mostTitles, this.#titles + 1);
    } else if (operation === 23) {
      this.#titles = Math.max(0, this.#titles - 1);
    }
  }

  #setPrivate(mode: number, on: boolean): void {
    this.#synchronizes ||= mode === synchronizedOutput;
    if ((mode === 1048 || mode === 1049) && on) {
      this.#save();
    }
    if (alternateScreens.has(mode)) {
      this.#alternate = on ? mode : 0;
    } else if (mode !== 1048) {
      this.#private.set(mode, on);
    }
    if ((mode === 1048 || mode === 1049) && !on) {
      this.#recall();
    }
  }

  #save(): void {
    this.#saved[this.#alternate === 0 ? 0 : 1] = copyOf(this.#drawing);
  }

  #recall(): void {
    this.#drawing = copyOf(this.#saved[this.#alternate === 0 ? 0 : 1]);
  }
}

/** Resets margins and tab stops on the visible screen. Moves the cursor. */
function undoScreen({ region, tabs }: ScreenState, columns: number): string {
  let text = region ? `${ESC}[r` : "";
  if (tabs) {
    // No sequence restores the default tab stops.
    text += `${ESC}[3g`;
    for (let column = 0; column < columns; column += tabWidth) {
      text += `${ESC}[${column + 1}G${ESC}H`;
    }
  }
  return text;
}

/** Keeps the cursor position. The state saved by DECSC is lost. */
function atCursor(text: string): string {
  return text === "" ? "" : `${ESC}7${text}${ESC}8`;
}

/** 96-character sets have their own designators, and no ASCII (ECMA-35). */
function asciiDesignator(intermediate: string): string {
  return { "-": ")", ".": "*", "/": "+" }[intermediate] ?? intermediate;
}

/** Neither a private prefix nor an intermediate character: the parameters start and end with digits, or are empty. */
function isPlainSgr(raw: string): boolean {
  const first = raw.charCodeAt(raw.charCodeAt(0) === 0x1b ? 2 : 1);
  return (first < 0x3c || first === 0x6d) && raw.charCodeAt(raw.length - 2) >= 0x30;
}
