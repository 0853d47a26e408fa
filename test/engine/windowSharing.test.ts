import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimVariable } from "../../src/engine/channels/relay/relayTypes.ts";
import { secretFileName } from "../../src/share/meeting/pipeSecret.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { meetingPlaces } from "../support/meetingPlaces.ts";
import { sharedSocket } from "../support/sharedConnection.ts";
import { type WindowMaster, WindowProcess } from "../support/windowProcess.ts";

describe.each(meetingPlaces)("windows that share a connection, by %s", (_, env) => {
  let host: SshdHost;
  let folder: string;
  let config: string;
  let windows: WindowProcess[];
  let logins: number;

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(async () => {
    await host.stop();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-windows-"));
    config = join(folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    windows = [];
    logins = host.logins();
  });

  afterEach(async () => {
    await Promise.all(windows.map((window) => window.kill()));
    await rm(folder, { recursive: true, force: true });
  });

  const newWindow = async (name: string, execArgv: readonly string[] = []): Promise<WindowProcess> => {
    const window = await WindowProcess.start(config, join(folder, "sockets"), name, execArgv, env);
    windows.push(window);
    return window;
  };
  const onlyMaster = async (window: WindowProcess): Promise<WindowMaster | undefined> => {
    const { masters } = await window.ask({ do: "look" });
    expect(masters).toHaveLength(1);
    return masters[0];
  };
  /** Of windows, in the folder. */
  const leftBehind = async (): Promise<readonly string[]> =>
    (await readdir(join(folder, "sockets"))).filter((name) => name !== secretFileName);
  const newLogins = (): number => host.logins() - logins;
  const echo = async (window: WindowProcess, tab = 0): Promise<void> => {
    await window.ask({ do: "type", tab, text: "echo sum-$((40 + 2))\r", until: "sum-42" });
  };

  test("the second one uses the connection of the first, without a login, and both say so", async () => {
    const [owner, guest] = await Promise.all([newWindow("one"), newWindow("two")]);
    await owner.ask({ do: "open" });
    await guest.ask({ do: "open" });
    await guest.ask({ do: "open" });
    await echo(guest, 1);
    expect(newLogins()).toBe(1);
    expect(await onlyMaster(guest)).toMatchObject({
      state: "ready",
      sessions: 2,
      heldBy: { name: "one", pid: owner.child.pid },
    });
    expect(await onlyMaster(owner)).toMatchObject({ state: "ready", sessions: 1 });
    const { guests } = await owner.ask({ do: "look" });
    expect(guests).toMatchObject([
      {
        name: "two",
        pid: guest.child.pid,
        channels: [{ type: "session" }, { type: "session" }],
      },
    ]);
  });

  test("both list the programs on the connection, with what they do now, and either one ends them", async () => {
    const [owner, guest] = await Promise.all([newWindow("one"), newWindow("two")]);
    await owner.ask({ do: "open" });
    await guest.ask({ do: "open" });
    const variables = JSON.parse((await owner.ask({ do: "shareWithPrograms" })).text);
    const socket = await sharedSocket(variables, "lab,,,");
    const client = (...args: string[]) =>
      spawn("ssh", ["-F", config, "-S", socket, "-O", "proxy", ...args, "lab", "echo begun; cat"], {
        env: { ...process.env, [claimVariable]: "git 4711" },
        stdio: "pipe",
      });
    const named = client("-o", `SendEnv=${claimVariable}`);
    const other = client();
    try {
      await Promise.all([nextOutput(named), nextOutput(other)]);
      const listed = async (window: WindowProcess) =>
        (await window.ask({ do: "look" })).programs.map(({ name, pid, channels }) => ({
          ...{ name, pid, command: channels[0]?.command, bytesIn: channels[0]?.bytesIn },
        }));
      const common = { command: "echo begun; cat" };
      const both = [
        { ...common, name: "git", pid: 4711, bytesIn: 6 },
        { ...common, name: undefined, pid: undefined, bytesIn: 6 },
      ];
      const areBoth = async (window: WindowProcess): Promise<boolean> =>
        isDeepStrictEqual(new Set(await listed(window)), new Set(both));
      for (const window of [owner, guest]) {
        await until(async () => await areBoth(window), "both programs in both windows");
      }
      named.stdin.write("more\n");
      await until(
        async () => (await listed(guest)).some(({ name, bytesIn }) => name === "git" && bytesIn === 11),
        "the traffic of a program",
      );
      const { programs } = await guest.ask({ do: "look" });
      expect(programs.every(({ outlivesWindow }) => outlivesWindow)).toBe(true);
      const program = programs.find(({ name }) => name === "git")?.id ?? "";
      await guest.ask({ do: "endProgram", program });
      await exited(named);
      await owner.ask({ do: "endProgram", program: (await owner.ask({ do: "look" })).programs[0]?.id ?? "" });
      await exited(other);
      for (const window of [guest, owner]) {
        await until(async () => (await listed(window)).length === 0, "no program");
      }
    } finally {
      named.kill();
      other.kill();
    }
  });

  test("windows that connect at the same moment log in once", async () => {
    const all = await Promise.all(["one", "two", "three", "four"].map((name) => newWindow(name)));
    await Promise.all(all.map((window) => window.ask({ do: "open" })));
    await Promise.all(all.map((window) => echo(window)));
    expect(newLogins()).toBe(1);
  });

  test.each(["closes", "is killed"])(
    "the first one %s: the terminals of the others reconnect in their tabs by one login",
    async (how) => {
      const owner = await newWindow("owner");
      await owner.ask({ do: "open" });
      const others = await Promise.all(["one", "two", "three"].map((name) => newWindow(name)));
      await Promise.all(others.map((window) => window.ask({ do: "open" })));
      await Promise.all(others.map((window) => window.ask({ do: "open" })));
      expect(newLogins()).toBe(1);
      await (how === "closes" ? owner.close() : owner.kill());
      await Promise.all(others.map((window) => window.ask({ do: "reopened" })));
      await Promise.all(others.map((window) => echo(window, 1)));
      expect(newLogins()).toBe(2);
    },
  );

  test("a window that is stopped is left by the others, which log in once", async () => {
    const owner = await newWindow("owner");
    await owner.ask({ do: "open" });
    const others = await Promise.all(["one", "two"].map((name) => newWindow(name)));
    await Promise.all(others.map((window) => window.ask({ do: "open" })));
    owner.child.kill("SIGSTOP");
    await Promise.all(others.map((window) => window.ask({ do: "reopened" })));
    await Promise.all(others.map((window) => echo(window)));
    expect(newLogins()).toBe(2);
    owner.child.kill("SIGCONT");
    await echo(owner);
  });

  test("turning the setting off applies at once, in both directions", async () => {
    const [owner, guest] = await Promise.all([newWindow("one"), newWindow("two")]);
    await guest.ask({ do: "share", on: false });
    await owner.ask({ do: "open" });
    await guest.ask({ do: "open" });
    expect(newLogins()).toBe(2);
    const third = await newWindow("three");
    await third.ask({ do: "open" });
    expect((await onlyMaster(third))?.heldBy?.name).toBe("one");
    await owner.ask({ do: "share", on: false });
    await third.ask({ do: "reopened" });
    await echo(owner);
    expect(newLogins()).toBe(3);
  });

  test("what a window does with its sessions does not affect those of the others", async () => {
    const [owner, guest] = await Promise.all([newWindow("one"), newWindow("two")]);
    await owner.ask({ do: "open" });
    await guest.ask({ do: "open" });
    await guest.ask({ do: "end" });
    await echo(owner);
    const again = await newWindow("three");
    await again.ask({ do: "open" });
    await again.kill();
    await until(async () => (await owner.ask({ do: "look" })).guests.length === 0, "the end of the third");
    await echo(owner);
    expect(newLogins()).toBe(1);
  });

  test("the strictest keepalive of all windows counts, by the name of its window", async () => {
    const [owner, guest] = await Promise.all([newWindow("one"), newWindow("two")]);
    await owner.ask({ do: "set", user: { serverAliveInterval: 60 } });
    await guest.ask({ do: "set", user: { serverAliveInterval: 7 } });
    await owner.ask({ do: "open" });
    await guest.ask({ do: "open" });
    await until(
      async () => (await onlyMaster(owner))?.keepalive.serverAliveInterval === 7,
      "the keepalive of the guest",
    );
    expect((await onlyMaster(owner))?.uses.map(({ window }) => window)).toEqual([undefined, "two"]);
    // The guest says the same, and says whose a policy is when a third window has a stricter one.
    const third = await newWindow("three");
    await third.ask({ do: "set", user: { serverAliveInterval: 5 } });
    await third.ask({ do: "open" });
    await until(
      async () => (await onlyMaster(guest))?.keepalive.serverAliveInterval === 5,
      "the keepalive of the third in the second",
    );
    expect(
      (await onlyMaster(guest))?.uses.map(({ window, keepalive }) => [window, keepalive.serverAliveInterval]),
    ).toEqual([
      [undefined, 7],
      ["one", 60],
      ["three", 5],
    ]);
    await third.close();
    await until(
      async () => (await onlyMaster(guest))?.keepalive.serverAliveInterval === 7,
      "the keepalive of the second, when the third has left",
    );
    expect((await onlyMaster(guest))?.uses.map(({ window }) => window)).toEqual([undefined, "one"]);
    await guest.close();
    await until(
      async () => (await onlyMaster(owner))?.keepalive.serverAliveInterval === 60,
      "the keepalive of the owner",
    );
  });

  test("windows whose versions do not fit have connections of their own, whichever is first", async () => {
    const other = ["--import", join(import.meta.dirname, "..", "support", "otherWindowProtocol.ts")];
    for (const [first, second] of [
      [[], other],
      [other, []],
    ] as const) {
      const before = host.logins();
      const [owner, stranger] = [await newWindow("one", first), await newWindow("two", second)];
      for (const window of [owner, stranger]) {
        await window.ask({ do: "open" });
        expect((await onlyMaster(window))?.heldBy).toBeUndefined();
      }
      expect(host.logins() - before).toBe(2);
      // A window of the same version shares with its like, beside the other one.
      const friend = await newWindow("three", second);
      await friend.ask({ do: "open" });
      expect((await onlyMaster(friend))?.heldBy).toMatchObject({ name: "two" });
      expect(host.logins() - before).toBe(2);
      await Promise.all([owner, stranger, friend].map((window) => echo(window)));
      await Promise.all([friend, stranger, owner].map((window) => window.close()));
    }
  });

  test("a guest holds the connection for as long as it has sessions", async () => {
    const [owner, guest] = await Promise.all([newWindow("one"), newWindow("two")]);
    for (const window of [owner, guest]) {
      await window.ask({ do: "set", user: { linger: 1 } });
    }
    await owner.ask({ do: "open" });
    await guest.ask({ do: "open" });
    await owner.ask({ do: "type", tab: 0, text: "exit\r", until: "lab: " });
    await until(async () => (await onlyMaster(owner))?.sessions === 0, "the end of the session");
    await echo(guest);
    expect(await onlyMaster(owner)).toMatchObject({ state: "ready", sessions: 0 });
    await guest.ask({ do: "type", tab: 0, text: "exit\r", until: "lab: " });
    await until(async () => (await owner.ask({ do: "look" })).masters.length === 0, "the end of the linger");
    await until(async () => (await guest.ask({ do: "look" })).masters.length === 0, "the end of the guest");
    await until(async () => (await leftBehind()).length === 0, "the end of the sockets");
  });
});

test.each(meetingPlaces)(
  "a server that takes no more sessions: the guest gets a connection of its own, which others share, by %s",
  async (_, env) => {
    const host = await startSshd({ sshd: { MaxSessions: "2" } });
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-windows-"));
    const config = join(folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    const windows = await Promise.all(
      ["one", "two"].map((name) => WindowProcess.start(config, join(folder, "sockets"), name, [], env)),
    );
    try {
      const [owner, guest] = windows;
      await owner?.ask({ do: "open" });
      for (let count = 0; count < 3; count++) {
        await guest?.ask({ do: "open" });
      }
      expect(host.logins()).toBe(2);
    } finally {
      await Promise.all(windows.map((window) => window.kill()));
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
