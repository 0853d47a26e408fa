/** The result of editing a line with some keys. */
export interface LineResult {
  /** Shown on the screen. */
  readonly echo: string;
  /** Sent to the session. */
  readonly send: string;
  /** The end of input was typed. */
  readonly eof: boolean;
  /** Ctrl+C was typed. */
  readonly interrupt: boolean;
}

/** The longest line in UTF-16 code units, the same as in the kernel (N_TTY_BUF_SIZE). */
const longestLine = 4096;

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const BACKSPACE = "\u007f";
const ESC = "\u001b";

/**
 * Local line editing and echo for a session without a pty, where the remote side does neither. `ssh` leaves that to
 * the local terminal (leave_raw_mode in OpenSSH's clientloop.c), but VS Code's terminal has no line editing.
 */
export class LocalLine {
  #line = "";

  /** @param text keys and pastes. Text that begins with ESC (arrow keys, replies to queries) is dropped. */
  input(text: string): LineResult {
    const result = { echo: "", send: "", eof: false, interrupt: false };
    if (text.startsWith(ESC)) {
      return result;
    }
    for (const character of text.replaceAll("\r\n", "\r")) {
      this.#key(character, result);
    }
    return result;
  }

  /** A program without a terminal ends its lines with LF alone. */
  output(text: string): string {
    return text.replace(/\r?\n/g, "\r\n");
  }

  #key(character: string, result: { echo: string; send: string; eof: boolean; interrupt: boolean }): void {
    switch (character) {
      case "\r":
      case "\n":
        result.echo += "\r\n";
        result.send += `${this.#line}\n`;
        this.#line = "";
        break;
      case BACKSPACE:
      case "\b":
        result.echo += this.#erase(1);
        break;
      case CTRL_U:
        result.echo += this.#erase(Number.POSITIVE_INFINITY);
        break;
      case CTRL_D:
        // As in the kernel: typed text is sent, and on an empty line this is the end of input.
        result.eof ||= this.#line === "" && result.send === "";
        result.send += this.#line;
        this.#line = "";
        break;
      case CTRL_C:
        result.echo += "^C\r\n";
        result.interrupt = true;
        this.#line = "";
        break;
      default:
        if ((character >= " " || character === "\t") && this.#line.length < longestLine) {
          this.#line += character;
          result.echo += character;
        }
    }
  }

  #erase(count: number): string {
    const characters = [...this.#line];
    const erased = characters.splice(Math.max(0, characters.length - count));
    this.#line = characters.join("");
    return "\b \b".repeat(erased.length);
  }
}
