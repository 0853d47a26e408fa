import { printableLines } from "../../base/log.ts";
import { atOnce, type Steps } from "../../base/turns.ts";

/**
 * Control sequences (ECMA-48): CSI, the strings OSC, DCS, SOS, PM and APC with their terminator, other escapes. What
 * follows each part can't match that part, and no string extends over the start of another, so that the search takes
 * linear time. `util.stripVTControlCharacters` takes quadratic time for many `ESC ] 7 ;`.
 */
const controlSequence =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u0018\u001a\u001b\u0080-\u009f]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/g;

/** Characters per step. If each becomes eight (`\u{2028}`), a step takes 4 ms. */
const pieceLength = 32 * 1024;

/** The positions at which the text may be cut: where a sequence begins, no other one continues. */
const beginning = /\u001b(?!\\)|[\u0090\u0098\u009b\u009d-\u009f]/g;

/**
 * With a function, V8 copies the rest; with an empty text it links a million slices, over which one garbage
 * collection takes 200 ms.
 */
const nothing = (): string => "";

export interface PlainOutput {
  readonly text: string;
  /** Escapes made it longer than the output, so it ends at the output's limit. */
  readonly cut: boolean;
}

/** In characters: a shorter text is never cut. */
const neverCut = 64 * 1024;

/**
 * The output of a command as text for an editor, without control sequences and with other invisible characters made
 * visible. In steps: 4 MB of sequences take 150 ms, and 4 MB of invisible characters 400 ms.
 */
export function* plainOutputSteps(bytes: Buffer): Steps<PlainOutput> {
  const text = bytes.toString("utf8");
  const kept: string[] = [];
  for (let at = 0; at < text.length; ) {
    beginning.lastIndex = at + pieceLength;
    const end = beginning.exec(text)?.index ?? text.length;
    kept.push(text.slice(at, end).replace(controlSequence, nothing));
    at = end;
    yield;
  }
  return yield* printablePieces(kept.join(""), Math.max(bytes.length, neverCut));
}

function* printablePieces(text: string, longest: number): Steps<PlainOutput> {
  const shown: string[] = [];
  let length = 0;
  for (let at = 0; at < text.length && length <= longest; ) {
    // There is no cut between the halves of a pair, or inside CR LF.
    const end = at + pieceLength + (/[\r\ud800-\udbff]/.test(text[at + pieceLength - 1] ?? "") ? 1 : 0);
    const piece = printableLines(text.slice(at, end));
    shown.push(piece.slice(0, longest - length));
    length += piece.length;
    at = end;
    yield;
  }
  return { text: shown.join(""), cut: length > longest };
}

/** As `plainOutputSteps`, at once. */
export function plainOutput(bytes: Buffer): string {
  return atOnce(plainOutputSteps(bytes)).text;
}
