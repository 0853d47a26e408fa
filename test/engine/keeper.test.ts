import { createHash, randomBytes } from "node:crypto";
import { chmod, lstat, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { nextEvent } from "../../src/base/emitter.ts";
import type { KeptListed } from "../../src/engine/keeper/keeperMessages.ts";
import { keeperPaths } from "../../src/share/keeper/keeperProgram.ts";
import { listenIn } from "../../src/share/socketFolder.ts";
import { isRunning } from "../lab/processTree.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { attachTo, KeeperGround, residentKiB, shellValue, shown } from "../support/keeperGround.ts";
import type { WindowProcess } from "../support/windowProcess.ts";
import { Screen } from "../unit/terminal/support/screen.ts";

describe("the keeper", () => {
  let host: SshdHost;
  let ground: KeeperGround;
  let logins: number;

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(async () => {
    await host.stop();
  });

  beforeEach(async () => {
    ground = await KeeperGround.prepare(host);
    logins = host.logins();
  });

  afterEach(async () => await ground[Symbol.asyncDispose]());

  const newWindow = async (name: string, build = "test"): Promise<WindowProcess> =>
    await ground.window(name, { WINDOW_BUILD: build });
  const newLogins = (): number => host.logins() - logins;

  test("a shell survives the kill of its window, with its screen and what it writes meanwhile", async () => {
    const first = await newWindow("one");
    await first.ask({ do: "open", keep: "shell-1" });
    const shell = await shellValue(first, "pid", "$$");
    const late = "clear; echo here; sleep 2; echo late-$((40 + 2))\r";
    await first.ask({ do: "type", tab: 0, text: late, until: "^here" });
    const before = await first.ask({ do: "read", tab: 0 });
    await first.kill();
    const second = await newWindow("two");
    await second.ask({ do: "open", keep: "shell-1" });
    const after = await second.ask({ do: "read", tab: 0 });
    expect(after.text.startsWith(before.text.trimEnd())).toBe(true);
    expect(after.text).toContain("late-42");
    expect(await shellValue(second, "again", "$$")).toBe(shell);
    expect(newLogins()).toBe(1);
  });

  test("windows that start at the same moment have one keeper and one login", async () => {
    const all = await Promise.all(["one", "two", "three", "four"].map((name) => newWindow(name)));
    await Promise.all(all.map((window, at) => window.ask({ do: "open", keep: `shell-${at}` })));
    expect(newLogins()).toBe(1);
    expect(await ground.keepers()).toHaveLength(1);
    const { masters } = await (all[0] as WindowProcess).ask({ do: "look" });
    expect(masters).toMatchObject([{ heldBy: { isKeeper: true }, sessions: 1 }]);
  });

  test("its socket, log and folder are for its user only, and a left over socket is replaced", async () => {
    const first = await newWindow("one");
    await first.ask({ do: "open", keep: "shell-1" });
    const modes = async (name: string): Promise<number> =>
      (await lstat(join(ground.sockets, name))).mode & 0o777;
    expect(await modes("")).toBe(0o700);
    for (const name of await readdir(ground.sockets)) {
      expect([name, await modes(name)]).toEqual([name, 0o600]);
    }
    const [pid = 0] = await ground.keepers();
    const environment = await readFile(`/proc/${pid}/environ`, "utf8");
    expect(environment).not.toMatch(/VSCODE_|NODE_OPTIONS/);
    process.kill(pid, "SIGKILL");
    await first.ask({ do: "reopened" });
    const after = await ground.keepers();
    expect(after).toHaveLength(1);
    expect(after).not.toContain(pid);
  });

  test("a folder that others can enter is not used: the window logs in itself", async () => {
    const first = await newWindow("one");
    await first.ask({ do: "open", keep: "shell-1" });
    const pids = await ground.keepers();
    await first.ask({ do: "stopKeeper" });
    await until(() => !pids.some(isRunning), "the end of the keeper");
    await chmod(ground.sockets, 0o755);
    const second = await newWindow("two");
    await second.ask({ do: "open", keep: "shell-2" });
    expect(await ground.keepers()).toEqual([]);
    const { masters } = await second.ask({ do: "look" });
    expect(masters).toMatchObject([{ state: "ready", sessions: 1 }]);
    expect(masters[0]?.heldBy).toBeUndefined();
  });

  test("a killed keeper: its terminals say that the connection was lost, and reconnect by one login", async () => {
    const [one, two] = await Promise.all([newWindow("one"), newWindow("two")]);
    await one.ask({ do: "open", keep: "shell-1" });
    await two.ask({ do: "open", keep: "shell-2" });
    const shell = await shellValue(one, "pid", "$$");
    const [pid = 0] = await ground.keepers();
    process.kill(pid, "SIGKILL");
    await Promise.all([one, two].map((window) => window.ask({ do: "reopened" })));
    const { text } = await one.ask({ do: "read", tab: 0 });
    expect(text).toMatch(/lost: the connection of the keeper ended/);
    expect(await shellValue(one, "again", "$$")).not.toBe(shell);
    expect(newLogins()).toBe(2);
    expect(await ground.keepers()).toHaveLength(1);
  });

  test("a keeper of another build keeps its sessions, takes nothing new, and leaves after the last one", async () => {
    const old = await newWindow("old", "1.0");
    await old.ask({ do: "open", keep: "shell-1" });
    const shell = await shellValue(old, "pid", "$$");
    const [before = 0] = await ground.keepers();
    await old.kill();
    const updated = await newWindow("updated", "1.1");
    await updated.ask({ do: "open", keep: "shell-1" });
    expect(await shellValue(updated, "again", "$$")).toBe(shell);
    await updated.ask({ do: "open", keep: "shell-2" });
    expect(ids(await updated.ask({ do: "listKept" }))).toEqual(["shell-1"]);
    // Another connection.
    await writeFile(ground.config, host.sshConfigText("lab", ["Compression yes"]));
    const other = await newWindow("other", "1.1");
    await other.ask({ do: "open", keep: "shell-3" });
    expect(await ground.keepers()).toHaveLength(2);
    expect(ids(await other.ask({ do: "listKept" }))).toEqual(["shell-3", "shell-1"]);
    await updated.ask({ do: "end" });
    await updated.kill();
    await until(() => !isRunning(before), "the end of the old keeper");
    expect(ids(await other.ask({ do: "listKept" }))).toEqual(["shell-3"]);
  });

  test("a session ends with Disconnect, and nothing of it is left in the keeper", async () => {
    const window = await newWindow("one");
    await window.ask({ do: "open", keep: "shell-1" });
    await window.ask({ do: "open", keep: "shell-2" });
    expect((await window.ask({ do: "listKept" })).kept).toMatchObject([
      { id: "shell-1", host: "lab", window: window.child.pid, ended: false },
      { id: "shell-2", host: "lab", window: window.child.pid, ended: false },
    ]);
    const shell = Number(await shellValue(window, "pid", "$$"));
    await window.ask({ do: "end" });
    await until(
      async () => (await window.ask({ do: "listKept" })).kept.length === 0,
      "the end of the sessions",
    );
    await until(() => !isRunning(shell), "the end of the shell");
  });

  /** Starts a command as a session of the keeper, and kills its window. */
  const leave = async (id: string, command: string): Promise<void> => {
    const window = await newWindow(id);
    await window.ask({ do: "open", command, keep: id });
    await window.kill();
  };

  test("a paste arrives once over ten kills of its window", async () => {
    const paste = Buffer.from(randomBytes(1_200_000).toString("base64"));
    const sum = createHash("sha256").update(paste).digest("hex");
    await leave("paste", `stty raw -echo; echo ready; head -c ${paste.length} | sha256sum; sleep 600`);
    for (let kill = 1; kill <= 10; kill++) {
      const { channel, kill: end } = await attachTo(ground.sockets, "paste");
      const { bytesOut } = channel.details();
      channel.write(paste.subarray(bytesOut, bytesOut + 150_000 + kill));
      await nextEvent(channel.onDidDrain);
      end();
    }
    const { channel } = await attachTo(ground.sockets, "paste");
    const screen = shown(channel);
    channel.write(paste.subarray(channel.details().bytesOut));
    await until(() => screen().includes(sum), "the checksum");
  });

  test("each window sees a flood without a gap or a repetition, over ten kills", async () => {
    const last = 700_000;
    const go = join(ground.folder, "flood");
    await leave("flood", `echo ready; until [ -e ${go} ]; do sleep 0.1; done; seq ${last}; sleep 600`);
    await writeFile(go, "");
    let end = 0;
    for (let kill = 1; kill <= 10; kill++) {
      const { channel, kill: die } = await attachTo(ground.sockets, "flood");
      const screen = new Screen(80, 24);
      screen.terminal.options.scrollback = 50_000;
      let bytes = 0;
      channel.onDidReceive(({ data }) => {
        bytes += data.length;
        screen.terminal.write(data);
      });
      channel.resume();
      await until(() => bytes > 60_000 + 5_000 * kill, "some of the flood");
      die();
      await screen.write("");
      const lines = numbered(screen.text());
      expect(lines).toEqual(lines.map((_, at) => (lines[0] ?? 0) + at));
      expect(lines.at(-1)).toBeGreaterThan(end);
      end = lines.at(-1) ?? 0;
    }
    const { channel } = await attachTo(ground.sockets, "flood");
    const screen = shown(channel);
    await until(() => screen().includes(`\n${last}\r\n`), "the end of the flood");
  });

  test("its memory is bounded while no window reads the floods of ten sessions", async () => {
    const window = await newWindow("one");
    const go = join(ground.folder, "go");
    for (let tab = 0; tab < 10; tab++) {
      const command = `echo ready; until [ -e ${go} ]; do sleep 0.1; done; exec yes`;
      await window.ask({ do: "open", command, keep: `flood-${tab}` });
    }
    const [pid = 0] = await ground.keepers();
    await window.kill();
    const floods = (): number =>
      host.connections().flatMap(({ all }) => all.filter(({ name }) => name === "yes")).length;
    const before = await residentKiB(pid);
    await writeFile(go, "");
    // All of them wait for a window: nothing is read any more.
    await until(async () => {
      const cpu = await cpuTicks(pid);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return floods() === 10 && (await cpuTicks(pid)) - cpu < 10;
    }, "the end of the reading");
    const growth = (await residentKiB(pid)) - before;
    process.stdout.write(`keeper: ${Math.round(growth / 1024)} MiB more for ten floods\n`);
    expect(growth).toBeLessThan(100 * 1024);
    const { channel } = await attachTo(ground.sockets, "flood-3");
    const screen = shown(channel);
    await until(() => screen().includes("y\r\ny"), "the flood");
  });

  test("windows that open a session at the same moment share it, and the last one stays attached", async () => {
    const window = await newWindow("one");
    await window.ask({ do: "open", keep: "shell-1" });
    const all = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const { channel } = await attachTo(ground.sockets, "shared");
        let isClosed = false;
        channel.onDidClose(() => {
          isClosed = true;
        });
        channel.resume();
        return { channel, isClosed: () => isClosed };
      }),
    );
    await until(() => all.filter(({ isClosed }) => isClosed()).length === 3, "the end of the others");
    expect(ids(await window.ask({ do: "listKept" }))).toEqual(["shell-1", "shared"]);
    const left = all.find(({ isClosed }) => !isClosed())?.channel;
    if (left === undefined) {
      throw new Error("no window is attached");
    }
    const screen = shown(left);
    left.write(Buffer.from("echo alive-$((40 + 2))\r"));
    await until(() => screen().includes("alive-42"), "the answer of the shell");
  });

  test("a session that another window takes has moved, and goes on there", async () => {
    const [one, two] = await Promise.all([newWindow("one"), newWindow("two")]);
    await one.ask({ do: "open", keep: "shell-1" });
    const shell = await shellValue(one, "pid", "$$");
    expect((await two.ask({ do: "listKept" })).kept).toMatchObject([
      { window: one.child.pid, windowName: "one", workspace: "workspace of one" },
    ]);
    await two.ask({ do: "open", keep: "shell-1" });
    expect(await shellValue(two, "again", "$$")).toBe(shell);
    await until(
      async () => (await one.ask({ do: "read", tab: 0 })).states.at(-1) === "ended",
      "the end of the first terminal",
    );
    expect((await one.ask({ do: "read", tab: 0 })).text).toContain("[lab: opened in another window]");
    // It neither reconnects nor takes the session back.
    expect((await one.ask({ do: "listKept" })).kept).toMatchObject([
      { window: two.child.pid, windowName: "two", workspace: "workspace of two", ended: false },
    ]);
    expect(newLogins()).toBe(1);
  });

  test("a keeper whose socket has been replaced leaves, and the other's socket stays", async () => {
    const window = await newWindow("one");
    await window.ask({ do: "open", keep: "shell-1" });
    const [pid = 0] = await ground.keepers();
    await window.kill();
    const other = createServer();
    try {
      await rename(join(ground.sockets, "keeper"), join(ground.sockets, "aside"));
      await listenIn(ground.sockets, other, "keeper");
      await until(() => !isRunning(pid), "the end of the keeper");
      expect((await lstat(join(ground.sockets, "keeper"))).isSocket()).toBe(true);
    } finally {
      other.close();
    }
  });

  test("no keeper is looked for in a folder that others can enter", async () => {
    const window = await newWindow("one");
    await window.ask({ do: "open", keep: "shell-1" });
    expect(await keeperPaths(ground.sockets)).toHaveLength(1);
    await chmod(ground.sockets, 0o711);
    expect(await keeperPaths(ground.sockets)).toEqual([]);
    await chmod(ground.sockets, 0o700);
  });

  test("a client that floods it with calls and reads nothing is disconnected", async () => {
    const window = await newWindow("one");
    await window.ask({ do: "open", keep: "shell-1" });
    const [pid = 0] = await ground.keepers();
    const client = connect(join(ground.sockets, "keeper"));
    const isGone = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.on("error", () => {});
    const json = JSON.stringify({ call: 1, name: "x".repeat(200_000), args: null });
    const header = Buffer.alloc(5);
    header.writeUInt32BE(1 + json.length);
    const frame = Buffer.concat([header, Buffer.from(json)]);
    client.pause();
    const flood = (): void => {
      while (client.writable && client.write(frame)) {}
    };
    client.on("drain", flood);
    flood();
    await isGone;
    expect(await residentKiB(pid)).toBeLessThan(400 * 1024);
    expect(await shellValue(window, "still", "$$")).toMatch(/^\d+$/);
  });

  test("limits go on counting while no window is attached, and the next window gets their result", async () => {
    const window = await newWindow("one");
    await window.ask({ do: "open", keep: "shell-1" });
    for (const kind of ["time", "idle"] as const) {
      const { kill } = await attachTo(ground.sockets, kind, [
        { kind, seconds: 2, source: { kind: "default" } },
      ]);
      kill();
      const isOver = async (): Promise<boolean> =>
        (await window.ask({ do: "listKept" })).kept.some(({ id, ended }) => id === kind && ended);
      await until(isOver, "the limit");
      const { channel } = await attachTo(ground.sockets, kind);
      channel.resume();
      expect(await nextEvent(channel.onDidClose)).toMatchObject({ limit: { limit: kind, seconds: 2 } });
    }
  });
});

function ids({ kept }: { readonly kept: readonly KeptListed[] }): readonly string[] {
  return kept.map(({ id }) => id);
}

/** The numbers of complete lines. */
function numbered(text: string): readonly number[] {
  const lines = text.trimEnd().split("\n");
  return lines.slice(0, -1).flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []));
}

/** Of all processors, in hundredths of a second (proc(5)). */
async function cpuTicks(pid: number): Promise<number> {
  const [user = 0, system = 0] = (await readFile(`/proc/${pid}/stat`, "utf8"))
    .replace(/^.*\) /s, "")
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return user + system;
}
