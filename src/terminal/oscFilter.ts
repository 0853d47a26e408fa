import { reportedDirectory } from "./remotePaths.ts";

/** Requests of programs to the terminal, besides drawing. */
export interface ProgramRequests {
  /** OSC 0 or 2. At most `longestTitle` characters, otherwise unchanged. */
  title(text: string): void;
  /** How many bytes a program may copy at once; 0: none. Read when a sequence begins. */
  clipboardLimit(): number;
  /** OSC 52 with text. */
  copy(text: string): void;
}

export interface OscListener extends ProgramRequests {
  /** OSC 52 with more than the limit. */
  tooMuchToCopy(): void;
}

type Kind = "directory" | "title" | "clipboard";

/**
 * The starts of the sequences. A directory: OSC 7, OSC 9;9 (ConEmu), OSC 633;P;Cwd= (VS Code), OSC 1337;CurrentDir=
 * (iTerm2); VS Code would take it for a local one. OSC 52: VS Code would copy any amount to the clipboard, and send
 * its contents to a server on request (ClipboardAddon of xterm.js).
 */
const heads: readonly (readonly [string, Kind])[] = [
  ["7;", "directory"],
  ["9;9;", "directory"],
  ["633;P;Cwd=", "directory"],
  ["1337;CurrentDir=", "directory"],
  ["0;", "title"],
  ["2;", "title"],
  ["52;", "clipboard"],
];
/** Only zeros and ignored characters make a start longer. UTF-16 code units, like all lengths here. */
const longestHead = 256;
/** A longer sequence is not a directory. */
const longestDirectory = 8192;
const longestTitle = 1024;
/** The longest text between `52;` and the data. */
const longestSelection = 32;

const introducer = /\u001b\]|\u009d/g;
/** BEL, ST and ESC end a sequence, CAN, SUB and the other C1 controls abort it (EscapeSequenceParser of xterm.js). */
const ends = /[\u0007\u0018\u001a\u001b\u0080-\u009f]/g;
/** xterm.js ignores these. */
const ignored = /[\u0000-\u0006\u0008-\u0017\u0019\u001c-\u001f]/g;

interface OpenSequence {
  /** Undefined: an unknown start, which is dropped. */
  readonly kind: Kind | undefined;
  /** How much of it is kept, including its start. */
  readonly limit: number;
  /** In bytes; 0: the clipboard is not allowed. */
  readonly clipboardLimit: number;
  text: string;
  /** It was longer than the limit. */
  cut: boolean;
}

/**
 * Removes directories of the remote machine and clipboard data from the output, and reports titles, which stay.
 * Everything else is unchanged. It keeps no more than the start of a sequence and the bounded part of its text.
 */
export class OscFilter {
  readonly #listener: OscListener;
  /** The start of a sequence whose kind the next chunk decides. */
  #held = "";
  #open: OpenSequence | undefined;
  /** A removed sequence ended with an ESC, which is next: a backslash after it belongs to the sequence. */
  #atEscape = false;
  #passed = "";
  #directory: string | undefined;

  constructor(listener: OscListener) {
    this.#listener = listener;
  }

  /** The directory that the shell last reported, on its own machine; undefined: none, or an invalid one. */
  get directory(): string | undefined {
    return this.#directory;
  }

  filter(text: string): string {
    if (this.#held === "" && this.#open === undefined && !/\u001b(?:\]|$)|\u009d/.test(text)) {
      return text;
    }
    const all = this.#held + text;
    this.#held = "";
    this.#passed = "";
    for (let at = 0; at < all.length; ) {
      at = this.#open === undefined ? this.#outside(all, at) : this.#inside(all, at, this.#open);
    }
    return this.#passed;
  }

  /** The held text, when nothing follows. */
  flush(): string {
    const held = this.#atEscape ? "" : this.#held;
    this.#held = "";
    this.#open = undefined;
    this.#atEscape = false;
    return held;
  }

