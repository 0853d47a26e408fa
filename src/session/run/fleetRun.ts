import { asError } from "../../base/errors.ts";
import type { OutputKind } from "../../engine/connectionEngine.ts";
import type { SessionService } from "../sessionServiceTypes.ts";
import { type ExecuteOptions, type Execution, execute } from "./execute.ts";
import { limitedCommand } from "./remoteCommand.ts";

/** The result of one host. `milliseconds`: from start to end. */
export type HostRun =
  | {
      readonly host: string;
      readonly kind: "done";
      readonly execution: Execution;
      readonly milliseconds: number;
    }
  | { readonly host: string; readonly kind: "failed"; readonly error: Error; readonly milliseconds: number };

/** Hosts in parallel: enough to be fast, few enough not to burden shared servers with logins. */
const concurrency = 8;

/**
 * Runs one command on several hosts. A host that is down delays no other host.
 *
 * @param onDone called as each host finishes, in that order.
 * @param onOutput receives all output as it comes.
 * @param limitOf seconds after which a host's command is ended, on both sides; 0: never.
 * @returns in the order of `hosts`. Never rejects: an abort ends running commands, and those hosts count as failed.
 */
export async function runOnHosts(
  service: SessionService,
  hosts: readonly string[],
  command: string,
  options: ExecuteOptions,
  onDone: (run: HostRun) => void = () => {},
  limitOf: (host: string) => number = () => 0,
  onOutput?: (host: string, kind: OutputKind, data: Uint8Array) => void,
): Promise<readonly HostRun[]> {
  const runs: (HostRun | undefined)[] = hosts.map(() => undefined);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < hosts.length; index = next++) {
      const host = hosts[index] ?? "";
      const own: ExecuteOptions = {
        ...options,
        ...(onOutput && { onOutput: (kind, data) => onOutput(host, kind, data) }),
      };
      const run = await runOn(service, host, command, own, limitOf(host));
      runs[index] = run;
      onDone(run);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, hosts.length) }, worker));
  return runs.filter((run) => run !== undefined);
}

async function runOn(
  service: SessionService,
  host: string,
  command: string,
  options: ExecuteOptions,
  limit: number,
): Promise<HostRun> {
  const start = performance.now();
  try {
    options.signal?.throwIfAborted();
    const execution =
      limit > 0
        ? await execute(service, host, limitedCommand(command, limit), {
            ...options,
            timeLimitSeconds: limit,
          })
        : await execute(service, host, command, options);
    return { host, kind: "done", execution, milliseconds: performance.now() - start };
  } catch (error) {
    return { host, kind: "failed", error: asError(error), milliseconds: performance.now() - start };
  }
}
