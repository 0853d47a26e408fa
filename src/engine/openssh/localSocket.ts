import { readdir, readFile, readlink } from "node:fs/promises";

export interface LocalSocket {
  readonly localAddress: string;
  readonly localPort: number;
}

/** How often the tables are read. The kernel writes a table in parts, and misses rows if others come or go meanwhile. */
const readings = 5;

/**
 * The local end of the master's TCP connection, which `ssh` does not report. Linux only. Undefined: unknown. Never
 * rejects.
 */
export async function localSocketOf(pid: number, remotePort: number): Promise<LocalSocket | undefined> {
  try {
    const fds = await readdir(`/proc/${pid}/fd`);
    const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
    const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
    for (let reading = 0; reading < readings && inodes.size > 0; reading++) {
      const found = await rowOf(pid, remotePort, inodes);
      if (found !== undefined) {
        return found;
      }
    }
  } catch {
    // There is no /proc, or the process has ended.
  }
  return undefined;
}

async function rowOf(
  pid: number,
  remotePort: number,
  inodes: ReadonlySet<string>,
): Promise<LocalSocket | undefined> {
  for (const table of ["tcp", "tcp6"]) {
    const rows = (await readFile(`/proc/${pid}/net/${table}`, "latin1")).split("\n").slice(1);
    for (const row of rows) {
      const [, local = "", remote = "", , , , , , , inode = ""] = row.trim().split(/\s+/);
      if (inodes.has(inode) && Number.parseInt(remote.split(":")[1] ?? "", 16) === remotePort) {
        const [address = "", port = ""] = local.split(":");
        return { localAddress: readableAddress(address), localPort: Number.parseInt(port, 16) };
      }
    }
  }
  return undefined;
}

/** The kernel prints 32-bit words in native byte order, which is little-endian on every platform of VS Code. */
function readableAddress(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  bytes.swap32();
  if (bytes.length === 4) {
    return [...bytes].join(".");
  }
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return words.join(":");
}
