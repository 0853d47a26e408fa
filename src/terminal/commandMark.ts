/** OSC 633 (VS Code's shell integration) and OSC 133 (FinalTerm's), which VS Code reads alike. */
const mark = /^(?:\u001b\]|\u009d)(633|133);([ACD])(?:[;\u0007\u001b\u009c]|$)/;

/** Follows whether the shell has said that a command runs. */
export class CommandMark {
  /** The OSC that said so; "": none runs. */
  #running = "";

  onOsc(raw: string): void {
    const [, code = "", what] = mark.exec(raw) ?? [];
    if (what !== undefined) {
      this.#running = what === "C" ? code : "";
    }
  }

  /** Ends the command, with no exit code: else all that follows would be taken for its output. */
  undo(): string {
    const running = this.#running;
    this.#running = "";
    return running === "" ? "" : `\u001b]${running};D\u001b\\`;
  }
}
