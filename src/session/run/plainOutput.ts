import { printableLines } from "../../base/log.ts";
import { atOnce, type Steps } from "../../base/turns.ts";

/**
 * Control sequences (ECMA-48): CSI, the strings OSC, DCS, SOS, PM and APC with their terminator, other escapes. What
 * follows each part can't match that part, and no string extends over the start of another, so that the search takes
 * linear time. `util.stripVTControlCharacters` takes quadratic time for many `ESC ] 7 ;`.
 */
const controlSequence =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u0018\u001a\u001b\u0080-\u009f]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/g;

/** Characters that are searched at once. */
const piece = 512 * 1024;

/** Where the text may be cut: an ESC that ends no string begins a sequence of its own. */
const beginning = /\u001b(?!\\)/g;

/**
 * The output of a command as text for an editor, without control sequences and with other invisible characters made
 * visible. In steps: 4 MB of sequences take 40 ms.
 */
export function* plainOutputSteps(bytes: Buffer): Steps<string> {
  const text = bytes.toString("utf8");
  const kept: string[] = [];
  for (let at = 0; at < text.length; ) {
    beginning.lastIndex = at + piece;
    const end = beginning.exec(text)?.index ?? text.length;
    kept.push(text.slice(at, end).replace(controlSequence, ""));
    at = end;
    yield;
  }
  return printableLines(kept.join(""));
}

/** As `plainOutputSteps`, at once. */
export function plainOutput(bytes: Buffer): string {
  return atOnce(plainOutputSteps(bytes));
}
