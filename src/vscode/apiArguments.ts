/**
 * Arguments of the exported API as plain values. Another extension may pass anything, also an object that is another text
 * each time that it is asked: what a person agreed to must be what is done. No vscode.
 */
import type { ExecOptions, OpenTerminalOptions } from "../api.ts";

export type PlainExecOptions = Omit<ExecOptions, "caller">;

/** @throws TypeError for what is no text, such as a symbol. */
export function plainText(given: unknown): string {
  return typeof given === "string" ? given : String(given);
}

/** A name that the caller gave itself; undefined for what is none. */
export function callerName(given: unknown): string | undefined {
  return typeof given === "string" && given.trim() !== "" ? given : undefined;
}

/** @throws TypeError for what can't be meant. */
export function plainExecOptions(given: ExecOptions): PlainExecOptions {
  const { stdin, env, pty, timeLimitSeconds, signal, maxOutputBytes } = given;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError("signal is no AbortSignal");
  }
  if (stdin !== undefined && typeof stdin !== "string" && !(stdin instanceof Uint8Array)) {
    throw new TypeError("stdin is neither a text nor bytes");
  }
  return {
    ...(stdin !== undefined && { stdin: typeof stdin === "string" ? stdin : Uint8Array.from(stdin) }),
    ...(env !== undefined && {
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, plainText(value)])),
    }),
    ...(pty !== undefined && { pty: pty === true }),
    ...(timeLimitSeconds !== undefined && {
      timeLimitSeconds: plainNumber("timeLimitSeconds", timeLimitSeconds),
    }),
    ...(signal !== undefined && { signal }),
    ...(maxOutputBytes !== undefined && { maxOutputBytes: plainNumber("maxOutputBytes", maxOutputBytes) }),
  };
}

/** @throws TypeError for what can't be meant. */
export function plainTerminalOptions(given: OpenTerminalOptions): Omit<OpenTerminalOptions, "caller"> {
  const { title, command, preserveFocus } = given;
  return {
    ...(title !== undefined && { title: plainText(title) }),
    ...(command !== undefined && { command: plainText(command) }),
    ...(preserveFocus !== undefined && { preserveFocus: preserveFocus === true }),
  };
}

function plainNumber(name: string, given: unknown): number {
  if (typeof given !== "number" || !Number.isFinite(given) || given < 0) {
    throw new TypeError(`${name} is no finite number from 0 on`);
  }
  return given;
}
