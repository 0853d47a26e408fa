import type { ConfigError } from "./configErrors.ts";
import type { ConfigWarning } from "./hostConfig.ts";

/** The host to evaluate for. Values given here take precedence over the files, as on OpenSSH's command line. */
export interface EvaluationRequest {
  readonly alias: string;
  readonly user?: string;
  readonly port?: number;
  readonly hostName?: string;
  /** The only file to read (`ssh -F`), `none` for no file; empty: the user's, then the system's. */
  readonly configFile: string;
}

/** One value that is set, and the line that sets it; without a line, the request did. */
export interface SettingLine {
  /** As `ssh -G` prints them, tokens not yet expanded. */
  readonly values: readonly string[];
  readonly file?: string;
  readonly line?: number;
}

/** What the files set for one host; nothing is filled in or expanded yet. */
export interface Evaluation {
  /** By the name that `ssh -G` prints. More than one line only where values accumulate. */
  readonly settings: ReadonlyMap<string, readonly SettingLine[]>;
  /** `%h` expanded; lower case unless it is an address. */
  readonly hostName: string;
  /** The first thing for which OpenSSH would refuse to go on. */
  readonly failure: ConfigError | undefined;
  readonly warnings: readonly ConfigWarning[];
  /** Some `Match exec` stands in the files: the result depends on more than the files. */
  readonly usesExec: boolean;
  /** Every file and folder looked at (also those that are missing), with its stamp. */
  readonly dependencies: ReadonlyMap<string, string>;
}
