import { type Steps, sortedInSteps, stepsOver } from "../base/turns.ts";
import { groupInSteps } from "./groupBy.ts";
import type { RemoteFacts, RemoteProcess } from "./remoteFacts.ts";
import { type SshdRole, sshdRole } from "./sshdProcess.ts";

/** The processes of one reading, indexed by pid, by parent, and by their sshd role. */
export class ProcessTree {
  readonly #byPid: ReadonlyMap<number, RemoteProcess>;
  readonly #children: ReadonlyMap<number, readonly RemoteProcess[]>;
  readonly #roles: ReadonlyMap<number, SshdRole>;
  /** The probe's shell and its ancestors, up to the listener, which is excluded. */
  readonly carrier: ReadonlySet<number>;

  private constructor(
    byPid: ReadonlyMap<number, RemoteProcess>,
    children: ReadonlyMap<number, readonly RemoteProcess[]>,
    roles: ReadonlyMap<number, SshdRole>,
    probePid: number,
  ) {
    this.#byPid = byPid;
    this.#children = children;
    this.#roles = roles;
    this.carrier = this.#carrierOf(probePid);
  }

  /** In steps: a server may list a hundred thousand processes. */
  static *build(facts: RemoteFacts): Steps<ProcessTree> {
    const sorted = yield* sortedInSteps(facts.processes, 1000, ({ pid }) => pid);
    const byPid = new Map<number, RemoteProcess>();
    yield* stepsOver(sorted, 1000, (process) => byPid.set(process.pid, process));
    const roles = new Map<number, SshdRole>();
    yield* stepsOver(sorted, 200, (process) => {
      const role = sshdRole(process, byPid.get(process.ppid));
      if (role !== undefined) {
        roles.set(process.pid, role);
      }
    });
    const children = yield* groupInSteps(sorted, ({ ppid }) => ppid);
    return new ProcessTree(byPid, children, roles, facts.probePid);
  }

  get(pid: number): RemoteProcess | undefined {
    return this.#byPid.get(pid);
  }

  parent(process: RemoteProcess): RemoteProcess | undefined {
    return this.#byPid.get(process.ppid);
  }

  children(pid: number): readonly RemoteProcess[] {
    return this.#children.get(pid) ?? [];
  }

  role(process: RemoteProcess | undefined): SshdRole | undefined {
    return process === undefined ? undefined : this.#roles.get(process.pid);
  }

  /** Processes with this role, in the order of their pids. */
  withRole<K extends SshdRole["kind"]>(
    kind: K,
  ): { readonly process: RemoteProcess; readonly role: Extract<SshdRole, { kind: K }> }[] {
    return [...this.#roles].flatMap(([pid, role]) => {
      const process = this.#byPid.get(pid);
      return process === undefined || role.kind !== kind
        ? []
        : [{ process, role: role as Extract<SshdRole, { kind: K }> }];
    });
  }

  /** `process` and its descendants, parents first, up to `most` of them. */
  subtree(process: RemoteProcess, most: number): RemoteProcess[] {
    const found = [process];
    const seen = new Set([process.pid]);
    for (const next of found) {
      for (const child of this.children(next.pid)) {
        if (found.length >= most) {
          return found;
        }
        if (!seen.has(child.pid)) {
          seen.add(child.pid);
          found.push(child);
        }
      }
    }
    return found;
  }

  /** The process that accepted this connection: the first ancestor outside this connection, by pid. */
  listenerOf(process: RemoteProcess): number {
    let at: RemoteProcess = process;
    for (let depth = 0; depth < 4; depth++) {
      const parent = this.parent(at);
      const role = this.role(parent);
      if (parent === undefined || role === undefined || role.kind === "listener") {
        return at.ppid;
      }
      at = parent;
    }
    return at.ppid;
  }

  #carrierOf(probePid: number): ReadonlySet<number> {
    const pids = new Set([probePid]);
    let at = this.#byPid.get(probePid);
    while (at !== undefined && at.ppid > 1 && !pids.has(at.ppid)) {
      const parent = this.#byPid.get(at.ppid);
      if (parent === undefined || this.#roles.get(parent.pid)?.kind === "listener") {
        break;
      }
      pids.add(parent.pid);
      at = parent;
    }
    return pids;
  }
}
