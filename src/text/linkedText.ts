/** Plain text with links, for a read-only document. No vscode. */
import { printable } from "../base/log.ts";

/** The target of a link. */
export type LinkTarget =
  /** `line` counts from 1. */
  | { readonly kind: "file"; readonly file: string; readonly line?: number }
  /** The settings editor, at this setting. */
  | { readonly kind: "setting"; readonly setting: string };

export interface TextLink {
  /** Both count from 0. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly target: LinkTarget;
}

export interface LinkedText {
  readonly text: string;
  readonly links: readonly TextLink[];
}

/** A part of a line; one with a target is a link. Untrusted: made printable and cut here. */
export type Piece = string | { readonly text: string; readonly target: LinkTarget | undefined };

/** A line has no more than a few of these; a longer piece is cut. */
const longestPiece = 2000;

/** Builds a text line by line. */
export class LinkedTextBuilder {
  readonly #lines: string[] = [];
  readonly #links: TextLink[] = [];

  line(...pieces: readonly Piece[]): this {
    let text = "";
    for (const piece of pieces) {
      const words = printable(typeof piece === "string" ? piece : piece.text, longestPiece);
      if (typeof piece !== "string" && piece.target !== undefined) {
        const { target } = piece;
        this.#links.push({
          ...{ line: this.#lines.length, start: text.length, end: text.length + words.length, target },
        });
      }
      text += words;
    }
    this.#lines.push(text.trimEnd());
    return this;
  }

  heading(text: string): this {
    return this.line().line(text).line("-".repeat(text.length));
  }

  build(): LinkedText {
    return { text: `${this.#lines.join("\n")}\n`, links: this.#links };
  }
}
