import { type ChildProcess, spawn } from "node:child_process";
import { programSurroundings } from "./programFolder.ts";

/** A program that has exited. */
export interface ProgramRun {
  /** Undefined: a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: Buffer;
  /** Decoded as UTF-8. */
  readonly stderr: string;
}

export interface ProgramBounds {
  /** Ends the program when it aborts, and on POSIX also its child processes. */
  readonly signal: AbortSignal;
  /** Bytes kept of the standard output. */
  readonly longestOutput: number;
  /** Characters kept of the standard error. */
  readonly longestErrors: number;
  /** Makes the error for a longer standard output, which then ends the program. Absent: the rest is dropped. */
  readonly tooMuch?: () => Error;
}

/**
 * Runs a program to its end, without a shell and without input. Rejects with the signal's reason, with `tooMuch`'s
 * error, or with the error of a failed start.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { signal, longestOutput, longestErrors, tooMuch }: ProgramBounds,
): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const ownGroup = process.platform !== "win32";
    const child = spawn(program, args, {
      ...programSurroundings(),
      stdio: ["ignore", "pipe", "pipe"],
      shell: false,
      windowsHide: true,
      detached: ownGroup,
    });
    if (lacksPipes(child)) {
      child.once("error", reject);
      return;
    }
    const chunks: Buffer[] = [];
    let room = longestOutput;
    let stderr = "";
    const onAbort = (): void => end(signal.reason);
    const end = (error: unknown): void => {
      signal.removeEventListener("abort", onAbort);
      try {
        if (ownGroup && child.pid !== undefined) {
          process.kill(-child.pid, "SIGKILL");
        } else {
          child.kill("SIGKILL");
        }
      } catch {
        // It has already ended.
      }
      child.stdout.destroy();
      child.stderr.destroy();
      reject(error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.length > room && tooMuch !== undefined) {
        end(tooMuch());
      } else if (room > 0) {
        chunks.push(chunk.subarray(0, room));
        room -= Math.min(room, chunk.length);
      }
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(0, longestErrors);
    });
    child.on("error", end);
    child.on("close", (exitCode) => {
      signal.removeEventListener("abort", onAbort);
      resolve({ exitCode: exitCode ?? undefined, stdout: Buffer.concat(chunks), stderr });
    });
  });
}

/**
 * Where no descriptor is left, `spawn` throws nothing: it returns a process without the streams that its type promises,
 * and the event `error` follows (ChildProcess.spawn in Node's internal/child_process.js).
 */
export function lacksPipes({ stderr }: ChildProcess): boolean {
  return stderr === undefined;
}
