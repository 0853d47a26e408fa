import { readdir, readFile, readlink } from "node:fs/promises";
import type { LocalProgram } from "./forwardTypes.ts";

/** State `0A` of /proc/net/tcp: TCP_LISTEN (include/net/tcp_states.h). */
const listening = "0A";

/**
 * The program that listens on a port of this computer, or that has the connection from it. Only Linux reports this
 * without running a program, and only for the user's own processes (proc(5)).
 * @param what `listener`: of the port. `client`: of the connection whose own end is the port.
 */
export async function portOwner(
  port: number,
  what: "listener" | "client",
  proc = "/proc",
): Promise<LocalProgram | undefined> {
  const inodes = await socketsAt(port, what, proc);
  return inodes.size === 0 ? undefined : await processWith(inodes, proc);
}

/** Whether a program of any user listens on a port of this computer. False where the system does not report it. */
export async function isListenedHere(port: number, proc = "/proc"): Promise<boolean> {
  return (await socketsAt(port, "listener", proc)).size > 0;
}

async function socketsAt(
  port: number,
  what: "listener" | "client",
  proc: string,
): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`${proc}/net/${name}`, "latin1").catch(() => "")),
  );
  return new Set(tables.flatMap((table) => inodesAt(table, port, what)));
}

function inodesAt(table: string, port: number, what: "listener" | "client"): readonly string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode = "0"] = line.trim().split(/\s+/);
    const matches = local.endsWith(`:${wanted}`) && (state === listening) === (what === "listener");
    return matches && inode !== "0" ? [`socket:[${inode}]`] : [];
  });
}

async function processWith(sockets: ReadonlySet<string>, proc: string): Promise<LocalProgram | undefined> {
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const folder = `${proc}/${pid}/fd`;
    const descriptors = await readdir(folder).catch(() => []);
    const links = await Promise.all(descriptors.map((name) => readlink(`${folder}/${name}`).catch(() => "")));
    if (links.some((link) => sockets.has(link))) {
      const name = (await readFile(`${proc}/${pid}/comm`, "utf8").catch(() => "")).trim();
      return { pid: Number(pid), name };
    }
  }
  return undefined;
}
