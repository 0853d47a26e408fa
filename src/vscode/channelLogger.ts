import type * as vscode from "vscode";
import { SshSessionsError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";

/** The log behind "Show Log". The level is VS Code's own, per channel ("Developer: Set Log Level…"). */
export function channelLogger(channel: vscode.LogOutputChannel): Logger {
  return {
    trace: (message) => channel.trace(message),
    debug: (message) => channel.debug(message),
    info: (message) => channel.info(message),
    warn: (message) => channel.warn(message),
    error(message, error) {
      channel.error(error === undefined ? message : `${message}: ${errorChain(error)}`);
      if (error instanceof Error && !(error instanceof SshSessionsError) && error.stack !== undefined) {
        channel.debug(error.stack);
      }
    },
  };
}

/** The error and its causes on one line: `ConnectError (refused): … <- Error: …`. */
export function errorChain(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  // A cause can lead back to where it came from; nobody needs more than a handful.
  while (current !== undefined && current !== null && parts.length < 5) {
    if (current instanceof Error) {
      const reason = current instanceof SshSessionsError ? ` (${current.reason})` : "";
      parts.push(`${current.name}${reason}: ${printable(current.message)}`);
      current = current.cause;
    } else {
      parts.push(printable(String(current)));
      current = undefined;
    }
  }
  return parts.join(" <- ");
}
