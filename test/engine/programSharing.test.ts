import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { wrapperVariables } from "../../src/share/wrapperScripts.ts";
import { programDescription, programLabel } from "../../src/text/programText.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { freePort } from "../lab/freePort.ts";
import { echoed, listens } from "../lab/localPorts.ts";
import { commandLines } from "../lab/processTree.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { shell } from "../support/fakeStack.ts";
import { filledIn, plainSshCases } from "../support/plainSshCases.ts";
import {
  outcomeOf,
  type ProgramOutcome,
  type SharedConnection,
  sharedConnection,
  sharedSocket,
} from "../support/sharedConnection.ts";

const run = promisify(execFile);

const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

const engines = ["ssh2", "openssh"] as const;

describe.each(engines)("programs on our connection of the engine %s", (engine) => {
  let host: SshdHost;
  let config: string;
  let shared: SharedConnection;
  let folder: string;
  /** Of a master of the real ssh. */
  let peer: string;
  let master: ChildProcess;

  beforeAll(async () => {
    host = await startSshd();
    config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    shared = await sharedConnection(config, {}, engine);
    peer = join(host.folder, "peer");
    master = spawn("ssh", ["-F", config, "-M", "-N", "-S", peer, "lab"], { stdio: "ignore" });
    await until(() => existsSync(peer), "the master of the real ssh");
  });

  afterAll(async () => {
    master.kill();
    await shared[Symbol.asyncDispose]();
    await host.stop();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-files-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const ssh = async (...args: string[]): Promise<ProgramOutcome> =>
    await outcomeOf("ssh", ["-F", config, ...args], shared.env, "some input");

  const cases = [...plainSshCases, ["a log file", ["-E", "/dev/null", "lab", "echo logged"]] as const];
  // A client of a master of ssh sends no SetEnv.
  test.each(engine === "ssh2" ? cases : cases.filter(([what]) => what !== "a variable"))(
    "%s: as with ssh alone, without a login",
    async (_, given) => {
      const args = filledIn(given, host);
      // The peer of a client of our ssh is one of another ssh.
      const way = engine === "ssh2" ? [] : ["-S", peer];
      const direct = await outcomeOf("ssh", ["-F", config, ...way, ...args], process.env, "some input");
      const logins = host.logins();
      const ours = await ssh(...args);
      expect({ ...ours, logins: host.logins() - logins }).toEqual({ ...direct, logins: 0 });
    },
  );

  test.each([
    ["an identity", ["-i", "/nonexistent", "lab", "echo direct"]],
    ["compression", ["-C", "lab", "echo direct"]],
    ["an option that changes the login", ["-o", "PreferredAuthentications=publickey", "lab", "echo direct"]],
    ["a start in the background", ["-f", "lab", "echo direct"]],
    ["another host", ["other", "echo direct"]],
    ["a host in a URI", ["ssh://lab", "echo direct"]],
    ...(engine === "ssh2"
      ? []
      : ([
          ["a variable", ["-o", "SetEnv=LC_SHARED=direct", "lab", "echo $LC_SHARED"]],
          ["a forward for other computers", ["-g", "lab", "echo direct"]],
        ] as const)),
  ] as [string, string[]][])("%s: the real ssh logs in", async (_, args) => {
    await writeFile(config, `${host.sshConfigText("lab")}\n${host.sshConfigText("other")}`);
    const logins = host.logins();
    const { stdout } = await ssh(...args);
    await writeFile(config, host.sshConfigText("lab"));
    expect([stdout, host.logins() - logins]).toEqual(["direct\n", 1]);
  });

  test("a variable that SendEnv names reaches the server", async () => {
    const logins = host.logins();
    const env = { ...shared.env, LC_SHARED: "sent" };
    const args = ["-F", config, "-o", "SendEnv=LC_SHARED", "lab", "echo $LC_SHARED"];
    const { stdout } = await outcomeOf("ssh", args, env);
    expect([stdout, host.logins() - logins]).toEqual(["sent\n", 0]);
  });

  test("the guard variable selects the real ssh", async () => {
    const logins = host.logins();
    const env = { ...shared.env, [wrapperVariables.direct]: "1" };
    await outcomeOf("ssh", ["-F", config, "lab", "true"], env);
    expect(host.logins() - logins).toBe(1);
  });

  test("scp and sftp copy both ways, byte for byte, without a login", async () => {
    const data = randomBytes(3_000_000);
    const logins = host.logins();
    await writeFile(join(folder, "a"), data);
    await run("scp", ["-F", config, join(folder, "a"), `lab:${folder}/b`], { env: shared.env });
    await run("scp", ["-F", config, `lab:${folder}/b`, join(folder, "c")], { env: shared.env });
    const batch = `get ${folder}/c ${folder}/d\nput ${folder}/d ${folder}/e\n`;
    await outcomeOf("sftp", ["-F", config, "-b", "-", "lab"], shared.env, batch);
    const copies = await Promise.all(["b", "c", "d", "e"].map((name) => readFile(join(folder, name))));
    expect(copies.map(hash)).toEqual(Array(4).fill(hash(data)));
    expect(host.logins() - logins).toBe(0);
  });

  test("rsync copies both ways without a login", async () => {
    const logins = host.logins();
    await mkdir(join(folder, "many"));
    for (let at = 0; at < 200; at++) {
      await writeFile(join(folder, "many", String(at)), randomBytes(at * 10));
    }
    const way = ["-a", "-e", `ssh -F ${config}`];
    await run("rsync", [...way, `${folder}/many/`, `lab:${folder}/there/`], { env: shared.env });
    await run("rsync", [...way, `lab:${folder}/there/`, `${folder}/back/`], { env: shared.env });
    await run("diff", ["-r", `${folder}/many`, `${folder}/back`]);
    expect(host.logins() - logins).toBe(0);
  });

  test("git clones and pushes without a login", async () => {
    const env = { ...shared.env, GIT_SSH_COMMAND: `ssh -F ${config}`, HOME: folder };
    const logins = host.logins();
    await run("git", ["init", "-q", "--bare", `${folder}/bare`], { env });
    await run("git", ["clone", "-q", `lab:${folder}/bare`, `${folder}/one`], { env });
    await writeFile(join(folder, "one", "file"), randomBytes(500_000));
    const git = async (...args: string[]): Promise<void> => {
      const person = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
      await run("git", ["-C", `${folder}/one`, ...person, ...args], { env });
    };
    await git("add", ".");
    await git("commit", "-qm", "one");
    await git("push", "-q", "origin", "HEAD");
    await run("git", ["clone", "-q", `ssh://lab${folder}/bare`, `${folder}/two`], { env });
    await run("cmp", [`${folder}/one/file`, `${folder}/two/file`]);
    expect(host.logins() - logins).toBe(0);
  });

  test("local, remote and dynamic forwards work, and end with their ssh", async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const target = (server.address() as { port: number }).port;
    const [local, remote] = [await freePort(), await freePort()];
    const args = ["-o", "ExitOnForwardFailure=yes"];
    // With -N, a client of a master of ssh would start a shell.
    const what = engine === "ssh2" ? ["-N", "lab"] : ["lab", "cat"];
    const forwards = ["-L", `${local}:127.0.0.1:${target}`, "-R", `${remote}:127.0.0.1:${target}`];
    const logins = host.logins();
    const child = spawn("ssh", ["-F", config, ...args, ...forwards, ...what], { env: shared.env });
    for (const port of [local, remote]) {
      expect(await echoed(port)).toBe("hello");
    }
    expect(host.logins() - logins).toBe(0);
    const client = connect(local, "127.0.0.1");
    const shown = (): readonly string[] => shared.stack.programs.programs().map(programDescription);
    const expected = `127.0.0.1:${target}, 1 connection · localhost:${remote} on the server · `;
    // A master of ssh tells nobody what its clients do.
    if (engine === "ssh2") {
      await until(
        () => shown().join().includes(expected),
        () => `${expected} in ${shown().join()}`,
      );
    }
    client.destroy();
    child.kill("SIGKILL");
    await exited(child);
    await until(async () => !(await listens(remote)), "the server stops listening");
    server.close();
  });

  if (engine === "ssh2") {
    test("one that only forwards is shown with its name, its process and what it forwards, beside others of its kind", async () => {
      const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
      await once(server, "listening");
      const target = `127.0.0.1:${(server.address() as { port: number }).port}`;
      const ports = [await freePort(), await freePort()];
      const { programs } = shared.stack;
      const children = ports.map((port) =>
        spawn("ssh", ["-F", config, "-N", "-L", `${port}:${target}`, "lab"], { env: shared.env }),
      );
      // Nobody knows what this one is: the wrapper has not started it.
      const direct = ["-F", config, "-S", shared.socket, "-O", "proxy", "-N", "lab"];
      const shown = (pid: number | undefined): string => {
        const found = programs.programs().find((each) => each.pid === pid);
        return found === undefined ? "" : `${programLabel(found)}: ${programDescription(found)}`;
      };
      const all = (): string => programs.programs().map(programDescription).join(", ");
      for (const [at, port] of ports.entries()) {
        const child = children[at];
        const waiting = `ssh (${child?.pid}): ${port} → ${target}, nobody connected · ↑ 0 B ↓ 0 B`;
        await until(
          () => shown(child?.pid) === waiting,
          () => `${waiting} in ${all()}`,
        );
        expect(await echoed(port)).toBe("hello");
        const over = / connections? (is|are) over · ↑ 5 B ↓ 5 B$/;
        await until(() => over.test(shown(child?.pid)), all);
      }
      const stranger = spawn("ssh", direct, { env: { ...process.env } });
      await until(() => programs.programs().length === 3, "the stranger is listed");
      expect(shown(undefined)).toBe("Program: idle · ↑ 0 B ↓ 0 B");
      stranger.kill();
      children[0]?.kill();
      await until(() => programs.programs().length === 1, "they have gone");
      expect(shown(children[1]?.pid)).toContain(`${ports[1]} → ${target}`);
      programs.end(programs.programs()[0]?.id ?? "");
      await Promise.all(children.map(exited));
      server.close();
    });
  } else {
    test("programs are listed in the order of their start, each with its command first", async () => {
      const { programs } = shared.stack;
      const children: ChildProcess[] = [];
      for (const command of ["cat; : one", "cat; : two", "cat; : three"]) {
        children.push(spawn("ssh", ["-F", config, "-T", "lab", command], { env: shared.env, stdio: "pipe" }));
      }
      await until(
        () => programs.programs().filter(({ pid }) => pid !== undefined).length === 3,
        "all are listed",
      );
      const order = programs.programs().map(({ since, pid }) => [since, pid]);
      expect(order).toEqual(order.toSorted(([a = 0, p = 0], [b = 0, q = 0]) => a - b || p - q));
      await until(
        () => new Set(programs.programs().map(programDescription)).has("cat; : three"),
        () => programs.programs().map(programDescription).join(", "),
      );
      for (const child of children) {
        child.kill();
      }
      await until(() => programs.programs().length === 0, "they have gone");
    });
  }

  test("a running program is shown with the name and process that the wrapper reports, and can be ended", async () => {
    const mark = `mark-${randomBytes(6).toString("hex")}`;
    const command = `cat; : ${mark}`;
    const child = spawn("ssh", ["-F", config, "lab", command], { env: shared.env, stdio: "pipe" });
    const { programs } = shared.stack;
    await until(() => programs.programs()[0]?.pid === child.pid, "the program is shown");
    expect(programs.programs()).toMatchObject([{ pid: child.pid, name: "ssh", masterId: "m1" }]);
    if (engine === "ssh2") {
      await until(() => programs.programs()[0]?.channels[0]?.command === command, "its command is shown");
    }
    programs.end(programs.programs()[0]?.id ?? "");
    await exited(child);
    expect([child.exitCode, child.signalCode]).toEqual([255, null]);
    await until(() => programs.programs().length === 0, "the program has gone");
    await until(async () => !(await commandLines()).includes(mark), "the command on the server has ended");
  });

  test("a second name of the host leads to the connection from its first use on, also after that has ended", async () => {
    await writeFile(config, `${host.sshConfigText("lab")}\n${host.sshConfigText("name")}`);
    const {
      stack: { service, programs },
      env,
    } = shared;
    for (const name of ["name", "lab"]) {
      const session = await service.open({ host: name, ...shell });
      session.kill();
      await session.ended;
      await sharedSocket(env, `${name},,,`);
    }
    const logins = host.logins();
    const child = spawn("ssh", ["-F", config, "name", "cat"], { env, stdio: "pipe" });
    await until(() => programs.programs()[0]?.pid === child.pid, "the program is on the connection");
    child.stdin.end();
    await exited(child);
    await until(() => service.masters()[0]?.state.kind === "lingering", "the connection lingers");
    expect(host.logins() - logins).toBe(0);
  });

  test("a program keeps the connection, which lingers when the program has ended", async () => {
    const child = spawn("ssh", ["-F", config, "lab", "cat"], { env: shared.env, stdio: "pipe" });
    const state = (): string => shared.stack.master().state.kind;
    await until(() => state() === "ready", "the connection is in use");
    child.stdin.end();
    await exited(child);
    await until(() => state() === "lingering", "the connection lingers");
  });
});

describe("a server that accepts two sessions on a connection", () => {
  test("programs get a further connection, as terminals do, and a program that is refused there gets the refusal", async () => {
    const host = await startSshd({ sshd: { MaxSessions: 2 } });
    const config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    const shared = await sharedConnection(config);
    const logins = host.logins();
    const children = [...Array(5).keys()].map(() =>
      spawn("ssh", ["-F", config, "lab", "echo $SSH_CONNECTION; cat"], { env: shared.env, stdio: "pipe" }),
    );
    const connections = await Promise.all(children.map((child) => nextOutput(child)));
    expect(new Set(connections).size).toBe(3);
    expect(host.logins() - logins).toBe(2);
    const { programs, service } = shared.stack;
    expect(new Set(programs.programs().map(({ masterId }) => masterId)).size).toBe(3);
    for (const child of children) {
      child.stdin.end("end");
      await exited(child);
      expect(child.exitCode).toBe(0);
    }
    await until(() => service.masters().length === 1, "the further connections leave");
    await shared[Symbol.asyncDispose]();
    await host.stop();
  });

  test("while a further connection logs in, programs wait for it and do not log in themselves", async () => {
    const host = await startSshd({ sshd: { MaxSessions: 2 } });
    const [proxy, second] = [await FaultProxy.start(host), await FaultProxy.start(host)];
    const config = join(host.folder, "config");
    await writeFile(config, sshConfigBlock("lab", host.via(proxy)));
    const shared = await sharedConnection(config);
    const logins = host.logins();
    const start = () =>
      spawn("ssh", ["-F", config, "lab", "echo $SSH_CONNECTION; cat"], { env: shared.env, stdio: "pipe" });
    const children = [start(), start()];
    const connections = await Promise.all(children.map((child) => nextOutput(child)));
    // As if the user took time to answer.
    second.freeze();
    proxy.redirect(second);
    const third = start();
    await until(() => second.contacts > 0, "a further connection");
    const late = [third, start(), start()];
    await until(() => shared.stack.programs.programs().length === 5, "three programs that wait");
    expect(second.contacts).toBe(1);
    second.thaw();
    connections.push(...(await Promise.all(late.map((child) => nextOutput(child)))));
    expect(new Set(connections).size).toBe(3);
    expect(host.logins() - logins).toBe(2);
    for (const child of [...children, ...late]) {
      child.kill();
      await exited(child);
    }
    await shared[Symbol.asyncDispose]();
    await Promise.all([proxy.stop(), second.stop()]);
    await host.stop();
  });

  test("a server that accepts no session refuses the program, and the connection stays", async () => {
    const host = await startSshd({ sshd: { MaxSessions: 0 } });
    const config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    const shared = await sharedConnection(config);
    const { code, stderr } = await outcomeOf("ssh", ["-F", config, "lab", "true"], shared.env);
    expect([code, stderr]).toEqual([255, expect.stringContaining("open failed")]);
    expect([host.logins(), shared.stack.service.masters().length]).toEqual([1, 1]);
    await shared[Symbol.asyncDispose]();
    await host.stop();
  });
});
