/** OSC 633 (VS Code's shell integration) and OSC 133 (FinalTerm's), which VS Code treats alike. */
const mark = /^(?:\u001b\]|\u009d)(633|133);([ACD])(?:[;\u0007\u001b\u009c]|$)/;

/** Tracks whether the shell has reported that a command runs. */
export class CommandMark {
  /** The OSC that reported it; "": no command runs. */
  #running = "";

  onOsc(raw: string): void {
    const [, code = "", what] = mark.exec(raw) ?? [];
    if (what !== undefined) {
      this.#running = what === "C" ? code : "";
    }
  }

  /** Ends the command without an exit code: otherwise all that follows would count as its output. */
  undo(): string {
    const running = this.#running;
    this.#running = "";
    return running === "" ? "" : `\u001b]${running};D\u001b\\`;
  }
}
