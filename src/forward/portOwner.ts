import { readdir, readFile, readlink } from "node:fs/promises";
import type { LocalProgram } from "./forwardTypes.ts";

/** State `0A` of /proc/net/tcp: TCP_LISTEN (include/net/tcp_states.h). */
const listening = "0A";

/**
 * The program that listens on a port of this computer. Only Linux reports this without running a program, and only for
 * the user's own processes (proc(5)).
 */
export async function portOwner(port: number, proc = "/proc"): Promise<LocalProgram | undefined> {
  return await processWith(await socketsAt({ port }, proc), proc);
}

/**
 * The program that has connected from a port of this computer to a listener of it, where the system reports it.
 * @param listener its port: connections to different ports may come from the same one
 */
export async function clientProgram(
  port: number,
  listener: number,
  proc = "/proc",
): Promise<LocalProgram | undefined> {
  return await processWith(await socketsAt({ port, listener }, proc), proc);
}

/** Whether a program of any user listens on a port of this computer. False where the system does not report it. */
export async function isListenedHere(port: number, proc = "/proc"): Promise<boolean> {
  return (await socketsAt({ port }, proc)).size > 0;
}

interface Wanted {
  readonly port: number;
  /** The port at the other end of a connection. Undefined: a listener is wanted. */
  readonly listener?: number;
}

async function socketsAt(wanted: Wanted, proc: string): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`${proc}/net/${name}`, "latin1").catch(() => "")),
  );
  return new Set(tables.flatMap((table) => inodesAt(table, wanted)));
}

function inodesAt(table: string, { port, listener }: Wanted): readonly string[] {
  const [own, other] = [port, listener ?? 0].map(shownPort);
  return table.split("\n").flatMap((line) => {
    const [, local = "", remote = "", state, , , , , , inode = "0"] = line.trim().split(/\s+/);
    const matches =
      local.endsWith(`:${own}`) &&
      remote.endsWith(`:${other}`) &&
      (state === listening) === (listener === undefined);
    return matches && inode !== "0" ? [`socket:[${inode}]`] : [];
  });
}

function shownPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

async function processWith(sockets: ReadonlySet<string>, proc: string): Promise<LocalProgram | undefined> {
  const pids =
    sockets.size === 0 ? [] : (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
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
