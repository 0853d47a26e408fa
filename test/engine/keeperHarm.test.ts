import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { dataWindow } from "../../src/engine/keeper/keeperMessages.ts";
import { talkAt } from "../../src/share/keeper/keeperProgram.ts";
import { listenIn } from "../../src/share/socketFolder.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { attachTo, KeeperGround, residentKiB, shellValue, shown } from "../support/keeperGround.ts";
import { attempts, second } from "../support/secondUser.ts";

let host: SshdHost;
let ground: KeeperGround;

beforeAll(async () => {
  host = await startSshd();
});

afterAll(async () => await host.stop());

beforeEach(async () => {
  ground = await KeeperGround.prepare(host);
});

afterEach(async () => await ground[Symbol.asyncDispose]());

describe("a keeper that is harmed", () => {
  test("by one screen that fails: the session goes on, and so do all others", async () => {
    const preload = join(ground.folder, "preload.mjs");
    const headless = pathToFileURL(join(import.meta.dirname, "../../src/keeper/keptScreen.ts")).href;
    // The terminal's parser runs in a timer of its own. There is no known output at which it throws.
    await writeFile(
      preload,
      `import { createRequire } from "node:module";
       const { Terminal } = createRequire(${JSON.stringify(headless)})("@xterm/headless");
       const write = Terminal.prototype.write;
       Terminal.prototype.write = function (data, done) {
         if (String(data).includes("fatal-42")) {
           this.write = () => {};
           setTimeout(() => { throw new Error("the parser has failed"); });
         } else {
           write.call(this, data, done);
         }
       };`,
    );
    const keeper = await ground.keeper(["--import", preload]);
    const window = await ground.window("one");
    await window.ask({ do: "open", keep: "shell-1" });
    await window.ask({ do: "open", keep: "shell-2" });
    const shells = [await shellValue(window, "pid", "$$", 0), await shellValue(window, "pid", "$$", 1)];
    await window.ask({ do: "type", tab: 0, text: "echo fatal-$((40 + 2))\r", until: "fatal-42" });
    const log = async (): Promise<string> => await readFile(join(ground.sockets, "keeper.log"), "utf8");
    await until(async () => (await log()).includes("the screen of a session was lost"), "the repair");
    expect(await log()).toMatch(/unexpected error \(the parser has failed\)/);
    // More than is read without a screen that keeps up.
    await window.ask({ do: "type", tab: 0, text: "seq 200000; echo end-$((40 + 2))\r", until: "end-42" });
    await window.kill();
    const next = await ground.window("two");
    await next.ask({ do: "open", keep: "shell-1" });
    await next.ask({ do: "open", keep: "shell-2" });
    expect([await shellValue(next, "again", "$$", 0), await shellValue(next, "again", "$$", 1)]).toEqual(
      shells,
    );
    expect(await ground.keepers()).toEqual([keeper.pid]);
  });

  test("by input beyond the window that it has given: it waits in the sender, and arrives", async () => {
    const keeper = await ground.keeper([]);
    const window = await ground.window("one");
    const [go, bytes] = [join(ground.folder, "go"), 40_000_000];
    const command = `stty raw -echo; echo ready; until [ -e ${go} ]; do sleep 0.1; done; head -c ${bytes} | sha256sum; sleep 600`;
    await window.ask({ do: "open", command, keep: "paste" });
    await window.kill();
    const { channel, socket } = await attachTo(ground.sockets, "paste");
    const screen = shown(channel);
    const pid = keeper.pid ?? 0;
    const before = await residentKiB(pid);
    const paste = Buffer.from(randomBytes(bytes * 0.75).toString("base64"));
    expect(paste.length).toBe(bytes);
    for (let at = 0; at < bytes; at += dataWindow) {
      socket.data(paste.subarray(at, at + dataWindow));
    }
    // It reads nothing more.
    let last = -1;
    await until(async () => {
      const now = await residentKiB(pid);
      const isStill = Math.abs(now - last) < 64;
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return isStill;
    }, "the end of its reading");
    expect(last - before).toBeLessThan(30 * 1024);
    await writeFile(go, "");
    const sum = createHash("sha256").update(paste).digest("hex");
    await until(() => screen().includes(sum), "the checksum");
  });

  test("by a stop of its process: a new window says so and logs in itself, and its sessions go on when it runs", async () => {
    const keeper = await ground.keeper([]);
    const one = await ground.window("one");
    await one.ask({ do: "open", keep: "shell-1" });
    const logins = host.logins();
    const other = await ground.window("other");
    keeper.kill("SIGSTOP");
    try {
      await other.ask({ do: "open", keep: "shell-2" });
      expect(await shellValue(other, "pid", "$$")).toMatch(/^\d+$/);
      const { masters } = await other.ask({ do: "look" });
      expect(masters.map(({ state, heldBy }) => [state, heldBy])).toEqual([["ready", undefined]]);
    } finally {
      keeper.kill("SIGCONT");
    }
    expect(await shellValue(one, "pid", "$$")).toMatch(/^\d+$/);
    const { kept, told } = await other.ask({ do: "listKept" });
    expect([kept.map(({ id }) => id), told]).toEqual([
      ["shell-1"],
      [expect.stringMatching(/^The keeper can't be used: it does not answer\. /)],
    ]);
    expect(host.logins() - logins).toBe(1);
  });

  test("by requests without sense: each is refused, and no session is opened for it", async () => {
    const keeper = await ground.keeper([]);
    const window = await ground.window("one");
    await window.ask({ do: "open", keep: "shell-1" });
    const sessions = host.sessions();
    const garbage: readonly unknown[] = [
      7,
      "x",
      null,
      [null],
      [{}],
      [{ kind: 7, seconds: "x" }],
      { length: 9 },
    ];
    for (const limits of garbage) {
      await expect(attachTo(ground.sockets, "garbage", limits as [])).rejects.toThrow(/malformed/);
    }
    const talk = await talkAt(join(ground.sockets, "keeper"), systemClock);
    for (const name of ["connect", "open", "where", "end", "nothing"]) {
      for (const args of [
        undefined,
        null,
        7,
        "x",
        [],
        {},
        { build: "test" },
        { build: "test", config: {} },
      ]) {
        await talk?.socket.call(name, args, AbortSignal.timeout(10_000)).catch(() => {});
      }
    }
    talk?.socket.end();
    expect(host.sessions()).toBe(sessions);
    expect((await window.ask({ do: "listKept" })).kept.map(({ id }) => id)).toEqual(["shell-1"]);
    expect(await ground.keepers()).toEqual([keeper.pid]);
  });

  test("by the crash of one before it: the sockets that it left behind are removed", async () => {
    await mkdir(ground.sockets, { mode: 0o700 });
    const names = ["keeper.12345", "w0123456789ab.abcdef"];
    for (const name of names) {
      // The end of the process leaves the file.
      const script = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
      const child = spawn(process.execPath, ["-e", script, join(ground.sockets, name)], { stdio: "ignore" });
      await new Promise((resolve) => child.once("exit", resolve));
    }
    const listening = createServer();
    try {
      await listenIn(ground.sockets, listening, "keeper.777");
      await writeFile(join(ground.sockets, "keeper.log"), "");
      await ground.keeper([]);
      await until(
        async () => !(await readdir(ground.sockets)).some((name) => names.includes(name)),
        "the end of the old sockets",
      );
      expect(await readdir(ground.sockets)).toEqual(
        expect.arrayContaining(["keeper", "keeper.777", "keeper.log"]),
      );
    } finally {
      listening.close();
    }
  });
});

describe("the environment of a keeper", () => {
  test("is its own, and a ProxyCommand has that of the window that asked", async () => {
    const seen = join(ground.folder, "seen");
    const forward = join(ground.folder, "forward.cjs");
    await writeFile(
      forward,
      `require("fs").writeFileSync(${JSON.stringify(seen)} + process.env.MARK, JSON.stringify(process.env));
       const socket = require("net").connect(${host.port}, "127.0.0.1");
       process.stdin.pipe(socket).pipe(process.stdout);`,
    );
    const proxied = (alias: string): string =>
      host.sshConfigText(alias, [
        `ProxyCommand ${process.execPath} ${forward}`,
        `HostKeyAlias [127.0.0.1]:${host.port}`,
        // Another connection for each.
        alias === "lab" ? "Compression no" : "Compression yes",
      ]);
    await writeFile(ground.config, proxied("lab"));
    const first = await ground.window("one", {
      MARK: "first",
      SSH_AUTH_SOCK: "/agent-1",
      HTTPS_PROXY: "http://p",
    });
    await first.ask({ do: "open", keep: "shell-1" });
    await writeFile(ground.config, proxied("other").replace("Host other", "Host lab"));
    const other = await ground.window("two", { MARK: "second", SSH_AUTH_SOCK: "/agent-2" });
    await other.ask({ do: "open", keep: "shell-2" });
    const [pid = 0, ...further] = await ground.keepers();
    expect(further).toEqual([]);
    const own = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").filter((each) => each !== "");
    const allowed =
      /^(?:HOME|USER|LOGNAME|SHELL|PATH|LANG|LC_\w+|TZ|TMPDIR|XDG_RUNTIME_DIR|LD_LIBRARY_PATH|ELECTRON_RUN_AS_NODE)=/;
    expect(own.filter((each) => !allowed.test(each))).toEqual([]);
    const [ofFirst, ofSecond] = await Promise.all(
      ["first", "second"].map(async (mark) => JSON.parse(await readFile(`${seen}${mark}`, "utf8"))),
    );
    expect(ofFirst).toMatchObject({ SSH_AUTH_SOCK: "/agent-1", HTTPS_PROXY: "http://p" });
    expect(ofSecond).toMatchObject({ SSH_AUTH_SOCK: "/agent-2" });
    expect(ofSecond).not.toHaveProperty("HTTPS_PROXY");
  });
});

describe("another user of the machine", () => {
  test("can connect to no socket of the keeper, not even where its folder is open by mistake", async () => {
    const window = await ground.window("one");
    await window.ask({ do: "open", keep: "shell-1" });
    await chmod(ground.folder, 0o755);
    const sockets = (await readdir(ground.sockets))
      .filter((name) => !name.includes("log"))
      .map((name) => join(ground.sockets, name));
    expect(sockets).toHaveLength(2);
    expect(await attempts(sockets)).toEqual(["EACCES", "EACCES"]);
    await chmod(ground.sockets, 0o755);
    expect(await attempts(sockets)).toEqual(["EACCES", "EACCES"]);
    await chmod(ground.sockets, 0o700);
    expect(await shellValue(window, "pid", "$$")).toMatch(/^\d+$/);
  });

  test("owns a socket with the name of the keeper: no window talks to it, and the window logs in itself", async () => {
    await mkdir(ground.sockets, { mode: 0o700 });
    let caught = 0;
    const hostile = createServer(() => caught++);
    try {
      await listenIn(ground.sockets, hostile, "keeper");
      await chown(join(ground.sockets, "keeper"), second.uid, second.gid);
      const window = await ground.window("one");
      await window.ask({ do: "open", keep: "shell-1" });
      const { masters } = await window.ask({ do: "look" });
      expect(masters.map(({ state, heldBy }) => [state, heldBy])).toEqual([["ready", undefined]]);
      expect(caught).toBe(0);
    } finally {
      hostile.close();
    }
  });

  test("has put a folder in the place of the sockets: no keeper starts there", async () => {
    await mkdir(ground.sockets, { mode: 0o700 });
    await chown(ground.sockets, second.uid, second.gid);
    const window = await ground.window("one");
    await window.ask({ do: "open", keep: "shell-1" });
    const { masters } = await window.ask({ do: "look" });
    expect(masters.map(({ state, heldBy }) => [state, heldBy])).toEqual([["ready", undefined]]);
    expect(await readdir(ground.sockets)).toEqual([]);
    expect((await lstat(ground.sockets)).uid).toBe(second.uid);
  });

  test("takes the folder of the sockets away: the keeper leaves, and the next one is in a folder of this user", async () => {
    const window = await ground.window("one");
    await window.ask({ do: "open", keep: "shell-1" });
    const [before = 0] = await ground.keepers();
    await rename(ground.sockets, `${ground.sockets}.stolen`);
    await window.ask({ do: "reopened" });
    const [after = 0] = await ground.keepers();
    expect(after).not.toBe(before);
    expect(await shellValue(window, "pid", "$$")).toMatch(/^\d+$/);
  });
});
