/**
 * OpenSSH's escape characters (ssh(1) ESCAPE CHARACTERS; behaviour of process_escapes in clientloop.c): recognised
 * only after a newline, or at the start of the session, and only in keys that are typed one by one.
 */
export type EscapeAction =
  | "terminate"
  | "suspend"
  | "break"
  | "info"
  | "rekey"
  | "more-verbose"
  | "less-verbose"
  | "background"
  | "help"
  | "list-channels"
  | "command-line";

/** The steps of an input, in order. */
export type EscapeStep =
  | { readonly kind: "send"; readonly text: string }
  | {
      readonly kind: "action";
      readonly action: EscapeAction;
      /** The key of the escape as users write it: `.`, `^Z`. */
      readonly key: string;
    };

const commands: Readonly<Record<string, EscapeAction>> = {
  ".": "terminate",
  "\u001a": "suspend",
  B: "break",
  I: "info",
  R: "rekey",
  v: "more-verbose",
  V: "less-verbose",
  "&": "background",
  "?": "help",
  "#": "list-channels",
  C: "command-line",
};

/**
 * EscapeChar of ssh_config(5): one character, `^` and a letter, or `none`.
 * @returns the character; "" for `none`; undefined when it is malformed.
 */
export function parseEscapeCharacter(value: string): string | undefined {
  if (value === "none") {
    return "";
  }
  if (/^[\u0001-\u007f]$/.test(value)) {
    return value;
  }
  return /^\^[@-\u007f]$/.test(value) ? String.fromCharCode(value.charCodeAt(1) & 31) : undefined;
}

/** One per session. */
export class EscapeInterpreter {
  readonly #escape: string;
  #afterNewline = true;
  #pending = false;
  /** Inside a bracketed paste that was split into several inputs. */
  #pasting = false;

  /** @param escapeCharacter one character; "" interprets nothing. */
  constructor(escapeCharacter: string) {
    this.#escape = escapeCharacter;
  }

  get escapeCharacter(): string {
    return this.#escape;
  }

  /**
   * @param input text that the terminal sent at once. A typed key is one character; more than one is a paste or the
   * sequence of a special key, and never an escape.
   */
  interpret(input: string): readonly EscapeStep[] {
    if (input === "") {
      return [];
    }
    if (input.length > 1 || this.#pasting) {
      const begin = input.lastIndexOf("\u001b[200~");
      const end = input.lastIndexOf("\u001b[201~");
      this.#pasting = begin > end || (this.#pasting && end < 0);
      const text = (this.#pending ? this.#escape : "") + input;
      this.#pending = false;
      this.#note(input);
      return [{ kind: "send", text }];
    }
    if (this.#pending) {
      this.#pending = false;
      const action = commands[input];
      if (action !== undefined) {
        // The newline before it still counts: another escape may follow at once.
        return [{ kind: "action", action, key: input === "\u001a" ? "^Z" : input }];
      }
      this.#note(input);
      return [{ kind: "send", text: input === this.#escape ? input : this.#escape + input }];
    }
    if (this.#afterNewline && input === this.#escape) {
      this.#pending = true;
      return [];
    }
    this.#note(input);
    return [{ kind: "send", text: input }];
  }

  #note(input: string): void {
    const last = input.charAt(input.length - 1);
    this.#afterNewline = last === "\r" || last === "\n";
  }
}
