import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { isRunning } from "../base/isRunning.ts";
import { ShareError } from "../share/shareErrors.ts";
import { isOwnFolder, refuses } from "../share/socketFolder.ts";
import { requireUsablePath } from "./includedText.ts";
import { includeScripts, isIncludeScript } from "./includeScripts.ts";

/** A home folder may be common to several machines, and each has its own sockets. */
const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

const ownFile = new RegExp(`^${machine}-([0-9]+)-[0-9a-z.-]+\\.(?:conf|known_hosts)$`);

/** The files that the line of the user's ssh_config includes. ssh reads each time what is there. */
export class IncludeFolder {
  readonly path: string;

  /** @param path in the user's `.ssh`, where nobody else can write, and which stays after a restart */
  constructor(path: string) {
    this.path = path;
  }

  /** Creates it with its scripts, and removes what leads to sockets that nobody serves any more. */
  async prepare(): Promise<void> {
    requireUsablePath(this.path);
    await mkdir(dirname(this.path), { mode: 0o700, recursive: true });
    await mkdir(this.path, { mode: 0o700, recursive: true });
    if (!(await isOwnFolder(this.path))) {
      throw new ShareError("unsafe-folder", "The folder of the included files is accessible to others");
    }
    await this.#putScripts();
    await this.#clear();
  }

  async #putScripts(): Promise<void> {
    for (const [name, text] of Object.entries(includeScripts)) {
      const there = await readFile(join(this.path, name), "utf8").catch(() => undefined);
      if (there !== text) {
        await this.#put(name, text);
      }
    }
  }

  /** @param id unique among the connections of this process */
  nameFor(id: string): string {
    return `${machine}-${process.pid}-${id}`;
  }

  /** Replaces the whole file at once: an ssh may be reading it. */
  async write(name: string, config: string, knownHosts: string | undefined): Promise<void> {
    // Another editor, where sharing was turned off, may have found nothing that needs them.
    await mkdir(this.path, { mode: 0o700, recursive: true });
    await this.#putScripts();
    if (knownHosts !== undefined) {
      await this.#put(`${name}.known_hosts`, knownHosts);
    }
    try {
      await this.#put(`${name}.conf`, config);
    } catch (error) {
      // One from before may name other hosts.
      await this.remove(name);
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.path, `${name}.conf`), { force: true });
    await rm(join(this.path, `${name}.known_hosts`), { force: true });
  }

  /**
   * Nothing includes the files any more: removes those of processes that have ended. Unless others are left, of a
   * window or a machine that still writes here, the scripts go, too, and the folder if it is empty then.
   */
  async tidy(): Promise<void> {
    const names = (await isOwnFolder(this.path)) ? await readdir(this.path) : [];
    const ended = names.filter((name) => {
      const pid = ownFile.exec(name)?.[1];
      return pid !== undefined && !isRunning(Number(pid));
    });
    for (const name of ended) {
      await rm(join(this.path, name), { force: true });
    }
    if (names.some((name) => name.endsWith(".conf") && !ended.includes(name))) {
      return;
    }
    for (const name of names) {
      const path = join(this.path, name);
      if (isIncludeScript(name, await readFile(path, "utf8").catch(() => ""))) {
        await rm(path, { force: true });
      }
    }
    // It stays if it has a file that is not ours.
    await rmdir(this.path).catch(() => {});
  }

  async #put(name: string, text: string): Promise<void> {
    // Not with the ending that the line includes.
    const temporary = join(this.path, `.${name}.${process.pid}`);
    try {
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, join(this.path, name));
    } catch (error) {
      // A disk that is full has a part of it.
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #clear(): Promise<void> {
    const names = (await readdir(this.path)).filter((name) => ownFile.test(name));
    for (const name of names.filter((each) => each.endsWith(".conf"))) {
      const text = await readFile(join(this.path, name), "utf8").catch(() => "");
      const socket = /^Match .*? '[^']+' '([^']+)'/m.exec(text)?.[1];
      if (socket === undefined || !(await lstat(socket).catch(() => undefined)) || (await refuses(socket))) {
        await this.remove(name.slice(0, -".conf".length));
      }
    }
    const left = new Set(await readdir(this.path));
    for (const name of names.filter((each) => each.endsWith(".known_hosts"))) {
      if (!left.has(name.replace(/known_hosts$/, "conf"))) {
        await rm(join(this.path, name), { force: true });
      }
    }
  }
}
