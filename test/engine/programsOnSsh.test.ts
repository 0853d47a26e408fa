import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../lab/freePort.ts";
import { echoed, echoedBySocks, listens } from "../lab/localPorts.ts";
import { isRunning } from "../lab/processTree.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { shell } from "../support/fakeStack.ts";
import { outcomeOf, type SharedConnection, sharedConnection } from "../support/sharedConnection.ts";
import { Transcript } from "../support/testStack.ts";

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

describe.each(["in our folder", "at ControlPath"])(
  "programs on a master of the engine openssh %s",
  (place) => {
    let host: SshdHost;
    let folder: string;
    let config: string;
    let shared: SharedConnection;
    let logins: number;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "ssh-sessions-files-"));
      host = await startSshd({ sshd: { MaxSessions: 200 } });
      config = join(host.folder, "config");
      await connect([]);
    });

    async function connect(lines: readonly string[]): Promise<void> {
      const atPath = place === "at ControlPath" ? [`ControlPath ${folder}/c`, "ControlMaster auto"] : [];
      await writeFile(config, host.sshConfigText("lab", [...atPath, ...lines]));
      shared = await sharedConnection(config, {}, "openssh");
      logins = host.logins();
    }

    afterEach(async () => {
      await shared[Symbol.asyncDispose]();
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const start = (...args: string[]) =>
      spawn("ssh", ["-F", config, ...args], { env: shared.env, stdio: "pipe" });
    const programs = () => shared.stack.programs.programs();
    const newLogins = () => host.logins() - logins;

    test("the linger waits for a program, and the connection leaves after it", async () => {
      await shared[Symbol.asyncDispose]();
      await connect(["ControlPersist 3"]);
      const { stack } = shared;
      const { lingerUntil: end = 0 } = stack.master();
      expect(end).toBeGreaterThan(0);
      const child = start("lab", "cat");
      child.stdin.write("one\n");
      expect(await nextOutput(child)).toBe("one");
      await until(() => stack.master().state.kind === "ready", "it is in use");
      // Past the time at which it would have left.
      await delay(end + 100 - Date.now());
      child.stdin.write("two\n");
      expect(await nextOutput(child)).toBe("two");
      expect(stack.master().state.kind).toBe("ready");
      child.stdin.end();
      await exited(child);
      await stack.until((masters) => masters.length === 0);
      expect([child.exitCode, newLogins()]).toEqual([0, 0]);
    });

    test("a program that the window does not know of yet outlives the linger", async () => {
      await shared[Symbol.asyncDispose]();
      await connect(["ControlPersist 1"]);
      const { stack } = shared;
      const session = await stack.service.open({ host: "lab", ...shell });
      stack.settings.layers = { user: { engine: "openssh" }, workspace: { "master.linger": 0 } };
      const child = start("lab", "cat");
      child.stdin.write("one\n");
      await nextOutput(child);
      session.kill();
      await session.ended;
      await stack.until((masters) => masters.length === 0 || masters[0]?.state.kind === "ready");
      child.stdin.write("two\n");
      expect(await nextOutput(child)).toBe("two");
      child.stdin.end();
      await exited(child);
      expect(child.exitCode).toBe(0);
    });

    test("a dynamic forward and one of the server end with their ssh, and those of another ssh stay", async () => {
      const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
      await once(server, "listening");
      const target = (server.address() as AddressInfo).port;
      const [dynamic, remote, kept] = [await freePort(), await freePort(), await freePort()];
      const first = start("-D", `${dynamic}`, "-R", `${remote}:127.0.0.1:${target}`, "lab", "cat");
      const other = start("-o", `LocalForward=${kept} 127.0.0.1:${target}`, "lab", "cat");
      for (const port of [remote, kept]) {
        expect(await echoed(port)).toBe("hello");
      }
      await until(() => listens(dynamic), "the proxy");
      expect(await echoedBySocks(dynamic, target)).toBe("hello");
      first.kill("SIGKILL");
      await exited(first);
      for (const port of [remote, dynamic]) {
        await until(async () => !(await listens(port)), "it stops listening");
      }
      expect(await echoed(kept)).toBe("hello");
      other.kill();
      await exited(other);
      await until(async () => !(await listens(kept)), "it stops listening, too");
      await until(() => programs().length === 0, "nobody is left");
      expect(newLogins()).toBe(0);
      server.close();
    });

    test("with -N, and in the background of a terminal, ssh logs in itself, and the shell there loses no key", async () => {
      const quiet = start(
        "-N",
        "-o",
        "ExitOnForwardFailure=yes",
        "-L",
        `${await freePort()}:127.0.0.1:1`,
        "lab",
      );
      await until(() => newLogins() === 1, "a login of its own");
      quiet.kill();
      await exited(quiet);
      const [go, out] = [join(folder, "go"), join(folder, "out")];
      const command = `until [ -e ${go} ]; do sleep 0.1; done; echo gone >${out}`;
      const lines = `set -m; ssh -F ${config} lab '${command}' & read -r line; echo "read $line"; touch ${go}; wait`;
      const terminal = spawn("script", ["-qec", `sh -c ${quoted(lines)}`, "/dev/null"], { env: shared.env });
      await until(() => newLogins() === 2, "another one");
      terminal.stdin.write("abcdefghijklmnopqrstuvwxyz\n");
      let shown = "";
      terminal.stdout.on("data", (data) => (shown += String(data)));
      await until(
        () => shown.includes("read abcdefghijklmnopqrstuvwxyz"),
        () => `the line in ${shown}`,
      );
      terminal.kill();
      await exited(terminal);
      expect(programs()).toEqual([]);
    });

    test("the window closes: a running program goes on, and a new one logs in itself", async () => {
      const child = start("lab", "cat");
      child.stdin.write("one\n");
      await nextOutput(child);
      await shared.stack[Symbol.asyncDispose]();
      child.stdin.write("two\n");
      expect(await nextOutput(child)).toBe("two");
      child.stdin.end();
      await exited(child);
      expect(child.exitCode).toBe(0);
      const { stdout } = await outcomeOf(
        "ssh",
        ["-F", config, "-S", "none", "lab", "echo alone"],
        shared.env,
      );
      expect([stdout, newLogins()]).toEqual(["alone\n", 1]);
    });

    test("a master that ends in the middle ends its programs with 255, and the next ssh logs in", async () => {
      const child = start("lab", "cat");
      child.stdin.write("one\n");
      await nextOutput(child);
      const check = await outcomeOf(
        "ssh",
        ["-F", "none", "-S", shared.socket, "-O", "check", "x"],
        process.env,
      );
      const pid = Number(/pid=(\d+)/.exec(check.stderr)?.[1]);
      process.kill(pid, "SIGKILL");
      await exited(child);
      expect(child.exitCode).toBe(255);
      await until(() => !isRunning(pid), "the end of the master");
      expect((await outcomeOf("ssh", ["-F", config, "lab", "echo new"], shared.env)).stdout).toBe("new\n");
    });

    test("programs killed at random moments, also with unanswered opens, disturb neither a terminal nor a copy", async () => {
      const { stack, env } = shared;
      const data = randomBytes(6_000_000);
      await writeFile(join(folder, "data"), data);
      const terminal = new Transcript(await stack.service.open({ host: "lab", ...shell }));
      const copy = outcomeOf("scp", ["-q", "-F", config, `lab:${folder}/data`, join(folder, "down")], env);
      const kinds = [
        ["lab", "yes"],
        ["lab", "cat"],
        ["-R", "0:127.0.0.1:1", "lab", "cat"],
        ["-W", "127.0.0.1:1", "lab"],
      ];
      const victims = [...Array(40).keys()].map(async (at) => {
        await delay(Math.random() * 1_000);
        const child = start(...(kinds[at % kinds.length] ?? []));
        child.stdin.on("error", () => {});
        child.stdin.write(Buffer.alloc(300_000));
        child.stdout.resume();
        await delay(Math.random() * 100);
        child.kill("SIGKILL");
        await exited(child);
      });
      await Promise.all(victims);
      host.freeze();
      const waiting = kinds.map((kind) => start(...kind));
      try {
        await until(() => programs().length >= waiting.length, "their opens wait");
        for (const child of waiting) {
          child.kill("SIGKILL");
        }
        await Promise.all(waiting.map(exited));
      } finally {
        host.thaw();
      }
      expect(await copy).toMatchObject({ code: 0, stderr: "" });
      expect(hash(await readFile(join(folder, "down")))).toBe(hash(data));
      terminal.send("echo still-$((40 + 2))\n");
      await terminal.waitFor(/still-42/);
      await until(() => programs().length === 0, "every program has gone");
      expect([newLogins(), stack.service.masters().length]).toEqual([0, 1]);
      const left = await readdir(join(shared.socket, ".."));
      await until(
        async () => (await readdir(join(shared.socket, ".."))).every((name) => !/^m.*\./.test(name)),
        () => left.join(" "),
      );
    });

    if (place === "in our folder") {
      test("-O exit does not reach it", async () => {
        const { code } = await outcomeOf("ssh", ["-F", config, "-O", "exit", "lab"], shared.env);
        expect([code, shared.stack.master().state.kind]).toEqual([255, "lingering"]);
      });
    }
  },
);

test("a host with agent forwarding, with forwards or with variables in ssh_config logs in itself", async () => {
  const host = await startSshd();
  const config = join(host.folder, "config");
  const port = await freePort();
  const lines = ["ForwardAgent yes", `LocalForward ${port} 127.0.0.1:1`, "SetEnv LC_X=1"];
  const blocks = [
    host.sshConfigText("lab"),
    ...lines.map((line, at) => host.sshConfigText(`lab${at}`, [line])),
  ];
  await writeFile(config, blocks.join("\n"));
  const shared = await sharedConnection(config, {}, "openssh");
  for (const at of lines.keys()) {
    const session = await shared.stack.service.open({ host: `lab${at}`, ...shell });
    session.kill();
    await session.ended;
  }
  // Publishing goes on in order.
  await until(
    async () => (await outcomeOf("ssh", ["-F", config, "lab", "true"], shared.env)).code === 0,
    "lab",
  );
  const logins = host.logins();
  for (const at of lines.keys()) {
    await outcomeOf("ssh", ["-F", config, `lab${at}`, "true"], shared.env);
  }
  expect(host.logins() - logins).toBe(lines.length);
  await shared[Symbol.asyncDispose]();
  await host.stop();
});
