/** `ssh` writes a line break in a message of the server as it is, so a server can invent clients. */
const mostClients = 1_000;

/** `channel 3: new session [client-session]`, in older versions `channel 3: new [client-session]`. */
const beginning = /^debug1: channel (\d{1,4}): new (?:\S+ )?\[(?:client-session|stdio-forward)\]/;

const ending = /^debug1: channel (\d{1,4}): free: /;

/**
 * Counts the clients of a master's control socket, from its log (`ssh -v`; channel_new and channel_free in
 * channels.c). Before OpenSSH 10.3 a master does not report them otherwise.
 */
export class MuxClients {
  readonly #ids = new Set<string>();
  /** Their sessions and streams (`ssh -W`). */
  readonly #channels = new Set<string>();
  #rest = "";

  /** Those of this process, too. */
  get count(): number {
    return this.#ids.size;
  }

  /** Whether a client has a session or a stream with this number. Not for proxy clients. */
  hasChannel(id: number): boolean {
    return this.#channels.has(String(id));
  }

  /** Parses the next piece of the log. @returns whether a client came or went */
  add(text: string): boolean {
    let isNews = false;
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, opened] = /^debug1: channel (\d{1,4}): new (?:mux-control )?\[mux-control\]/.exec(line) ?? [];
      const [, freed] = /^debug1: channel (\d{1,4}): free: mux-control,/.exec(line) ?? [];
      if (opened !== undefined && this.#ids.size < mostClients) {
        this.#ids.add(opened);
      } else if (freed !== undefined) {
        this.#ids.delete(freed);
      }
      const [, began] = beginning.exec(line) ?? [];
      const [, ended] = ending.exec(line) ?? [];
      if (began !== undefined && this.#channels.size < mostClients) {
        this.#channels.add(began);
      } else if (ended !== undefined) {
        isNews ||= this.#channels.delete(ended);
      }
      isNews ||= (opened ?? freed) !== undefined;
    }
    return isNews;
  }
}
