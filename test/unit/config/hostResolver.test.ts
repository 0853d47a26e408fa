import { watch } from "node:fs";
import { mkdir, rm, utimes } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { nextEvent } from "../../../src/base/emitter.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { HostResolver } from "../../../src/config/configPorts.ts";
import { createHostResolver, type HostResolverInit } from "../../../src/config/hostResolver.ts";
import { typedHost } from "../../../src/config/hostSpec.ts";
import type { SshRun } from "../../../src/config/sshProgram.ts";
import { ConfigHome, FakeSettings } from "../../support/configFixtures.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";

/** Replaces `ssh -G`: prints defaults, changed by a test for a host. */
class FakeSsh {
  readonly calls: (readonly string[])[] = [];
  readonly answers = new Map<string, Partial<SshRun> | (() => Promise<Partial<SshRun>>)>();
  readonly #defaults: Readonly<Record<string, string>>;

  constructor(home: ConfigHome) {
    this.#defaults = {
      ...{ user: "me", hostname: "HOST", port: "22", serveraliveinterval: "0", serveralivecountmax: "3" },
      ...{
        tcpkeepalive: "yes",
        controlpersist: "no",
        identityfile: "~/.ssh/id_rsa",
        stricthostkeychecking: "ask",
      },
      ...{ ciphers: "aes128-ctr,aes256-ctr", batchmode: "no", compression: "no", connecttimeout: "none" },
      userknownhostsfile: `${home.path(".ssh/known_hosts")} ${home.path(".ssh/known_hosts2")}`,
    };
  }

  print(alias: string, changes: Readonly<Record<string, string>> = {}): Partial<SshRun> {
    const values = { ...this.#defaults, hostname: alias, ...changes };
    return {
      stdout: Object.entries(values)
        .map((pair) => `${pair.join(" ")}\n`)
        .join(""),
    };
  }

  get questions(): string[] {
    return this.calls.map((args) => args.at(-1) ?? "").filter((alias) => alias !== "localhost");
  }

  readonly run = async (_: string, args: readonly string[], signal: AbortSignal): Promise<SshRun> => {
    this.calls.push(args);
    const alias = args.at(-1) ?? "";
    const answer = this.answers.get(alias) ?? this.print(alias);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    const run = typeof answer === "function" ? await Promise.race([answer(), aborted]) : answer;
    return { exitCode: 0, stdout: "", stderr: "", ...run };
  };
}

