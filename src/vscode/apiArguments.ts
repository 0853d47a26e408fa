/**
 * Arguments of the exported API as plain values. Another extension may pass anything, even an object whose text
 * differs each time it is read: the action must be the one that the user agreed to. No vscode.
 */
import type { ExecOptions, OpenTerminalOptions } from "../api.ts";

export type PlainExecOptions = Omit<ExecOptions, "caller">;

/** @throws TypeError for a value that is not text, such as a symbol. */
export function plainText(given: unknown): string {
  return typeof given === "string" ? given : String(given);
}

/** The caller's own name for itself; undefined for an unusable value. */
export function callerName(given: unknown): string | undefined {
  return typeof given === "string" && given.trim() !== "" ? given : undefined;
}

/** @throws TypeError for an invalid value. */
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

/** @throws TypeError for an invalid value. */
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
