/**
 * What `activate()` returns, for other extensions and for tests:
 *
 * ```ts
 * const extension = vscode.extensions.getExtension<SshSessionsApi>("ssh-sessions.ssh-sessions");
 * const api = await extension?.activate();
 * if (api?.version === 1) {
 *   const { stdout } = await api.exec("web1", "uptime");
 * }
 * ```
 *
 * Everything returned is plain frozen data; ids stay valid for the life of the extension host.
 */
import type { HostEntry } from "./config/configPorts.ts";
import type { ForwardSnapshot } from "./forward/forwardTypes.ts";
import type { MasterSnapshot } from "./session/masterSnapshotTypes.ts";
import type { SessionSnapshot } from "./session/sessionTypes.ts";

export type { HostEntry } from "./config/configPorts.ts";
export type { UsePolicy } from "./config/connectionPolicy.ts";
export type { ForwardSpec } from "./config/forwardSpec.ts";
export type { KeepalivePolicy, ValueSource } from "./config/hostConfig.ts";
export type { NegotiatedAlgorithms } from "./engine/connectionInfo.ts";
export type {
  ForwardConnection,
  ForwardOrigin,
  ForwardSnapshot,
  ForwardState,
} from "./forward/forwardTypes.ts";
export type { DestinationSnapshot, MasterEndReason, MasterState } from "./master/masterTypes.ts";
export type { ReconnectingState } from "./reconnect/reconnectTypes.ts";
export type { MasterSnapshot } from "./session/masterSnapshotTypes.ts";
export type {
  LimitSnapshot,
  SessionKind,
  SessionOutcome,
  SessionSnapshot,
  SessionState,
} from "./session/sessionTypes.ts";

/**
 * The user must allow other extensions to use a host before the first of `connect`, `openTerminal`, `exec`,
 * `disconnect`, `kill`, `forward` and `stop` does anything there. Until then these calls wait for the answer; they
 * reject with an error whose `reason` is `refused` or `busy`. Reading (`hosts`, `masters`, `forwards`, `onDidChange`)
 * needs no consent: it shows what any extension can read from ssh_config, and which connections and forwards exist,
 * with their addresses and titles.
 */
export interface CallerOptions {
  /** The name of your extension. The consent question shows it as a claim, because it can't be checked. */
  readonly caller?: string;
}

export interface ExecOptions extends CallerOptions {
  /** Sent to the command's standard input, then EOF. Without it the command reads EOF at once. */
  readonly stdin?: string | Uint8Array;
  /** In addition to SendEnv and SetEnv; servers accept what their AcceptEnv names. */
  readonly env?: Readonly<Record<string, string>>;
  /** Run on a pseudoterminal: standard error then comes in `stdout`. */
  readonly pty?: boolean;
  /** Seconds after which the command is ended; undefined or 0: no limit. */
  readonly timeLimitSeconds?: number;
  /** Ends the command; `exec` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * The number of bytes kept of each of stdout and stderr; default 10 MiB. The rest is read and dropped, and
   * `truncated` is set.
   */
  readonly maxOutputBytes?: number;
}

export interface ExecResult {
  /** Undefined when a signal or a limit ended it. */
  readonly exitCode: number | undefined;
  /** Without `SIG`. */
  readonly signal: string | undefined;
  /** Decoded as UTF-8; bytes that are not UTF-8 become U+FFFD. */
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
  /** The time limit ended the command. */
  readonly timedOut: boolean;
}

export interface OpenTerminalOptions extends CallerOptions {
  readonly title?: string;
  /** Run this instead of the login shell. */
  readonly command?: string;
  readonly preserveFocus?: boolean;
}

export interface SshSessionsApi {
  readonly version: 1;
  hosts(): Promise<readonly HostEntry[]>;
  masters(): readonly MasterSnapshot[];
  /** Logs in, or uses the existing master. Resolves to the master. Rejects with one of the typed errors. */
  connect(host: string, options?: CallerOptions): Promise<MasterSnapshot>;
  /** Opens an integrated terminal. Resolves when the session is open; rejects when it could not be opened. */
  openTerminal(host: string, options?: OpenTerminalOptions): Promise<SessionSnapshot>;
  /** Runs a command on the existing master, or on a new one. */
  exec(host: string, command: string, options?: ExecOptions): Promise<ExecResult>;
  /** Ends a master or a session in order. */
  disconnect(id: string, options?: CallerOptions): Promise<void>;
  /** Ends a master or a session at once. */
  kill(id: string, options?: CallerOptions): Promise<void>;
  /** All forwards of the window, in the order in which they came. */
  forwards(): readonly ForwardSnapshot[];
  /**
   * Forwards a port or socket, or joins the existing forward. Resolves once it listens or is refused: see `state`.
   * @param spec as for `ssh` (`-L 8080:db:5432`, `-R 9000:localhost:80`, `-D 1080`), or short, as in *Forward Port…*
   * (`8080`, `8080:db:5432`, `unix:/path`). Port 0 is any free one. A listener on this computer that others can reach
   * needs the user's consent each time.
   */
  forward(host: string, spec: string, options?: CallerOptions): Promise<ForwardSnapshot>;
  /** Ends a forward. Its port is free at once. */
  stop(id: string, options?: CallerOptions): Promise<void>;
  /** Something in `masters()` or `forwards()` changed. */
  readonly onDidChange: (listener: () => void) => { dispose(): void };
}
