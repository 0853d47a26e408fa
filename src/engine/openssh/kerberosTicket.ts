import { type RunSsh, runSsh } from "../../config/sshProgram.ts";

/** Milliseconds. It reads a file, or asks a daemon of this machine. */
const longestWait = 5_000;

/** Whether there is a valid Kerberos ticket, as `klist -s` says. */
export class KerberosTicket {
  readonly #run: RunSsh;
  #isValid = false;

  constructor(run: RunSsh = runSsh) {
    this.#run = run;
  }

  /** As it was at the last `refresh`. */
  get isValid(): boolean {
    return this.#isValid;
  }

  /** Never rejects: without `klist`, or without its answer, there is none. */
  async refresh(): Promise<void> {
    this.#isValid = await this.#run("klist", ["-s"], AbortSignal.timeout(longestWait)).then(
      ({ exitCode }) => exitCode === 0,
      () => false,
    );
  }
}
