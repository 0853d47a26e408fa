import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostSpec } from "../config/hostSpec.ts";

/** What a name in the folder may hold, and the wrapper accepts: no separator of ours, no pattern of a shell. */
const plainPart = /^[A-Za-z0-9._@:%+-]{1,100}$/;

/**
 * The files by which the wrapper finds the socket for a host that somebody types: `host,user,port,pid,socket`, all
 * empty. The host's parts are what `ssh` gets on its command line. The wrapper needs only a pattern and `kill -0`.
 */
export class HostEntries {
  readonly #folder: string;
  readonly #sockets: string;
  readonly #written = new Set<string>();

  /** @param configFile an ssh_config in place of OpenSSH's default files: its hosts are others. */
  constructor(sockets: string, configFile: string) {
    this.#sockets = sockets;
    this.#folder = join(sockets, entryFolderName(configFile));
  }

  /** The folder of the entries. */
  get path(): string {
    return this.#folder;
  }

  /** Makes the folder, and removes entries whose sockets are gone. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { mode: 0o700, recursive: true });
    for (const name of await readdir(this.#folder)) {
      const socket = name.split(",").at(-1) ?? "";
      if (!(await exists(join(this.#sockets, socket)))) {
        await rm(join(this.#folder, name), { force: true });
      }
    }
  }

  /** Makes these the entries of a socket. */
  async set(socket: string, hosts: readonly HostSpec[]): Promise<void> {
    const names = new Set(hosts.flatMap((host) => entryName(host, socket) ?? []));
    const others = [...this.#written].filter((name) => name.endsWith(`,${socket}`) && !names.has(name));
    for (const name of others) {
      this.#written.delete(name);
      await rm(join(this.#folder, name), { force: true });
    }
    for (const name of names) {
      if (!this.#written.has(name)) {
        this.#written.add(name);
        await writeFile(join(this.#folder, name), "", { mode: 0o600 });
      }
    }
  }
}

function entryFolderName(configFile: string): string {
  return configFile === ""
    ? "hosts"
    : `hosts-${createHash("sha256").update(configFile).digest("hex").slice(0, 12)}`;
}

/** Undefined: the wrapper could not look for it. */
function entryName({ alias, user, port }: HostSpec, socket: string): string | undefined {
  const isPlain = plainPart.test(alias) && (user === undefined || plainPart.test(user));
  return isPlain ? [alias, user ?? "", port ?? "", process.pid, socket].join(",") : undefined;
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
