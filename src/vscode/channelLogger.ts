import * as vscode from "vscode";
import type { DisposableStore } from "../base/disposable.ts";
import { SshSessionsError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import { type LogLevelName, Verbosity } from "../base/verbosity.ts";

/**
 * The log behind "Show Log". An extension can't set the level of its channel (LogOutputChannel.logLevel is
 * read-only): messages that `verbosity` allows beyond it are written at the channel's level, with their own level in
 * front.
 */
export function channelLogger(
  channel: vscode.LogOutputChannel,
  verbosity: Verbosity,
  connection?: string,
): Logger {
  const write = (level: LogLevelName, message: string): void => {
    const as = verbosity.writtenAs(level, connection);
    if (as !== undefined) {
      channel[as](as === level ? message : `[${level}] ${message}`);
    }
  };
  return {
    trace: (message) => write("trace", message),
    debug: (message) => write("debug", message),
    info: (message) => write("info", message),
    warn: (message) => write("warn", message),
    error(message, error) {
      write("error", error === undefined ? message : `${message}: ${errorChain(error)}`);
      if (error instanceof Error && !(error instanceof SshSessionsError) && error.stack !== undefined) {
        write("debug", error.stack);
      }
    },
    forConnection: (id) => channelLogger(channel, verbosity, id),
  };
}

/** The level of `channel` as set in VS Code ("Developer: Set Log Level…"), until `~v` or `~V` changes it. */
export function channelVerbosity(
  channel: Pick<vscode.LogOutputChannel, "logLevel" | "onDidChangeLogLevel">,
  store: DisposableStore,
): Verbosity {
  const verbosity = new Verbosity(() => levelName(channel.logLevel));
  store.add(channel.onDidChangeLogLevel(() => verbosity.reset()));
  return verbosity;
}

function levelName(level: vscode.LogLevel): LogLevelName | undefined {
  switch (level) {
    case vscode.LogLevel.Off:
      return undefined;
    case vscode.LogLevel.Trace:
      return "trace";
    case vscode.LogLevel.Debug:
      return "debug";
    case vscode.LogLevel.Info:
      return "info";
    case vscode.LogLevel.Warning:
      return "warn";
    case vscode.LogLevel.Error:
      return "error";
  }
}

/** The error and its causes on one line: `ConnectError (refused): … <- Error: …`. */
function errorChain(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  // Causes can form a cycle; five are enough.
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
