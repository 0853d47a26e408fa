import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ConfigChange, ConfigLine } from "../../src/gateway/configLine.ts";
import { EveryTerminal } from "../../src/gateway/everyTerminal.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { everyTerminalLab } from "../support/everyTerminalLab.ts";
import { shell } from "../support/fakeStack.ts";
import { KeeperGround, shellValue } from "../support/keeperGround.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { outcomeOf } from "../support/sharedConnection.ts";
import { refusing, Transcript, testStack } from "../support/testStack.ts";

const run = promisify(execFile);
const noSpace = /no space left/;

/** A small file system in memory. The tests run as root. */
class SmallDisk implements AsyncDisposable {
  readonly path: string;
  readonly #filler: string;

  private constructor(path: string) {
    this.path = path;
    this.#filler = join(path, "filler");
  }

  static async mount(path: string, options = "size=64k"): Promise<SmallDisk> {
    await mkdir(path, { recursive: true });
    await run("mount", ["-t", "tmpfs", "-o", `mode=0700,${options}`, "tmpfs", path]);
    return new SmallDisk(path);
  }

  fill(): void {
    try {
      for (;;) {
        appendFileSync(this.#filler, Buffer.alloc(4096));
      }
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
    }
  }

  async free(): Promise<void> {
    await rm(this.#filler);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Lazily: a process that leaves may still have a file in it.
    await run("umount", ["-l", this.path]);
  }
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ssh-sessions-full-"));
});

afterEach(async () => await rm(folder, { recursive: true, force: true, maxRetries: 10 }));

describe("the line of the user's ssh_config on a full disk", () => {
  const text = `# \xff\nHost a\r\n  Port 1\n${"# more\n".repeat(900)}Host b`;
  const all = async (): Promise<Readonly<Record<string, string>>> => {
    const names = (await readdir(join(folder, ".ssh"))).filter((name) => name !== "filler").sort();
    const texts = names.map(async (name) => [name, await readFile(join(folder, ".ssh", name), "latin1")]);
    return Object.fromEntries(await Promise.all(texts));
  };
  const line = (): ConfigLine =>
    new ConfigLine({ path: join(folder, ".ssh", "config"), home: folder, homeVariable: folder });
  const change = (found: ConfigChange | undefined): ConfigChange =>
    found ?? expect.unreachable("there is something to change");

  test("is neither added nor removed in part: the file stays as it is, and an error says why", async () => {
    await using disk = await SmallDisk.mount(join(folder, ".ssh"));
    await writeFile(join(disk.path, "config"), text, "latin1");
    disk.fill();
    const toAdd = change(await line().toAdd());
    await expect(line().apply(toAdd)).rejects.toThrow(noSpace);
    expect(await all()).toEqual({ config: text });
    await disk.free();
    await line().apply(toAdd);
    const { config: added } = await all();
    expect(added).toBe(`Include ~/.ssh/ssh-sessions/*.conf\n${text}`);
    disk.fill();
    const toRemove = change(await line().toRemove());
    await expect(line().apply(toRemove)).rejects.toThrow(noSpace);
    expect(await all()).toEqual({ config: added });
    await disk.free();
    await line().apply(toRemove);
    expect(await all()).toEqual({ config: text });
  });

  test("makes no empty file where there was none", async () => {
    await using disk = await SmallDisk.mount(join(folder, ".ssh"));
    disk.fill();
    const toAdd = change(await line().toAdd());
    await expect(line().apply(toAdd)).rejects.toThrow(noSpace);
    expect(await all()).toEqual({});
    await disk.free();
    await line().apply(toAdd);
    expect(await all()).toEqual({ config: "Include ~/.ssh/ssh-sessions/*.conf\n" });
  });
});

describe("the included files on a full disk", () => {
  test("are written completely or not at all, and come when there is room again", async () => {
    // Both names share a connection.
    await using lab = await everyTerminalLab({
      blocks: (host) => `${host.sshConfigText("lab")}\n${host.sshConfigText("other")}`,
    });
    await using disk = await SmallDisk.mount(lab.includes);
    const scripts = async (): Promise<readonly string[]> =>
      (await readdir(disk.path)).filter((name) => name !== "filler");
    const outlet = (logger = new RecordingLogger()): EveryTerminal =>
      new EveryTerminal({
        ...{ mode: "all", includes: lab.includes, configFile: lab.config, logger, sockets: lab.sockets },
      });
    disk.fill();
    await expect(outlet().prepare()).rejects.toThrow(/ENOSPC/);
    expect(await scripts()).toEqual([]);
    await disk.free();
    await outlet().prepare();
    const before = await scripts();
    disk.fill();
    await lab.stack.service.open({ host: "lab", ...shell });
    await until(() => lab.logger.lines.some((text) => text.includes("ENOSPC")), "the warning");
    expect(await scripts()).toEqual(before);
    const ssh = async (): Promise<unknown> =>
      await outcomeOf("ssh", ["-F", lab.config, "lab", "echo works"], process.env);
    const logins = lab.host.logins();
    expect(await ssh()).toEqual({ code: 0, stdout: "works\n", stderr: "" });
    expect(lab.host.logins() - logins).toBe(1);
    await disk.free();
    // The next change of any connection.
    await lab.stack.service.connect("other");
    await until(async () => (await lab.included(1))[0]?.includes("originalhost lab") === true, "its file");
    expect(await ssh()).toEqual({ code: 0, stdout: "works\n", stderr: "" });
    expect(lab.host.logins() - logins).toBe(1);
  });
});

describe("on a full disk", () => {
  let host: SshdHost;

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(async () => await host.stop());

  test("the keeper works without its log, and goes on with it when there is room", async () => {
    await using ground = await KeeperGround.prepare(host);
    await using disk = await SmallDisk.mount(ground.sockets);
    disk.fill();
    const window = await ground.window("one");
    await window.ask({ do: "open", keep: "shell-1" });
    const shell = await shellValue(window, "pid", "$$");
    await window.kill();
    const log = join(ground.sockets, "keeper.log");
    expect(await readFile(log, "utf8")).toBe("");
    await disk.free();
    const next = await ground.window("two");
    await next.ask({ do: "open", keep: "shell-1" });
    expect(await shellValue(next, "again", "$$")).toBe(shell);
    await next.ask({ do: "open", keep: "shell-2" });
    expect(await readFile(log, "utf8")).toMatch(/^\S+ info m1: keeps a session\n$/);
    const { kept, told } = await next.ask({ do: "listKept" });
    expect([kept.length, told]).toEqual([2, []]);
  });

  test("no keeper can have a socket: the window says why, logs in itself, and uses it when there is room", async () => {
    await using ground = await KeeperGround.prepare(host);
    // The folder itself, and one file.
    await using disk = await SmallDisk.mount(ground.sockets, "size=64k,nr_inodes=2");
    await writeFile(join(disk.path, "only"), "");
    const window = await ground.window("one");
    await window.ask({ do: "open", keep: "shell-1" });
    expect(await shellValue(window, "pid", "$$")).toMatch(/^\d+$/);
    const { kept, told } = await window.ask({ do: "listKept" });
    expect([kept, told]).toEqual([[], [expect.stringMatching(noSpace)]]);
    await run("mount", ["-o", "remount,nr_inodes=100", disk.path]);
    await window.ask({ do: "end" });
    await window.ask({ do: "open", keep: "shell-2" });
    const { kept: later } = await window.ask({ do: "listKept" });
    expect(later.map(({ id }) => id)).toEqual(["shell-2"]);
  });

  test("the engine openssh says why it can't log in, leaves no file, and logs in when there is room", async () => {
    await using disk = await SmallDisk.mount(join(folder, "run"));
    const before = process.env["XDG_RUNTIME_DIR"];
    process.env["XDG_RUNTIME_DIR"] = disk.path;
    try {
      const config = join(folder, "config");
      await writeFile(config, host.sshConfigText("lab", [`ControlPath ${folder}/c`, "ControlMaster auto"]));
      await using stack = await testStack(config, {}, {}, refusing);
      stack.settings.layers = { user: { reconnect: "never", engine: "openssh" } };
      disk.fill();
      await expect(stack.service.connect("lab")).rejects.toMatchObject({
        ...{ name: "ConnectError", reason: "local", message: expect.stringMatching(noSpace) },
      });
      const [own = ""] = (await readdir(disk.path)).filter((name) => name !== "filler");
      expect(await readdir(join(disk.path, own))).toEqual([]);
      await disk.free();
      const tab = new Transcript(await stack.service.open({ host: "lab", ...shell }));
      tab.send("echo works-$((40+2))\n");
      await tab.waitFor(/works-42/);
      // Its log has no room any more.
      disk.fill();
      tab.send("echo still-$((40+2))\n");
      await tab.waitFor(/still-42/);
      stack.service.kill(stack.master().id);
      await stack.until((masters) => masters.length === 0);
    } finally {
      if (before === undefined) {
        delete process.env["XDG_RUNTIME_DIR"];
      } else {
        process.env["XDG_RUNTIME_DIR"] = before;
      }
    }
  });
});
