/**
 * DECSET and DECRST of the alternate screen. Programs with a terminfo entry of xterm send them separately (smcup,
 * rmcup).
 */
const switches = /\u001b\[\?(?:47|1047|1049)[hl]/g;
/** The start of such a sequence at the end of a chunk. */
const unfinished = /\u001b(?:\[(?:\?\d{0,4})?)?$/;

/**
 * Removes the switches between the main and the alternate screen: output is drawn on the main screen, and lines that
 * scroll out of it go to the scrollback. Everything else is unchanged.
 */
export class MainScreenFilter {
  #held = "";

  filter(text: string): string {
    const all = this.#held + text;
    this.#held = unfinished.exec(all)?.[0] ?? "";
    return all.slice(0, all.length - this.#held.length).replace(switches, "");
  }
}
