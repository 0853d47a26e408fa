import { execFile } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, chown, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OpenSshEngine } from "../../src/engine/openssh/openSshEngine.ts";
import { isRunning } from "../lab/processTree.ts";
import { SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { hasExited } from "../lab/watchdog.ts";
import { shell } from "../support/fakeStack.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { refusing, type TestStack, Transcript, testStack } from "../support/testStack.ts";
import { never, run } from "./contract/channels.ts";
import { loginTo } from "./contract/logins.ts";

const execute = promisify(execFile);

describe("a master of the engine openssh at the ControlPath of ssh_config", () => {
  let host: SshdHost;
  let client: SshClient;
  let path: string;
  let folder: string;
  let stacks: TestStack[];
  let logins: number;
  let servers: Server[];

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(async () => {
    await host.stop();
  });

  /** Another program that listens there. */
  async function listen(at: string): Promise<void> {
    const server = createServer();
    servers.push(server);
    await once(server.listen(at), "listening");
  }

  beforeEach(async () => {
    servers = [];
    client = await SshClient.for(host);
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-control-"));
    path = join(folder, "c");
    stacks = [];
    logins = host.logins();
    await configure();
  });

  afterEach(async () => {
    for (const stack of stacks) {
      for (const { id } of stack.service.masters()) {
        stack.service.kill(id);
      }
      await stack[Symbol.asyncDispose]();
    }
    await client.stop();
    for (const server of servers) {
      server.close();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** The ssh_config of both. */
  async function configure(controlPath = path, controlMaster = "auto", more: string[] = []): Promise<void> {
    const extra = [
      ...more,
      `ControlPath ${controlPath}`,
      `ControlMaster ${controlMaster}`,
      "IdentityAgent none",
    ];
    await writeFile(client.configFile, host.sshConfigText("lab", extra));
  }

  async function newWindow(sharesWithWindows = false): Promise<TestStack> {
    const stack = await testStack(
      client.configFile,
      { sharesWithWindows: () => sharesWithWindows },
      {},
      refusing,
    );
    stack.settings.layers = { user: { reconnect: "never", engine: "openssh" } };
    stacks.push(stack);
    return stack;
  }

  const newLogins = (): number => host.logins() - logins;
  const control = async (command: string): Promise<string> =>
    (await execute("ssh", ["-F", client.configFile, "-O", command, "lab"])).stderr.trim();
  const isThere = (): Promise<boolean> =>
    lstat(path).then(
      () => true,
      () => false,
    );

  async function masterPid(): Promise<number> {
    return Number(/pid=(\d+)/.exec(await control("check"))?.[1]);
  }

  /** A session of the user's own `ssh`, which repeats every line. */
  async function usersSession(): Promise<{ ask(): Promise<string>; end(): Promise<void> }> {
    const child = client.spawn("echo on; cat");
    await once(child.stdout, "data");
    return {
      ask: async () => {
        if (hasExited(child)) {
          return "ended";
        }
        child.stdin.write("and on\n");
        const [line] = await Promise.race([
          once(child.stdout, "data"),
          once(child, "exit").then(() => ["ended"]),
        ]);
        return String(line);
      },
      end: async () => {
        child.stdin.end();
        if (!hasExited(child)) {
          await once(child, "exit");
        }
      },
    };
  }

  test.each(["auto", "yes"])(
    "carries the user's own ssh without a login (ControlMaster %s)",
    async (choice) => {
      await configure(path, choice);
      const stack = await newWindow();
      const tab = new Transcript(await stack.service.open({ host: "lab", ...shell }));
      const facts = await lstat(path);
      expect([facts.isSocket(), facts.mode & 0o777, facts.uid]).toEqual([true, 0o600, process.getuid?.()]);
      // With `yes`, a second ssh would be a master, too.
      expect(await client.run("echo mine", ["-o", "ControlMaster=auto"])).toBe("mine\n");
      tab.send("echo ours-$((40+2))\n");
      await tab.waitFor(/ours-42/);
      expect(newLogins()).toBe(1);
      expect(stack.master().rides).toBeUndefined();
      await stack.userMasters.look();
      expect(stack.userMasters.masters()).toEqual([]);
    },
  );

  test.each(["disconnect", "kill"] as const)(
    "%s ends it at once while no other client uses it",
    async (end) => {
      const stack = await newWindow();
      await stack.service.connect("lab");
      expect(await client.run("echo mine")).toBe("mine\n");
      const pid = await masterPid();
      await stack.service[end](stack.master().id);
      await until(() => !isRunning(pid), "the end of the master");
      await until(async () => !(await isThere()), "no socket");
    },
  );

  test.each(["disconnect", "kill"] as const)(
    "%s does not end the sessions of the user's own ssh",
    async (end) => {
      const stack = await newWindow();
      await stack.service.open({ host: "lab", ...shell });
      const users = await usersSession();
      const pid = await masterPid();
      await stack.service[end](stack.master().id);
      await stack.until((masters) => masters.length === 0);
      await until(async () => !(await isThere()), "no socket");
      expect(await users.ask()).toBe("and on\n");
      expect(newLogins()).toBe(1);
      // The next one is a connection of the user.
      expect(await client.run("echo new", ["-o", "ControlPersist=no"])).toBe("new\n");
      expect(newLogins()).toBe(2);
      expect(isRunning(pid)).toBe(true);
      await users.end();
      await until(() => !isRunning(pid), "the end of the master with its last client");
    },
  );

  test("the window closes: the user's sessions go on, and the next window takes it over without a login", async () => {
    const stack = await newWindow();
    await stack.service.open({ host: "lab", ...shell });
    const users = await usersSession();
    const pid = await masterPid();
    await stack[Symbol.asyncDispose]();
    expect(await users.ask()).toBe("and on\n");
    expect(await masterPid()).toBe(pid);
    const next = await newWindow();
    const tab = new Transcript(await next.service.open({ host: "lab", ...shell }));
    tab.send("echo next-$((40+2))\n");
    await tab.waitFor(/next-42/);
    expect(next.master().rides).toBeUndefined();
    expect(newLogins()).toBe(1);
    next.service.kill(next.master().id);
    await until(async () => !(await isThere()), "no socket");
    expect(await users.ask()).toBe("and on\n");
    await users.end();
    await until(() => !isRunning(pid), "the end of the master");
  });

  test("other windows use it without a question, if windows share", async () => {
    const owner = await newWindow(true);
    await owner.service.connect("lab");
    const pid = await masterPid();
    const guest = await newWindow(true);
    await guest.service.connect("lab");
    expect(guest.master().rides).toEqual({ pid, path });
    expect(newLogins()).toBe(1);
    const apart = await newWindow(false);
    await apart.service.connect("lab");
    expect(apart.master().rides).toBeUndefined();
    expect(newLogins()).toBe(2);
    expect(await masterPid()).toBe(pid);
  });

  test("replaces a socket without a listener", async () => {
    const dead = client.spawn("", ["-N", "-M"]);
    await until(isThere, "the socket");
    dead.kill("SIGKILL");
    await once(dead, "exit");
    expect(await isThere()).toBe(true);
    const stack = await newWindow();
    await stack.service.connect("lab");
    logins = host.logins();
    expect(await client.run("echo mine")).toBe("mine\n");
    expect(newLogins()).toBe(0);
  });

  test("the tokens of ControlPath mean the same as for ssh, and a blank or a percent sign is no harm", async () => {
    const there = join(folder, "a b%%");
    await mkdir(there.replace("%%", "%"), { mode: 0o700 });
    for (const name of ["%C", "%r@%h-%p-%n"]) {
      await configure(`"${there}/${name}"`);
      const stack = await newWindow();
      await stack.service.connect("lab");
      logins = host.logins();
      expect(await client.run("echo mine")).toBe("mine\n");
      expect(newLogins()).toBe(0);
    }
  });

  const long = "x".repeat(100);
  const asIs = async (): Promise<void> => {};

  test.each<[string, string, (at: string) => Promise<unknown>, string?]>([
    ["ControlMaster is no", "c", asIs, "no"],
    ["ControlMaster is ask", "c", asIs, "ask"],
    ["ControlMaster is autoask", "c", asIs, "autoask"],
    ["the path is too long", long, asIs],
    ["its folder is missing", "missing/c", asIs],
    ["its folder belongs to another user", "c", () => chown(folder, 65534, 65534)],
    ["other users can write to its folder", "c", () => chmod(folder, 0o777)],
    ["a file is there", "c", (at) => writeFile(at, "a file")],
    ["a link is there", "c", (at) => symlink(join(folder, "elsewhere"), at)],
    ["a socket with another mode is there", "c", (at) => listen(at).then(() => chmod(at, 0o666))],
    ["another connection is there", "c", (at) => listen(at).then(() => chmod(at, 0o600))],
  ])("is in our own folder if %s", async (_, name, prepare, choice) => {
    const at = join(folder, name);
    await configure(at, choice);
    await prepare(at);
    const before = await lstat(at).catch(() => undefined);
    const stack = await newWindow();
    const tab = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    tab.send("echo ours-$((40+2))\n");
    await tab.waitFor(/ours-42/);
    expect(stack.master()).toMatchObject({ engine: "openssh" });
    expect((await lstat(at).catch(() => undefined))?.ino).toBe(before?.ino);
  });

  test("is in our own folder if two hosts have this ControlPath, and for a host that our settings change", async () => {
    await configure();
    await appendFile(client.configFile, `Host other\n  HostName other.example\n  ControlPath ${path}\n`);
    await (await newWindow()).service.connect("lab");
    expect(await isThere()).toBe(false);
    const known = [`UserKnownHostsFile ${folder}/known`, "StrictHostKeyChecking accept-new"];
    await configure(path, "auto", known);
    const changed = await newWindow();
    changed.settings.hosts = [{ pattern: "lab", hostName: "localhost" }];
    await changed.service.connect("lab");
    expect(await isThere()).toBe(false);
  });

  test("a socket that comes during the login stays, and ours logs in again", async () => {
    let asked = 0;
    const engine = new OpenSshEngine({
      configFile: () => client.configFile,
      controlPathFor: async () => path,
    });
    const config = testHostConfig({
      ...{ alias: "lab", hostName: host.host, port: host.port, user: host.user },
      ...{ identityFiles: [host.keyFile], identityFilesAreDefault: false },
    });
    const verifier = {
      preferredAlgorithms: async () => [],
      verify: async () => {
        if (++asked === 1) {
          client.spawn("", ["-N", "-M"]);
          await until(isThere, "the user's master");
        }
      },
    };
    const connection = await engine.connect(loginTo(host, { config, verifier }), never());
    try {
      const users = await masterPid();
      expect(asked).toBe(2);
      expect((await run(connection, "echo ours")).stdout).toBe("ours\n");
      connection.destroy();
      expect(await masterPid()).toBe(users);
    } finally {
      connection.destroy();
      engine.dispose();
    }
  });
});
