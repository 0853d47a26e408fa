import { lstat, mkdir, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { talkAt } from "../../src/share/keeper/keeperProgram.ts";
import { isRunning } from "../lab/processTree.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { attachTo, KeeperGround, shellValue, shown } from "../support/keeperGround.ts";

describe("the life of a keeper", () => {
  let host: SshdHost;
  let ground: KeeperGround;

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(async () => await host.stop());

  beforeEach(async () => {
    // Connections that end soon after their last session.
    ground = await KeeperGround.prepare(host, ["ControlPersist 1"]);
  });

  afterEach(async () => await ground[Symbol.asyncDispose]());

  /** What logind says about the user, for keepers that have this folder as the root of their files. */
  const record = async (state: string): Promise<string> => {
    const root = join(ground.folder, "root");
    const path = join(root, "run/systemd/users", String(userInfo().uid));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `# This is private data. Do not parse.\nSTATE=${state}\n`);
    return root;
  };

  test("goes on while it holds a session that no window shows, and ends some time after its last connection", async () => {
    const idleSeconds = 1;
    const window = await ground.window("one");
    const keeper = await ground.keeper([], { idleSeconds });
    // A busy machine may take longer than that until the window connects.
    const hold = await talkAt(join(ground.sockets, "keeper"), systemClock);
    await window.ask({ do: "open", keep: "shell-1" });
    hold?.socket.end();
    const shell = Number(await shellValue(window, "pid", "$$"));
    await window.kill();
    // Longer than it stays without a connection.
    await delay((idleSeconds + 2) * 1000);
    expect([isRunning(keeper.pid ?? 0), isRunning(shell)]).toEqual([true, true]);
    const { channel } = await attachTo(ground.sockets, "shell-1");
    const screen = shown(channel);
    channel.write(Buffer.from("echo back-$((40 + 2))\r"));
    await until(() => screen().includes("back-42"), "the answer of the shell");
    channel.write(Buffer.from("exit\r"));
    await exited(keeper);
    expect(keeper.exitCode).toBe(0);
    expect(host.connections()).toEqual([]);
    await expect(lstat(join(ground.sockets, "keeper"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test.each(["the removal of its folder", "the record of logind", "SIGTERM", "SIGHUP"] as const)(
    "ends with the user's session (%s), and its shells with it",
    async (how) => {
      const keeper = await ground.keeper([], { root: await record("active") });
      const window = await ground.window("one");
      await window.ask({ do: "open", keep: "shell-1" });
      const shell = Number(await shellValue(window, "pid", "$$"));
      // A session without a window is no reason to stay.
      await window.kill();
      if (how === "the removal of its folder") {
        await rm(ground.sockets, { recursive: true });
      } else if (how === "the record of logind") {
        await record("closing");
      } else {
        keeper.kill(how);
      }
      await exited(keeper);
      expect(keeper.exitCode).toBe(0);
      await until(() => !isRunning(shell), "the end of the shell");
      await until(() => host.connections().length === 0, "the end of the connection");
    },
  );

  test("goes on after a logout if a window is there, and if its user wants it to", async () => {
    const keeper = await ground.keeper([], { root: await record("active") });
    const window = await ground.window("one", { WINDOW_AFTER_LOGOUT: "on" });
    await window.ask({ do: "open", keep: "shell-1" });
    const shell = Number(await shellValue(window, "pid", "$$"));
    await record("closing");
    await window.kill();
    // It has looked more than twice.
    await delay(2_000);
    expect([isRunning(keeper.pid ?? 0), isRunning(shell)]).toEqual([true, true]);
    const other = await ground.window("two");
    expect((await other.ask({ do: "listKept" })).kept).toHaveLength(1);
    // This one has said that it does not.
    await exited(keeper);
    await until(() => !isRunning(shell), "the end of the shell");
  });

  test("killed at ten random moments: its terminals are told, and reconnect to the next one", async () => {
    const windows = await Promise.all([ground.window("one"), ground.window("two")] as const);
    // Its lines stay in the window, which keeps 500.
    const command = "echo ready; for i in 1 2 3 4 5 6 7 8 9; do echo line-$i; sleep 0.1; done; sleep 600";
    await Promise.all(
      windows.map(async (window, at) => {
        await window.ask({ do: "open", keep: `shell-${at}` });
        await window.ask({ do: "open", keep: `output-${at}`, command });
      }),
    );
    // A connection that was soon lost makes the next attempt wait longer, unless the user wants it now.
    await Promise.all(windows.map((window) => window.ask({ do: "hurry" })));
    let pid = 0;
    const next = async (): Promise<void> => {
      const before = pid;
      await until(async () => {
        const pids = await ground.keepers();
        expect(pids.length).toBeLessThan(2);
        pid = pids[0] ?? before;
        return pid !== before;
      }, "the next keeper");
    };
    const allOpen = async (): Promise<void> => {
      let listed: unknown;
      await until(
        async () => {
          const { kept } = await windows[0].ask({ do: "listKept" });
          listed = kept;
          return kept.length === 4 && kept.every(({ window }) => window !== undefined);
        },
        () => `all terminals at the next keeper, which has ${JSON.stringify(listed)},`,
      );
    };
    for (let kill = 1; kill <= 10; kill++) {
      await next();
      if (kill % 2 === 0) {
        await allOpen();
      }
      // Otherwise it logs in or opens sessions. Twice in a row, and the window would log in itself.
      await delay(Math.random() * 1_000);
      process.kill(pid, "SIGKILL");
    }
    await next();
    await allOpen();
    for (const window of windows) {
      for (const tab of [0, 1]) {
        const { text } = await window.ask({ do: "read", tab });
        expect(text).toMatch(/lost: the connection of the keeper ended/);
      }
      expect(await shellValue(window, "back", "$$")).toMatch(/^\d+$/);
    }
    expect(await ground.keepers()).toHaveLength(1);
    // Nothing of the killed ones is left on the server.
    await until(() => host.connections().length === 1, "the end of the other connections");
  });
});
