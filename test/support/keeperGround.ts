import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import type { KeptOpened } from "../../src/engine/keeper/keeperMessages.ts";
import type { KeeperSocket } from "../../src/engine/keeper/keeperSocket.ts";
import { KeptChannel } from "../../src/engine/keeper/keptChannel.ts";
import type { SessionLimit } from "../../src/session/sessionTypes.ts";
import { keeperEnvironment, keeperPaths, talkAt } from "../../src/share/keeper/keeperProgram.ts";
import { prepareSocketFolder } from "../../src/share/socketFolder.ts";
import { isRunning } from "../lab/processTree.ts";
import type { SshdHost } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { WindowProcess } from "./windowProcess.ts";

const keeperFile = join(import.meta.dirname, "../../src/keeper/keeperProcess.ts");

/** A folder of sockets, the keepers that listen there, and windows that use them. */
export class KeeperGround implements AsyncDisposable {
  readonly folder: string;
  readonly sockets: string;
  readonly config: string;
  readonly #windows: WindowProcess[] = [];
  readonly #children: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.sockets = join(folder, "sockets");
    this.config = join(folder, "config");
  }

  static async prepare(host: SshdHost, extra: readonly string[] = []): Promise<KeeperGround> {
    const ground = new KeeperGround(await mkdtemp(join(tmpdir(), "ssh-sessions-keeper-")));
    await writeFile(ground.config, host.sshConfigText("lab", extra));
    return ground;
  }

  async window(name: string, env: NodeJS.ProcessEnv = {}): Promise<WindowProcess> {
    const window = await WindowProcess.start(this.config, this.sockets, name, [], {
      WINDOW_KEEPER: "on",
      ...env,
    });
    this.#windows.push(window);
    return window;
  }

  /**
   * Starts a keeper that windows find.
   * @param options for Node
   * @param life after how many seconds without a connection it leaves, and the root of the system's files
   */
  async keeper(
    options: readonly string[],
    { idleSeconds = 600, root = "/" }: { readonly idleSeconds?: number; readonly root?: string } = {},
  ): Promise<ChildProcess> {
    await prepareSocketFolder(this.sockets);
    const child = spawn(
      process.execPath,
      [...options, keeperFile, this.sockets, "test", String(idleSeconds), root, "500"],
      {
        ...{ cwd: this.folder, env: keeperEnvironment(), stdio: "inherit" },
      },
    );
    this.#children.push(child);
    await until(async () => (await this.keepers()).length > 0, "the keeper listens");
    return child;
  }

  /** The process ids of those that have a socket. */
  async keepers(): Promise<readonly number[]> {
    const paths = await keeperPaths(this.sockets);
    const talks = await Promise.all(paths.map((path) => talkAt(path, systemClock)));
    return talks.flatMap((talk) => {
      talk?.socket.end();
      return talk?.hello.pid ?? [];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pids = await this.keepers();
    await Promise.all(this.#windows.map((window) => window.kill()));
    // Its socket goes with the folder: it leaves, as after a logout.
    // A keeper that has just started may still write into it.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
    await until(() => !pids.some(isRunning), "the end of the keeper");
    await Promise.all(this.#children.map((child) => exited(child)));
  }
}

/** A window's end of a session, without the window. `kill` is what the end of its process does. */
export async function attachTo(
  sockets: string,
  id: string,
  limits: readonly SessionLimit[] = [],
): Promise<{ readonly channel: KeptChannel; readonly socket: KeeperSocket; kill(): void }> {
  const talk = await talkAt(join(sockets, "keeper"), systemClock);
  if (talk === undefined) {
    throw new Error("there is no keeper");
  }
  const { socket } = talk;
  const spec = { request: { type: "shell" }, pty: { term: "xterm", columns: 80, rows: 24 }, env: {} };
  const keep = { id, host: "lab", title: "lab", limits, limitedFor: 0 };
  const name = (await readdir(sockets)).find((each) => each.startsWith("w"));
  const opened = await socket.call("open", { build: "test", pid: 1, socket: name, spec, keep });
  return { channel: new KeptChannel(socket, opened as KeptOpened), socket, kill: () => socket.destroy() };
}

/** Reads a session. @returns the text that has come */
export function shown(channel: KeptChannel): () => string {
  let text = "";
  channel.onDidReceive(({ data }) => {
    text = (text + Buffer.from(data).toString("latin1")).slice(-100_000);
  });
  channel.resume();
  return () => text;
}

export async function residentKiB(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** What a query in the shell of a window's terminal prints: `NAME-VALUE`. */
export async function shellValue(window: WindowProcess, name: string, of: string, tab = 0): Promise<string> {
  await window.ask({ do: "type", tab, text: `echo ${name}-${of}-\r`, until: `${name}-\\w+-` });
  const { text } = await window.ask({ do: "read", tab });
  return new RegExp(`${name}-(\\w+)-`).exec(text)?.[1] ?? "";
}
