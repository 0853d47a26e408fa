import { type EscapeState, escapeState, nextState } from "../terminal/escapeStates.ts";

/** Characters of a control string that a screen needs: a title, a link or a working directory is shorter. */
const longestString = 4096;
/** Characters of a CSI sequence that a program sends, at most. */
const longestSequence = 512;

const CAN = "\u0018";

/** What may begin a sequence, and what may end a string. Either is looked for where nothing else matters. */
const introducer = /[\u001b\u0080-\u009f]/g;
const terminator = /[\u0007\u0018\u001a\u001b\u0080-\u009f]/g;
/** Controls inside a sequence, which a terminal executes at once. */
const controls = /[\u0000-\u001f\u007f]/g;

/**
 * The final characters of control functions that xterm.js repeats as often as their parameter says: for seconds, or
 * for hours. ICH, IL, DL, DCH, SU, SD, ECH, CHT, CBT, REP, DECIC and DECDC (ECMA-48 section 8.3).
 */
const repeated = "@LMPSTXIZb}~";

/**
 * Output without what would keep a terminal busy or fill its memory: control strings (OSC, DCS, APC) that are too long
 * are cancelled, and functions are repeated no more often than the terminal has columns or rows. One process shows the
 * screens of all sessions, and a server must not stop those of others.
 */
export class TamedOutput {
  #state: EscapeState = escapeState.ground;
  /** Of the current string. */
  #length = 0;
  /** A CSI sequence whose end has not come yet. */
  #held = "";

  /** @param most repetitions. @returns the text for the terminal. The rest of an unfinished sequence follows later. */
  tame(output: string, most: number): string {
    const text = this.#held + output;
    let at = this.#held.length;
    this.#held = "";
    let kept = "";
    let from = 0;
    let sequence = 0;
    while (at < text.length) {
      const isOver = this.#length > longestString;
      if (this.#state === escapeState.ground) {
        at = indexOf(introducer, text, at);
      } else if (isString(this.#state)) {
        const end = indexOf(terminator, text, at);
        this.#length += end - at;
        if (!isOver && this.#length > longestString) {
          kept += `${text.slice(from, end - (this.#length - longestString))}${CAN}`;
        }
        at = end;
      }
      if (at === text.length) {
        break;
      }
      const next = nextState(this.#state, text.charCodeAt(at));
      if (this.#length > longestString) {
        // A terminator alone would be executed, BEL as a bell. ESC and C1 may begin what follows.
        from = next === escapeState.ground ? at + 1 : at;
      }
      if (next === escapeState.csiEntry && (text.charCodeAt(at) === 0x9b || !isSequence(this.#state))) {
        sequence = at + 1;
      } else if (isSequence(this.#state) && repeated.includes(text.charAt(at))) {
        kept += text.slice(from, sequence) + bounded(text.slice(sequence, at), most);
        from = at;
      }
      this.#length = 0;
      this.#state = next;
      at++;
    }
    if (isSequence(this.#state)) {
      if (text.length - sequence > longestSequence) {
        this.#state = escapeState.ground;
        return `${kept}${text.slice(from, sequence)}${CAN}`;
      }
      this.#held = text.slice(sequence);
      return kept + text.slice(from, sequence);
    }
    return this.#length > longestString ? kept : kept + text.slice(from);
  }
}

/** Parameters with numbers up to `most`, after the controls among them. */
function bounded(parameters: string, most: number): string {
  const executed = parameters.match(controls)?.join("") ?? "";
  const plain = executed === "" ? parameters : parameters.replace(controls, "");
  const numbers = plain.replace(/\d+/g, (number) => (Number(number) > most ? String(most) : number));
  return executed + numbers;
}

function indexOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

function isString(state: EscapeState): boolean {
  return (
    state === escapeState.oscString || state === escapeState.dcsString || state === escapeState.apcString
  );
}

function isSequence(state: EscapeState): boolean {
  return (
    state === escapeState.csiEntry ||
    state === escapeState.csiParameter ||
    state === escapeState.csiIntermediate
  );
}
