import { createHash } from "node:crypto";
import {
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import type { HostSpec } from "../config/hostSpec.ts";
import type { Offer, OfferedHost, Outlet } from "./outlet.ts";
import {
  hasErrorCode,
  hasListener,
  masterLinkName,
  prepareSocketFolder,
  temporaryName,
} from "./socketFolder.ts";

/** The characters that the wrapper accepts in a name: no separator of the file name, no pattern of a shell. */
const plainPart = /^[A-Za-z0-9._@:%+-]{1,100}$/;

/** Milliseconds. Cleaners of temporary files remove what is days old. */
const refreshInterval = 3_600_000;

/** What the entries need of an Offer. */
interface EntryOffer extends Pick<Offer, "socketName"> {
  readonly master?: {
    readonly id: string;
    readonly isEnded: boolean;
    readonly connection?: { readonly sshMaster?: { readonly path: string } | undefined } | undefined;
  };
}

interface MasterLink {
  /** In the folder of the sockets. */
  readonly name: string;
  /** The control socket. */
  readonly path: string;
}

/**
 * The files by which the wrapper finds the socket for a host on a command line: `host,user,port,pid,socket`, all
 * empty. The first three parts are what `ssh` gets on its command line. The wrapper needs only a pattern and `kill
 * -0`. For a master of `ssh`, the socket is a link, whose name begins with `m`, to its control socket.
 */
export class HostEntries implements Outlet {
  readonly #folder: string;
  readonly #sockets: string;
  readonly #clock: Clock;
  readonly #written = new Set<string>();
  #refresh: Disposable | undefined;
  /** To masters of `ssh`, by our master's id. */
  readonly #links = new Map<string, MasterLink>();

  /** @param configFile an ssh_config that replaces OpenSSH's default files and defines other hosts */
  constructor(sockets: string, configFile: string, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#sockets = sockets;
    this.#folder = join(sockets, entryFolderName(configFile));
  }

  /** The folder of the entries. */
  get path(): string {
    return this.#folder;
  }

  /**
   * Creates the folder, keeps the entries from cleaners of temporary files, and removes those whose sockets have gone.
   */
  async prepare(): Promise<void> {
    await this.#makeFolder();
    this.#refreshLater();
    for (const name of await readdir(this.#folder)) {
      const socket = name.split(",").at(-1) ?? "";
      if (!(await exists(join(this.#sockets, socket)))) {
        await rm(join(this.#folder, name), { force: true });
      }
    }
  }

  async set({ master, socketName }: EntryOffer, hosts: readonly OfferedHost[]): Promise<void> {
    const ssh = socketName === undefined ? master?.connection?.sshMaster : undefined;
    const link =
      this.#links.get(master?.id ?? "") ?? (ssh && { name: masterLinkName(ssh.path), path: ssh.path });
    const socket = socketName ?? link?.name;
    if (socket === undefined) {
      return;
    }
    const served = link === undefined ? hosts : hosts.filter(({ needsOwnClient }) => needsOwnClient !== true);
    if (ssh !== undefined && link !== undefined && master !== undefined && !this.#links.has(master.id)) {
      // The entries lead to it. Only what was made counts: what failed, as on a full disk, is tried again.
      await this.#linkTo(link);
      this.#links.set(master.id, link);
    }
    await this.#write(socket, served);
    if (link !== undefined && master?.isEnded === true) {
      this.#links.delete(master.id);
      await this.#unlink(link.name);
    }
  }

  async #write(socket: string, hosts: readonly HostSpec[]): Promise<void> {
    const names = new Set(hosts.flatMap((host) => entryName(host, socket) ?? []));
    const others = [...this.#written].filter((name) => name.endsWith(`,${socket}`) && !names.has(name));
    for (const name of others) {
      this.#written.delete(name);
      await rm(join(this.#folder, name), { force: true });
    }
    const missing = [...names].filter((name) => !this.#written.has(name));
    if (missing.length > 0) {
      await this.#makeFolder();
    }
    for (const name of missing) {
      await writeFile(join(this.#folder, name), "", { mode: 0o600 });
      this.#written.add(name);
    }
  }

  /** Never rejects: where the folder has gone, so have the entries. */
  async close(): Promise<void> {
    this.leave();
    await Promise.allSettled([...this.#written].map((name) => rm(join(this.#folder, name), { force: true })));
    this.#written.clear();
    await Promise.allSettled(
      [...this.#links.values()].map(({ name }) => rm(join(this.#sockets, name), { force: true })),
    );
    this.#links.clear();
  }

  leave(): void {
    this.#refresh?.dispose();
  }

  #refreshLater(): void {
    this.#refresh?.dispose();
    this.#refresh = this.#clock.setTimeout(
      guarded(() => {
        this.#refreshLater();
        const links = [...this.#links.values()].map((link) => this.#keepLink(link));
        void Promise.allSettled([...links, ...[...this.#written].map((name) => this.#keep(name))]);
      }),
      refreshInterval,
    );
  }

  async #keep(name: string): Promise<void> {
    const path = join(this.#folder, name);
    const time = new Date(this.#clock.now());
    await utimes(path, time, time).catch(async () => {
      // A cleaner was faster, as after a long sleep.
      await this.#makeFolder();
      await writeFile(path, "", { mode: 0o600 });
    });
    if (!this.#written.has(name)) {
      await rm(path, { force: true });
    }
  }

  async #keepLink(link: MasterLink): Promise<void> {
    const time = new Date(this.#clock.now());
    await lutimes(join(this.#sockets, link.name), time, time).catch(() => this.#linkTo(link));
    if (![...this.#links.values()].includes(link)) {
      await this.#unlink(link.name);
    }
  }

  async #linkTo({ path, name }: MasterLink): Promise<void> {
    await this.#makeFolder();
    const link = join(this.#sockets, name);
    if ((await readlink(link).catch(() => undefined)) !== path) {
      const temporary = join(this.#sockets, temporaryName());
      await symlink(path, temporary);
      await rename(temporary, link).catch(async (error: unknown) => {
        await rm(temporary, { force: true });
        throw error;
      });
    }
  }

  /** Another window may have a new master at the same ControlPath. */
  async #unlink(name: string): Promise<void> {
    const link = join(this.#sockets, name);
    if (!(await hasListener(link))) {
      await rm(link, { force: true });
    }
  }

  /**
   * In the folder of the sockets, which is there and this user's own. What cleans temporary files may have removed it
   * meanwhile.
   */
  async #makeFolder(): Promise<void> {
    await prepareSocketFolder(this.#sockets);
    await mkdir(this.#folder, { mode: 0o700 }).catch((error: unknown) => {
      if (!hasErrorCode(error, "EEXIST")) {
        throw error;
      }
    });
  }
}

function entryFolderName(configFile: string): string {
  return configFile === ""
    ? "hosts"
    : `hosts-${createHash("sha256").update(configFile).digest("hex").slice(0, 12)}`;
}

/** Undefined: the wrapper can't look up this name. */
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
