import { appendFileSync, renameSync, statSync } from "node:fs";
import type { Logger } from "../base/log.ts";

/** Bytes. Above, a new file is begun, and one old file stays. */
const longestLog = 256 * 1024;

/** The keeper's log in a file that only its user can read. Failures to write are ignored: nothing could report them. */
export function keeperLog(path: string): Logger {
  let size = sizeOf(path);
  const write =
    (level: string) =>
    (message: string, error?: unknown): void => {
      const cause = error instanceof Error ? ` (${error.message})` : "";
      const line = `${new Date().toISOString()} ${level} ${message}${cause}\n`;
      try {
        if (size > longestLog) {
          renameSync(path, `${path}.1`);
          size = 0;
        }
        appendFileSync(path, line, { mode: 0o600 });
        size += Buffer.byteLength(line);
      } catch {}
    };
  return {
    trace() {},
    debug() {},
    info: write("info"),
    warn: write("warning"),
    error: write("error"),
  };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
