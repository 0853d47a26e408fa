import { type Logger, printable, printableLines } from "../../base/log.ts";
import type { ServerWords } from "../connectionEngine.ts";

/**
 * Characters shown and logged for each connection and kind of message. The rest is dropped, which is reported once.
 * The kinds are separate so that a long legal notice does not use up the room for instructions after it.
 */
const shownCharacters = 16 * 1024;
const shownLines = 200;

interface Used {
  characters: number;
  lines: number;
}

const titles: Readonly<Record<ServerWords["source"], string>> = {
  banner: "Banner",
  instruction: "The server says",
  disconnect: "The server disconnected",
  proxy: "ProxyCommand",
};

/** Passes on the server's messages, made printable, with a budget for the whole connection. */
export class ServerTalk {
  readonly #logger: Logger;
  readonly #show: (words: ServerWords) => void;
  readonly #used = new Map<ServerWords["source"], Used>();
  #isCut = false;

  constructor(logger: Logger, show: (words: ServerWords) => void) {
    this.#logger = logger;
    this.#show = show;
  }

  /** @param text untrusted. */
  say(source: ServerWords["source"], text: string): void {
    const used = this.#used.get(source) ?? { characters: 0, lines: 0 };
    this.#used.set(source, used);
    const left = Math.min(shownCharacters - used.characters, text.length);
    const lines = printableLines(text.slice(0, Math.max(0, left)))
      .split("\n")
      .map((line) => line.trimEnd());
    while (lines.length > 0 && lines.at(-1) === "") {
      lines.pop();
    }
    while (lines.length > 0 && lines[0] === "") {
      lines.shift();
    }
    const shown = lines.slice(0, Math.max(0, shownLines - used.lines));
    used.characters += text.length;
    used.lines += lines.length;
    for (const line of shown.filter((each) => each !== "")) {
      this.#logger.info(`${titles[source]}: ${printable(line)}`);
    }
    if (shown.length > 0) {
      this.#show({ source, text: shown.join("\n") });
    }
    if ((shown.length < lines.length || left < text.length) && !this.#isCut) {
      this.#isCut = true;
      this.#logger.info("The server says more than is shown here");
    }
  }
}
