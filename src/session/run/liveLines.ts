import { printable } from "../../base/log.ts";
import type { OutputKind } from "../../engine/connectionEngine.ts";
import { plainOutput } from "./plainOutput.ts";

/** In characters: a longer line is shown in pieces. */
const longestLine = 4096;
/** In characters, of one host: the report at the end has more. */
const mostOfOneHost = 512 * 1024;
/** In characters, of all hosts, between two readings of `take`. */
const mostWaiting = 128 * 1024;

/** The start of a line that a host wrote to its standard output, or to its standard error. */
const marks: Readonly<Record<OutputKind, string>> = { stdout: "│", stderr: "!" };

interface Stream {
  readonly decoder: InstanceType<typeof TextDecoder>;
  rest: string;
}

export interface LiveWords {
  /** The rest of a host's output is not shown. */
  readonly tooMuch: string;
  /** Lines were left out because they came too fast. */
  skipped(lines: number): string;
}

/**
 * The output of several hosts as lines, each with the host that wrote it, in the order in which they came. Its memory
 * is bounded, whatever the hosts write.
 */
export class LiveLines {
  readonly #width: number;
  readonly #words: LiveWords;
  readonly #streams = new Map<string, Stream>();
  readonly #shown = new Map<string, number>();
  #waiting: string[] = [];
  #size = 0;
  #skipped = 0;

  constructor(hosts: readonly string[], words: LiveWords) {
    this.#width = Math.max(0, ...hosts.map((host) => printable(host).length));
    this.#words = words;
  }

  push(host: string, kind: OutputKind, data: Uint8Array): void {
    const shown = this.#shown.get(host) ?? 0;
    if (shown > mostOfOneHost) {
      return;
    }
    const stream = this.#stream(host, kind);
    let text = stream.rest + stream.decoder.decode(data, { stream: true });
    for (;;) {
      const end = text.indexOf("\n");
      if (end < 0 && text.length < longestLine) {
        break;
      }
      const length = end < 0 || end > longestLine ? longestLine : end;
      this.#line(host, marks[kind], text.slice(0, length));
      text = text.slice(length === end ? end + 1 : length);
    }
    stream.rest = text;
    const all = shown + data.length;
    this.#shown.set(host, all);
    if (all > mostOfOneHost) {
      stream.rest = "";
      this.#add(this.#marked(host, "·", this.#words.tooMuch));
    }
  }

  /** The host has ended. @param result in a few words, safe to show */
  end(host: string, result: string): void {
    for (const kind of ["stdout", "stderr"] as const) {
      const stream = this.#streams.get(`${kind} ${host}`);
      this.#streams.delete(`${kind} ${host}`);
      if (stream !== undefined && stream.rest !== "") {
        this.#line(host, marks[kind], stream.rest);
      }
    }
    this.#add(this.#marked(host, "─", result), true);
  }

  /** The lines since the last call, each with its line break. */
  take(): string {
    const lines =
      this.#skipped === 0 ? this.#waiting : [...this.#waiting, this.#words.skipped(this.#skipped)];
    this.#waiting = [];
    this.#size = 0;
    this.#skipped = 0;
    return lines.map((line) => `${line}\n`).join("");
  }

  #line(host: string, mark: string, text: string): void {
    // A progress bar writes over its line.
    const last = text.replace(/\r+$/, "").split("\r").at(-1) ?? "";
    this.#add(this.#marked(host, mark, plainOutput(Buffer.from(last, "utf8"))));
  }

  #marked(host: string, mark: string, text: string): string {
    return `${printable(host).padEnd(this.#width)} ${mark} ${text}`.trimEnd();
  }

  #add(line: string, isKept = false): void {
    if (this.#size > mostWaiting && !isKept) {
      this.#skipped++;
      return;
    }
    this.#size += line.length;
    this.#waiting.push(line);
  }

  #stream(host: string, kind: OutputKind): Stream {
    const key = `${kind} ${host}`;
    const known = this.#streams.get(key) ?? { decoder: new TextDecoder(), rest: "" };
    this.#streams.set(key, known);
    return known;
  }
}
