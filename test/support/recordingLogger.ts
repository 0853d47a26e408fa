import type { Logger } from "../../src/base/log.ts";

/** Keeps what was logged, as `level: message`. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];

  trace(message: string): void {
    this.lines.push(`trace: ${message}`);
  }
  debug(message: string): void {
    this.lines.push(`debug: ${message}`);
  }
  info(message: string): void {
    this.lines.push(`info: ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn: ${message}`);
  }
  error(message: string, error?: unknown): void {
    this.lines.push(`error: ${message}${error === undefined ? "" : ` ${String(error)}`}`);
  }

  /** Messages of warnings and errors. */
  get complaints(): readonly string[] {
    return this.lines.filter((line) => /^(?:warn|error): /.test(line));
  }
}