describe("with an ssh on the machine", () => {
  let home: ConfigHome;
  let settings: FakeSettings;
  let ssh: FakeSsh;
  let clock: ManualClock;
  const made: { dispose(): void }[] = [];
  beforeEach(async () => {
    home = await ConfigHome.create();
    settings = new FakeSettings();
    ssh = new FakeSsh(home);
    clock = new ManualClock();
  });
  afterEach(async () => {
    for (const resolver of made.splice(0)) {
      resolver.dispose();
    }
    expect(clock.pendingTimers).toBe(0);
    expect(settings.changed.hasListeners).toBe(false);
    await home.dispose();
  });

  function create(changes: Partial<HostResolverInit> = {}): ReturnType<typeof createHostResolver> {
    const resolver = createHostResolver({
      ...{ settings, clock, logger: silentLogger, environment: home.environment() },
      ...{ ssh: "/bin/ssh", runSsh: ssh.run },
      ...changes,
    });
    made.push(resolver);
    return resolver;
  }

  test("its values apply, even if our own parser disagrees", async () => {
    await home.write(".ssh/config", "Port 1\n");
    ssh.answers.set("web", ssh.print("web", { port: "2222", hostname: "srv" }));
    expect(await create().resolve("web")).toMatchObject({ port: 2222, hostName: "srv" });
  });

  test("the paths of control sockets are those of the listed hosts, also in a file that depends on the host", async () => {
    const paths = async (): Promise<readonly unknown[]> =>
      (await create().controlPaths()).map(({ alias, path, port }) => [alias, path, port]);
    const hosts = "Host web db\n  Port 2222\nHost mail\n";
    await home.write(".ssh/config", hosts);
    expect(await paths()).toEqual([]);
    await home.write(".ssh/config", `${hosts}Match host web,mail\n  ControlPath /run/%n\n`);
    expect(await paths()).toEqual([
      ["web", "/run/web", 2222],
      ["mail", "/run/mail", 22],
    ]);
    await home.write(".ssh/config", `Include of-%n\n${hosts}`);
    await home.write(".ssh/of-db", "ControlPath /run/%p\n");
    expect(await paths()).toEqual([["db", "/run/2222", 2222]]);
    expect(ssh.calls).toEqual([]);
  });

  test("the host is never an option, and nothing goes through a shell", async () => {
    settings.configFile = "/c d";
    settings.hosts = [{ pattern: "web", hostName: "srv" }];
    await create().resolve("joe@web:2222");
    expect(ssh.calls).toContainEqual([
      ...["-G", "-F", "/c d", "-l", "joe", "-p", "2222", "-o", "HostName=srv", "--", "web"],
    ]);
    await expect(create().resolve("-oProxyCommand=x")).rejects.toMatchObject({ reason: "invalid-host" });
    expect(ssh.questions).toEqual(["web"]);
  });

  test.each(["web", "joe@web", "web:22", "joe@[::1]:2222"])(
    "the typed host can be recovered: %s",
    async (host) => {
      await home.write(".ssh/config", "Host web\n User joe\n Port 22\n");
      settings.hosts = [{ pattern: "*", user: "ann", port: 23 }];
      expect(typedHost(await create({ ssh: false }).resolve(host))).toBe(host);
    },
  );

  test("a value that both know has its line; one that only ssh knows has none; a default has neither", async () => {
    const file = await home.write(".ssh/config", "ServerAliveInterval 60\nMatch exec x\n TCPKeepAlive no\n");
    ssh.answers.set("web", ssh.print("web", { serveraliveinterval: "60", tcpkeepalive: "no" }));
    const config = await create().resolve("web");
    expect(config).toMatchObject({ serverAliveInterval: 60, tcpKeepAlive: false });
    expect(config).not.toHaveProperty("serverAliveCountMax");
    expect(config.sources.get("serveraliveinterval")).toEqual({ kind: "sshConfig", file, line: 1 });
    expect(config.sources.get("tcpkeepalive")).toEqual({ kind: "sshConfig" });
    expect(config.sources.get("serveralivecountmax")).toEqual({ kind: "default" });
  });

  test("a value that a file sets to the default is set", async () => {
    await home.write(".ssh/config", "ServerAliveInterval 0\nIdentityFile ~/.ssh/id_rsa\n");
    expect(await create().resolve("web")).toMatchObject({
      serverAliveInterval: 0,
      identityFilesAreDefault: false,
    });
  });

  test("ssh's own algorithms are left to the engine", async () => {
    ssh.answers.set("db", ssh.print("db", { ciphers: "aes256-ctr" }));
    const resolver = create();
    expect(await resolver.resolve("web")).not.toHaveProperty("ciphers");
    expect((await resolver.resolve("db")).ciphers).toEqual(["aes256-ctr"]);
  });

  test("the interval that Debian's ssh derives from BatchMode has no source", async () => {
    await home.write(".ssh/config", "BatchMode yes\n");
    ssh.answers.set("web", ssh.print("web", { batchmode: "yes", serveraliveinterval: "300" }));
    expect(await create().resolve("web")).not.toHaveProperty("serverAliveInterval");
  });

  test("paths with blanks are separated correctly", async () => {
    await home.write(".ssh/config", 'UserKnownHostsFile "/my hosts" /x\n');
    ssh.answers.set("web", ssh.print("web", { userknownhostsfile: "/my hosts /x" }));
    expect((await create().resolve("web")).userKnownHostsFiles).toEqual(["/my hosts", "/x"]);
  });

  test("concurrent requests for one host run it once", async () => {
    const resolver = create();
    const configs = await Promise.all(Array.from({ length: 50 }, () => resolver.resolve("web")));
    expect(new Set(configs).size).toBe(1);
    expect(ssh.questions).toEqual(["web"]);
  });

  test("it runs again only when a file has changed", async () => {
    const file = await home.write(".ssh/config", "Include more\n");
    const more = await home.write(".ssh/more", "Port 1\n");
    const resolver = create();
    await resolver.resolve("web");
    await resolver.resolve("web");
    expect(ssh.questions).toHaveLength(1);
    await utimes(more, 1, 1);
    await resolver.resolve("web");
    expect(ssh.questions).toHaveLength(2);
    await rm(file);
    await resolver.resolve("web");
    expect(ssh.questions).toHaveLength(3);
  });

  test("a file that starts to match an Include is a change", async () => {
    await home.write(".ssh/config", "Include conf.d/*\n");
    const resolver = create();
    await resolver.resolve("web");
    await home.write(".ssh/conf.d/new", "Port 1\n");
    await resolver.resolve("web");
    expect(ssh.questions).toHaveLength(2);
  });

  test("with Match exec, it runs each time", async () => {
    await home.write(".ssh/config", "Match host db exec true\n Port 1\n");
    const resolver = create();
    await resolver.resolve("web");
    await resolver.resolve("web");
    expect(ssh.questions).toHaveLength(2);
  });

  test("other settings for the host run it again", async () => {
    const resolver = create();
    await resolver.resolve("web");
    settings.hosts = [{ pattern: "web", port: 2222 }];
    await resolver.resolve("web");
    expect(ssh.questions).toHaveLength(2);
  });

  test("a run that takes too long is stopped after a minute", async () => {
    ssh.answers.set("web", () => new Promise(() => {}));
    const pending = create().resolve("web");
    const outcome = expect(pending).rejects.toMatchObject({ reason: "timed-out" });
    while (!ssh.questions.includes("web")) {
      await settle();
    }
    await clock.advance(59_999);
    expect(clock.pendingTimers).toBeGreaterThan(0);
    await clock.advance(1);
    await outcome;
  });

  test("a caller that cancels does not affect the others", async () => {
    let answer: (run: Partial<SshRun>) => void = () => {};
    ssh.answers.set("web", () => new Promise((resolve) => (answer = resolve)));
    const resolver = create();
    const controller = new AbortController();
    const first = resolver.resolve("web", controller.signal);
    const outcome = expect(first).rejects.toBeInstanceOf(CancelledError);
    const second = resolver.resolve("web");
    controller.abort(new CancelledError());
    await outcome;
    while (!ssh.questions.includes("web")) {
      await settle();
    }
    answer(ssh.print("web", { port: "7" }));
    expect((await second).port).toBe(7);
    await expect(resolver.resolve("web", controller.signal)).rejects.toBeInstanceOf(CancelledError);
  });

  test.each([
    ["/c line 3: Bad port 'x'.\n/c: terminating, 1 bad configuration options", "malformed", "/c", 3],
    ["/c: line 7: Bad configuration option: prot\r\n/c: terminating, 1 bad", "malformed", "/c", 7],
    ["/c line 2: RefuseConnection: use new\u001b instead", "refused", "/c", 2],
    ["Bad owner or permissions on /home/me/.ssh/config", "unreadable", "/home/me/.ssh/config", undefined],
    ["Can't open user config file /c: No such file or directory", "unreadable", "/c", undefined],
    ["jumphost loop via web", "jump-loop", undefined, undefined],
    ["hostname contains invalid characters", "invalid-host", undefined, undefined],
    ["percent_expand: unknown key %z", "malformed", undefined, undefined],
    ["", "malformed", undefined, undefined],
  ])("%j is refused as %s", async (stderr, reason, file, line) => {
    ssh.answers.set("web", {
      exitCode: 255,
      stderr: `Pseudo-terminal will not be allocated because stdin is not a terminal.\n${stderr}\n`,
    });
    await expect(create().resolve("web")).rejects.toMatchObject({ reason, file, line });
  });

  test("a line that only ssh refuses is a problem of that line until something changes", async () => {
    const file = await home.write(".ssh/config", "Host web\n Ciphers none-such\n");
    const resolver = create();
    let told = 0;
    resolver.onDidChangeProblems(() => told++);
    const refusal = { exitCode: 255, stderr: `${file} line 2: Bad SSH2 cipher spec 'none-such'.` };
    ssh.answers.set("web", refusal);
    for (let i = 0; i < 3; i++) {
      await expect(resolver.resolve("web")).rejects.toMatchObject({ reason: "malformed" });
    }
    expect(told).toBe(1);
    expect((await resolver.hosts()).problems).toEqual([
      { file, line: 2, message: expect.stringContaining("Bad SSH2 cipher spec") },
    ]);
    settings.changed.fire();
    expect((await resolver.hosts()).problems).toEqual([]);
  });

  test("warnings are available without running a program", async () => {
    const file = await home.write(
      ".ssh/config",
      "Match exec x\n Tunnel yes\nHost web\n BindInterface eth0\n",
    );
    expect(await create().warnings("joe@web")).toEqual([
      { kind: "keyword", keyword: "bindinterface", value: "eth0", file, line: 4, isSystemWide: false },
    ]);
    expect(ssh.calls).toEqual([]);
  });

  test("a line that both refuse is one problem, and RefuseConnection is none", async () => {
    const file = await home.write(".ssh/config", "Host web\n Prot 22\n");
    const resolver = create();
    ssh.answers.set("web", { exitCode: 255, stderr: `${file}: line 2: Bad configuration option: prot` });
    await expect(resolver.resolve("web")).rejects.toMatchObject({ line: 2 });
    ssh.answers.set("old", { exitCode: 255, stderr: `${file} line 1: RefuseConnection: gone` });
    await expect(resolver.resolve("old")).rejects.toMatchObject({ reason: "refused" });
    expect((await resolver.hosts()).problems).toMatchObject([{ file, line: 2 }]);
  });

  test("a refusal is not cached", async () => {
    const resolver = create();
    ssh.answers.set("web", { exitCode: 255, stderr: "/c line 3: Bad port 'x'." });
    await expect(resolver.resolve("web")).rejects.toMatchObject({ reason: "malformed" });
    ssh.answers.delete("web");
    expect((await resolver.resolve("web")).port).toBe(22);
  });

  test("an ssh that can't be started is ignored, and not tried again", async () => {
    await home.write(".ssh/config", "Port 2222\n");
    let starts = 0;
    const resolver = create({
      runSsh: () => {
        starts++;
        return Promise.reject(Object.assign(new Error("spawn EACCES"), { code: "EACCES" }));
      },
    });
    expect((await resolver.resolve("web")).port).toBe(2222);
    const before = starts;
    await resolver.resolve("db");
    expect(starts).toBe(before);
  });

  test("another program of that name, or one too old for -G, is ignored", async () => {
    await home.write(".ssh/config", "Port 2222\n");
    const unknownOption = { exitCode: 255, stdout: "", stderr: "ssh: illegal option -- G" };
    expect((await create({ runSsh: async () => unknownOption }).resolve("web")).port).toBe(2222);
    const silent = { exitCode: 0, stdout: "", stderr: "" };
    expect((await create({ runSsh: async () => silent }).resolve("web")).port).toBe(2222);
  });

  test("a machine that is temporarily short of processes does not lose its ssh for good", async () => {
    let isShort = true;
    const resolver = create({
      runSsh: (program, args, signal) =>
        isShort
          ? Promise.reject(Object.assign(new Error("spawn EAGAIN"), { code: "EAGAIN" }))
          : ssh.run(program, args, signal),
    });
    await resolver.resolve("web");
    isShort = false;
    await resolver.resolve("db");
    expect(ssh.questions).toEqual(["db"]);
  });

  test("hosts are listed without running it", async () => {
    await home.write(".ssh/config", 'Host web\n User "x\nHost db\n');
    settings.hosts = [{ pattern: "lab" }];
    const { hosts, problems } = await create().hosts();
    expect(hosts.map(({ alias }) => alias)).toEqual(["web", "db", "lab"]);
    expect(problems).toHaveLength(1);
    expect(ssh.calls).toEqual([]);
  });

  test("changed settings fire the event", async () => {
    const resolver = create();
    let changes = 0;
    resolver.onDidChange(() => changes++);
    settings.changed.fire();
    expect(changes).toBe(1);
  });

  test("a request that began before a change does not answer one that came after it", async () => {
    const answers: ((run: Partial<SshRun>) => void)[] = [];
    ssh.answers.set("web", () => new Promise((resolve) => answers.push(resolve)));
    const resolver = create();
    const before = resolver.resolve("web");
    while (answers.length < 1) {
      await settle();
    }
    settings.changed.fire();
    const after = resolver.resolve("web");
    while (answers.length < 2) {
      await settle();
    }
    answers[0]?.(ssh.print("web", { port: "1" }));
    answers[1]?.(ssh.print("web", { port: "2" }));
    expect([(await before).port, (await after).port]).toEqual([1, 2]);
  });

  describe("files are watched", () => {
    const changed = (resolver: HostResolver): Promise<void> =>
      nextEvent(resolver.onDidChange, AbortSignal.timeout(10_000));

    test("a change of the file fires the event", async () => {
      await home.write(".ssh/config", "Host a\n");
      const resolver = create({ clock: systemClock });
      await resolver.hosts();
      const change = changed(resolver);
      await home.write(".ssh/config", "Host a b\n");
      await change;
      expect((await resolver.hosts()).hosts).toHaveLength(2);
    });

    test("a change of an included file, and a new one, fire the event", async () => {
      await home.write(".ssh/config", "Include conf.d/*\n");
      await home.write(".ssh/conf.d/a", "Host a\n");
      const resolver = create({ clock: systemClock });
      await resolver.resolve("a");
      let change = changed(resolver);
      await home.write(".ssh/conf.d/a", "Host a\n Port 1\n");
      await change;
      change = changed(resolver);
      await home.write(".ssh/conf.d/b", "Host b\n");
      await change;
      expect((await resolver.hosts()).hosts).toHaveLength(2);
    });

    test("a new folder fires the event, and is watched from then on", async () => {
      await rm(home.path(".ssh"), { recursive: true });
      const resolver = create({ clock: systemClock });
      await resolver.hosts();
      let change = changed(resolver);
      await mkdir(home.path(".ssh"));
      await change;
      change = changed(resolver);
      await home.write(".ssh/config", "Host a\n");
      await change;
      expect((await resolver.hosts()).hosts).toHaveLength(1);
    });

    test("other files in the folder are ignored", async () => {
      await home.write(".ssh/config", "Host a\n");
      await create().hosts();
      const seen = new Promise<void>((resolve) => {
        const watcher = watch(home.path(".ssh"), (_, name) => {
          if (name === "last") {
            watcher.close();
            resolve();
          }
        });
      });
      await home.write(".ssh/known_hosts", "x\n");
      await home.write(".ssh/last", "");
      await seen;
      await settle();
      expect(clock.pendingTimers).toBe(0);
    });

    test("the steps in which an editor writes a file are one change", async () => {
      await home.write(".ssh/config", "Host a\n");
      const resolver = create();
      let changes = 0;
      resolver.onDidChange(() => changes++);
      await resolver.hosts();
      await home.write(".ssh/config", "");
      while (clock.pendingTimers === 0) {
        await settle();
      }
      await home.write(".ssh/config", "Host b\n");
      await settle();
      await clock.advance(200);
      expect(changes).toBe(1);
    });
  });
});
