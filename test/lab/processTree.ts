import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";

export interface LabProcess {
  readonly pid: number;
  readonly parent: number;
  /** Program name from the kernel, at most 15 characters. */
  readonly name: string;
}

/** All visible live processes of this machine (zombies have ended), from /proc if it exists, otherwise from `ps`. */
export function processTable(): LabProcess[] {
  if (process.platform !== "linux") {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,state=,ucomm="], { encoding: "utf8" }).split(
      "\n",
    );
    return lines.flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+[^Z\s]\S*\s+(.*)$/.exec(line);
      return match
        ? [{ pid: Number(match[1]), parent: Number(match[2]), name: (match[3] ?? "").trim() }]
        : [];
    });
  }
  return readdirSync("/proc").flatMap((entry) => {
    // proc(5): `pid (comm) state ppid …`; comm may contain spaces and parentheses.
    const match = /^(\d+) \((.*)\) [^Z] (\d+)/s.exec(
      /^\d+$/.test(entry) ? readIfThere(`/proc/${entry}/stat`) : "",
    );
    return match ? [{ pid: Number(match[1]), parent: Number(match[3]), name: match[2] ?? "" }] : [];
  });
}

export function isRunning(pid: number): boolean {
  return processTable().some((process) => process.pid === pid);
}

/** `root` and everything below it, parents first. Empty if `root` has ended. */
export function descendants(root: number, table: readonly LabProcess[] = processTable()): LabProcess[] {
  const found = table.filter((process) => process.pid === root);
  for (const process of found) {
    found.push(...table.filter((candidate) => candidate.parent === process.pid && candidate.pid !== root));
  }
  return found;
}

/** The command lines of all processes of this machine, one a line. */
export async function commandLines(): Promise<string> {
  return (await promisify(execFile)("ps", ["-e", "-o", "args="])).stdout;
}

/** Sends `signal` to all that still exist. */
export function signalAll(processes: readonly { readonly pid: number }[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
        throw error;
      }
    }
  }
}

/**
 * The remote ports of a process's TCP connections to `localPort`. Linux only (proc(5), /proc/net/tcp); empty
 * elsewhere.
 */
export function peerPorts(pid: number, localPort: number): number[] {
  const sockets = new Set(openFiles(pid));
  const table = readIfThere(`/proc/${pid}/net/tcp`) + readIfThere(`/proc/${pid}/net/tcp6`);
  return table.split("\n").flatMap((line) => {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    const fields = line.trim().split(/\s+/);
    const [local, port] = [fields[1], fields[2]].map((address) =>
      Number.parseInt(address?.split(":")[1] ?? "", 16),
    );
    const held = sockets.has(`socket:[${fields[9]}]`) && local === localPort;
    return held && port !== undefined && port > 0 ? [port] : [];
  });
}

/** The targets of a process's descriptors (proc(5)), without those that close meanwhile. Empty without /proc. */
export function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return listIfThere(folder).flatMap((descriptor) => {
    try {
      return [readlinkSync(`${folder}/${descriptor}`)];
    } catch {
      return [];
    }
  });
}

function listIfThere(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
