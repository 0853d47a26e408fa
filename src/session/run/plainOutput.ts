import { printableLines } from "../../base/log.ts";

/**
 * Control sequences (ECMA-48): CSI, the strings OSC, DCS, SOS, PM and APC with their terminator, other escapes. What
 * follows each part can't match that part, and no string extends over the start of another, so that the search takes
 * linear time. `util.stripVTControlCharacters` takes quadratic time for many `ESC ] 7 ;`.
 */
const controlSequence =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u0018\u001a\u001b\u0080-\u009f]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/g;

/**
 * The output of a command as text for an editor, without control sequences and with other invisible characters made
 * visible.
 */
export function plainOutput(bytes: Buffer): string {
  return printableLines(bytes.toString("utf8").replace(controlSequence, ""));
}
