import type { ConfigError } from "./configErrors.ts";
import type { ConfigWarning } from "./hostConfig.ts";

/** The host to evaluate. Values given here take precedence over the files, as on OpenSSH's command line. */
export interface EvaluationRequest {
  readonly alias: string;
  readonly user?: string;
  readonly port?: number;
  readonly hostName?: string;
  /** The only file to read (`ssh -F`); `none` for no file; empty: the user's file, then the system's. */
  readonly configFile: string;
}

/** One value, and the line that sets it; without a line, the request set it. */
export interface SettingLine {
  /** As `ssh -G` prints them, tokens not yet expanded. */
  readonly values: readonly string[];
  readonly file?: string;
  readonly line?: number;
}

/** What the files set for one host, before defaults and expansion. */
export interface Evaluation {
  /** By the keyword that `ssh -G` prints. More than one line only where values accumulate. */
  readonly settings: ReadonlyMap<string, readonly SettingLine[]>;
  /** `%h` expanded; lower case unless it is an address. */
  readonly hostName: string;
  /** The first problem for which OpenSSH would refuse to continue. */
  readonly failure: ConfigError | undefined;
  readonly warnings: readonly ConfigWarning[];
  /** The files have a `Match exec`: the result depends on more than the files. */
  readonly usesExec: boolean;
  /** All files and folders that were read (also missing ones), with their stamps. */
  readonly dependencies: ReadonlyMap<string, string>;
}
