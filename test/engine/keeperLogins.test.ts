import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeKey } from "../lab/keys.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { KeeperGround, shellValue } from "../support/keeperGround.ts";
import type { WindowProcess } from "../support/windowProcess.ts";

const asks = { WINDOW_QUESTIONS: "on" };

describe("a login by the keeper", () => {
  let host: SshdHost;
  let ground: KeeperGround;
  let logins: number;

  beforeAll(async () => {
    host = await startSshd({
      user: "throwaway",
      sshd: { UsePAM: "yes", PasswordAuthentication: "yes", KbdInteractiveAuthentication: "yes" },
    });
  });

  afterAll(async () => await host.stop());

  afterEach(async () => await ground[Symbol.asyncDispose]());

  const prepare = async (extra: readonly string[]): Promise<void> => {
    ground = await KeeperGround.prepare(host, extra);
    logins = host.logins();
  };
  const onlyBy = (method: string): readonly string[] => [
    "PubkeyAuthentication no",
    `PreferredAuthentications ${method}`,
  ];
  const password = (): string => host.password ?? expect.unreachable("the lab's user has a password");
  const newLogins = (): number => host.logins() - logins;
  const question = async (window: WindowProcess): Promise<string> => {
    let text = "";
    await until(async () => {
      ({ text } = await window.ask({ do: "questions" }));
      return text !== "";
    }, "a question");
    return text;
  };
  const answer = async (window: WindowProcess, text?: string): Promise<void> => {
    await window.ask({ do: "answer", ...(text !== undefined && { text }) });
  };
  /** Those that the keeper has got. */
  const requests = async (): Promise<number> =>
    (await readFile(join(ground.sockets, "keeper.log"), "utf8")).split("a window needs it").length - 1;
  const asked = async (window: WindowProcess): Promise<readonly string[]> =>
    (await window.ask({ do: "questions" })).asked;
  /** What the keeper writes on SIGUSR2. */
  const heapSnapshot = async (): Promise<string> => {
    let text = "";
    await until(async () => {
      const names = (await readdir(ground.folder)).filter((name) => name.endsWith(".heapsnapshot"));
      text = names[0] === undefined ? "" : await readFile(join(ground.folder, names[0]), "utf8");
      // It is written in pieces.
      return text.trimEnd().endsWith("}");
    }, "the snapshot of its memory");
    return text;
  };
  const works = async (window: WindowProcess, keep: string): Promise<void> => {
    expect(await shellValue(window, "pid", "$$")).toMatch(/^\d+$/);
    expect((await window.ask({ do: "listKept" })).kept.map(({ id }) => id)).toContain(keep);
  };

  test.each(["password", "keyboard-interactive"])(
    "asks (%s) only in the window that connects, and keeps no answer",
    async (method) => {
      await prepare(onlyBy(method));
      const keeper = await ground.keeper(["--heapsnapshot-signal=SIGUSR2"]);
      const [other, one] = await Promise.all([ground.window("other", asks), ground.window("one", asks)]);
      const opening = one.ask({ do: "open", keep: "shell-1" });
      expect(await question(one)).toBe("password 1");
      await answer(one, password());
      await opening;
      await works(one, "shell-1");
      await host.waitForLog(new RegExp(`^Accepted ${method}`, "m"));
      // On the connection that is there, nothing is asked.
      await other.ask({ do: "open", keep: "shell-2" });
      await works(other, "shell-2");
      expect([await asked(one), await asked(other), newLogins()]).toEqual([["password 1"], [], 1]);
      keeper.kill("SIGUSR2");
      const memory = await heapSnapshot();
      // It has what the keeper holds. Not `toContain`, whose failure prints all of it.
      expect([memory.includes("shell-1"), memory.includes(password())]).toEqual([true, false]);
      for (const name of ["cmdline", "environ"]) {
        expect(await readFile(`/proc/${keeper.pid}/${name}`, "latin1")).not.toContain(password());
      }
      const log = await readFile(join(ground.sockets, "keeper.log"), "utf8");
      expect(log).toContain("keeps a session");
      expect(log).not.toContain(password());
    },
  );

  test("asks about an unknown host key and for a passphrase, and the key file is read by the window", async () => {
    await prepare([]);
    const key = await makeKey(join(ground.folder, "locked"), { passphrase: "open sesame", rounds: 2 });
    await host.authorize(key.publicLine);
    const [known, file] = [join(ground.folder, "known_hosts"), key.file];
    const lines = [`UserKnownHostsFile "${known}"`, "StrictHostKeyChecking ask", `IdentityFile "${file}"`];
    await writeFile(
      ground.config,
      host
        .sshConfigText("lab", lines)
        .replace(`  IdentityFile "${host.keyFile}"\n`, "")
        .replace("  StrictHostKeyChecking yes\n", ""),
    );
    const window = await ground.window("one", asks);
    const opening = window.ask({ do: "open", keep: "shell-1" });
    expect(await question(window)).toBe("host key lab");
    await answer(window, "yes");
    await until(async () => (await asked(window)).length === 2, "the second question");
    expect(await question(window)).toBe("passphrase 1");
    await answer(window, "open sesame");
    await opening;
    await works(window, "shell-1");
    expect(await readFile(known, "utf8")).toContain(host.hostKeyLines[0]?.split(" ")[1] ?? "no key");
  });

  test("a dismissed question cancels the login, and the next one asks again", async () => {
    await prepare(onlyBy("password"));
    const window = await ground.window("one", asks);
    await window.ask({ do: "open", keep: "shell-1", waits: false });
    await question(window);
    await answer(window);
    await until(async () => {
      const { states } = await window.ask({ do: "read", tab: 0 });
      return states.at(-1) === "ended";
    }, "the end of the terminal");
    await until(() => host.connections().length === 0, "the end of the connection");
    const opening = window.ask({ do: "open", keep: "shell-2" });
    expect(await question(window)).toBe("password 1");
    await answer(window, password());
    await opening;
    expect(await asked(window)).toEqual(["password 1", "password 1"]);
    expect(newLogins()).toBe(1);
  });

  test("a window that goes away while its question is open gives its login up", async () => {
    await prepare(onlyBy("password"));
    const window = await ground.window("one", asks);
    await window.ask({ do: "open", keep: "shell-1", waits: false });
    await question(window);
    expect(host.connections()).toHaveLength(1);
    await window.kill();
    await until(() => host.connections().length === 0, "the end of the connection");
    // Its keeper goes on.
    const next = await ground.window("two", asks);
    const opening = next.ask({ do: "open", keep: "shell-1" });
    expect(await question(next)).toBe("password 1");
    await answer(next, password());
    await opening;
    await works(next, "shell-1");
    expect(await ground.keepers()).toHaveLength(1);
  });

  test("two windows at once: one of them asks, and both have a terminal on its connection", async () => {
    await prepare(onlyBy("password"));
    const all = await Promise.all([ground.window("one", asks), ground.window("two", asks)]);
    const openings = all.map((window, at) => window.ask({ do: "open", keep: `shell-${at}` }));
    const texts = async (): Promise<readonly string[]> => (await Promise.all(all.map(asked))).flat();
    await until(async () => (await texts()).length > 0, "a question");
    const asking = (await asked(all[0])).length > 0 ? all[0] : all[1];
    await until(async () => (await requests()) === 2, "the second request");
    await answer(asking, password());
    await Promise.all(openings);
    expect([await texts(), newLogins()]).toEqual([["password 1"], 1]);
  });

  test.each(["goes away", "dismisses the question"])(
    "two windows at once, and the one that asks %s: the other one asks its own user",
    async (what) => {
      await prepare(onlyBy("password"));
      const first = await ground.window("one", asks);
      const second = await ground.window("two", asks);
      await first.ask({ do: "open", keep: "shell-1", waits: false });
      await question(first);
      const opening = second.ask({ do: "open", keep: "shell-2" });
      await until(async () => (await requests()) === 2, "the second request");
      if (what === "goes away") {
        await first.kill();
      } else {
        await answer(first);
      }
      expect(await question(second)).toBe("password 1");
      await answer(second, password());
      await opening;
      await works(second, "shell-2");
      expect(newLogins()).toBe(1);
    },
  );

  test("the keeper is killed while its question is open: the window asks again for the next one", async () => {
    await prepare(onlyBy("password"));
    const window = await ground.window("one", asks);
    const opening = window.ask({ do: "open", keep: "shell-1" });
    await question(window);
    const [pid = 0] = await ground.keepers();
    process.kill(pid, "SIGKILL");
    await until(async () => (await asked(window)).length === 2, "the next question");
    await answer(window, password());
    await opening;
    await works(window, "shell-1");
    expect(await ground.keepers()).not.toContain(pid);
    expect(newLogins()).toBe(1);
  });

  test("the keeper is killed twice in one login: the window logs in itself and says so, and uses the next one later", async () => {
    await prepare(onlyBy("password"));
    const window = await ground.window("one", asks);
    const opening = window.ask({ do: "open", keep: "shell-1" });
    for (const count of [1, 2]) {
      await until(async () => (await asked(window)).length === count, "a question");
      const [pid = 0] = await ground.keepers();
      process.kill(pid, "SIGKILL");
    }
    await until(async () => (await asked(window)).length === 3, "the question of the window itself");
    const { told } = await window.ask({ do: "listKept" });
    expect(told).toEqual([
      "The keeper can't be used: it ended during the login. This window connects to lab itself, and its terminals on this connection end with it. The next connection uses the keeper if it can.",
    ]);
    await answer(window, password());
    await opening;
    expect(await shellValue(window, "pid", "$$")).toMatch(/^\d+$/);
    expect((await window.ask({ do: "listKept" })).kept).toEqual([]);
    await window.ask({ do: "end" });
    const next = window.ask({ do: "open", keep: "shell-2" });
    await until(async () => (await asked(window)).length === 4, "the question of the keeper's login");
    await answer(window, password());
    await next;
    const { kept, told: inAll } = await window.ask({ do: "listKept" });
    expect([kept.map(({ id }) => id), inAll.length, newLogins()]).toEqual([["shell-2"], 1, 2]);
  });
});