  /** @returns the next position. */
  #outside(all: string, at: number): number {
    if (this.#atEscape) {
      if (at + 1 === all.length) {
        return this.#hold(all, at);
      }
      this.#atEscape = false;
      if (all[at + 1] === "\\") {
        return at + 2;
      }
    }
    introducer.lastIndex = at;
    const found = introducer.exec(all);
    if (found === null) {
      const rest = all.endsWith("\u001b") ? all.length - 1 : all.length;
      this.#passed += all.slice(at, rest);
      return this.#hold(all, rest);
    }
    this.#passed += all.slice(at, found.index);
    const body = found.index + found[0].length;
    ends.lastIndex = body;
    const end = Math.min(ends.exec(all)?.index ?? all.length, body + longestHead);
    const name = nameOf(all.slice(body, end));
    const kind = heads.find(([head]) => name.startsWith(head))?.[1];
    if (kind === undefined && heads.some(([head]) => head.startsWith(name))) {
      if (end === all.length && end < body + longestHead) {
        return this.#hold(all, found.index);
      }
      if (end === body + longestHead) {
        this.#begin(undefined);
        return body;
      }
    }
    if (kind === undefined || kind === "title") {
      this.#passed += all.slice(found.index, body);
    }
    if (kind !== undefined) {
      this.#begin(kind);
    }
    return body;
  }

  #begin(kind: Kind | undefined): void {
    const clipboardLimit = kind === "clipboard" ? this.#listener.clipboardLimit() : 0;
    const limits = {
      directory: longestDirectory,
      title: longestTitle,
      // Base64 encodes three bytes as four characters.
      clipboard: clipboardLimit === 0 ? 0 : longestSelection + 4 * Math.ceil(clipboardLimit / 3),
    };
    const limit = kind === undefined ? 0 : longestHead + limits[kind];
    this.#open = { kind, limit, clipboardLimit, text: "", cut: false };
  }

  /** @returns the next position. */
  #inside(all: string, at: number, open: OpenSequence): number {
    ends.lastIndex = at;
    const found = ends.exec(all);
    const end = found?.index ?? all.length;
    const room = open.limit - open.text.length;
    open.text += all.slice(at, Math.min(end, at + room));
    open.cut ||= end - at > room;
    if (open.kind === "title") {
      this.#passed += all.slice(at, end);
    }
    if (found === null) {
      return all.length;
    }
    this.#open = undefined;
    const [how] = found;
    const isTerminator = how === "\u0007" || how === "\u009c";
    if (isTerminator || how === "\u001b") {
      this.#report(open);
    }
    if (isTerminator) {
      this.#passed += open.kind === "title" ? how : "";
      return end + 1;
    }
    this.#atEscape = how === "\u001b" && open.kind !== "title";
    return end;
  }

  #report({ kind, text, cut, clipboardLimit }: OpenSequence): void {
    const name = nameOf(text);
    switch (kind) {
      case "directory":
        this.#directory = cut ? this.#directory : reportedDirectory(name);
        break;
      case "title":
        this.#listener.title(name.slice(name.indexOf(";") + 1).slice(0, longestTitle));
        break;
      case "clipboard": {
        const bytes = clipboardLimit === 0 ? undefined : cut ? "too much" : copied(name);
        if (bytes === "too much" || (bytes !== undefined && bytes.length > clipboardLimit)) {
          this.#listener.tooMuchToCopy();
        } else if (bytes !== undefined) {
          this.#listener.copy(bytes.toString("utf8"));
        }
        break;
      }
      case undefined:
        break;
    }
  }

  #hold(all: string, from: number): number {
    this.#held = all.slice(from);
    return all.length;
  }
}

/** As xterm.js reads it: without leading zeros. */
function nameOf(text: string): string {
  return text.replace(ignored, "").replace(/^0+(?=\d)/, "");
}

/** `52;c;<base64>`. A server may not query the clipboard (`?`), and VS Code has no primary selection (`p`, `q`). */
function copied(name: string): Buffer | undefined {
  const [, selection, data] = /^52;([cpqs0-7]*);([A-Za-z0-9+/]+={0,2})$/.exec(name) ?? [];
  return data === undefined || /^[pq]+$/.test(selection ?? "") ? undefined : Buffer.from(data, "base64");
}
