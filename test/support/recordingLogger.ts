import type { Logger } from "../../src/base/log.ts";
import { shownSoFar } from "./shownSoFar.ts";

/** Records log lines as `level: message`. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];

  trace(message: string): void {
    this.#add(`trace: ${message}`);
  }
  debug(message: string): void {
    this.#add(`debug: ${message}`);
  }
  info(message: string): void {
    this.#add(`info: ${message}`);
  }
  warn(message: string): void {
    this.#add(`warn: ${message}`);
  }
  error(message: string, error?: unknown): void {
    this.#add(`error: ${message}${error === undefined ? "" : ` ${String(error)}`}`);
  }

  #add(line: string): void {
    shownSoFar.logLines++;
    this.lines.push(line);
  }

  /** Messages of warnings and errors. */
  get complaints(): readonly string[] {
    return this.lines.filter((line) => /^(?:warn|error): /.test(line));
  }
}
