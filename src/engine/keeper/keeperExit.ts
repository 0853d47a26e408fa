/** The exit code of a keeper that can't start says why: nobody reads what it prints. */

import { getSystemErrorMap } from "node:util";

/** An error of the system: its number, as errno(3) has it. Any other: 1. */
export function exitCodeOf(error: unknown): number {
  const errno = error instanceof Error && "errno" in error ? Number(error.errno) : 0;
  return errno < -1 && errno > -128 ? -errno : 1;
}

/** "no space left on device"; undefined: the exit code says nothing. */
export function exitReason(code: number | null): string | undefined {
  const [, text] = (code !== null && code > 1 && getSystemErrorMap().get(-code)) || [];
  return text;
}
