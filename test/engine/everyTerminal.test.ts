import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { programDescription } from "../../src/text/programText.ts";
import { freePort } from "../lab/freePort.ts";
import { echoed, echoedBySocks, listens } from "../lab/localPorts.ts";
import { commandLines } from "../lab/processTree.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { type EveryTerminalLab, everyTerminalLab } from "../support/everyTerminalLab.ts";
import { filledIn, plainSshCases } from "../support/plainSshCases.ts";
import { outcomeOf, type ProgramOutcome } from "../support/sharedConnection.ts";

const run = promisify(execFile);
const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

describe("plain ssh with our line in its ssh_config", () => {
  let lab: EveryTerminalLab;
  let folder: string;

  beforeAll(async () => {
    lab = await everyTerminalLab({
      // The user's own RekeyLimit counts, because the block of the gateway has none.
      blocks: (host) => `${host.sshConfigText("lab")}\n  RekeyLimit 500K\n${host.sshConfigText("other")}`,
    });
    await lab.stack.service.connect("lab");
    await lab.included(1);
  });

  afterAll(async () => await lab[Symbol.asyncDispose]());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-files-"));
  });

  afterEach(async () => await rm(folder, { recursive: true, force: true }));

  const ssh = async (config: string, ...args: readonly string[]): Promise<ProgramOutcome> =>
    await outcomeOf("ssh", ["-F", config, ...args], process.env, "some input");

  const logins = async <T>(
    work: () => Promise<T>,
  ): Promise<{ readonly outcome: T; readonly logins: number }> => {
    const before = lab.host.logins();
    const outcome = await work();
    return { outcome, logins: lab.host.logins() - before };
  };

  test.each([
    ...plainSshCases,
    ["a command of two lines", ["lab", "echo 'a\nb'\necho c"]] as const,
    ["a keepalive", ["-o", "ServerAliveInterval=1", "lab", "sleep 2.5; echo alive"]] as const,
    ["more output than its reader wants", ["lab", "yes | head -c 3000000 | tail -c 10"]] as const,
  ])("%s: as with ssh alone, without a login", async (_, given) => {
    const args = filledIn(given, lab.host);
    const direct = await ssh(lab.plain, ...args);
    expect(await logins(() => ssh(lab.config, ...args))).toEqual({ outcome: direct, logins: 0 });
  });

  test.each([
    ["an identity", ["-i", "/nonexistent", "lab", "echo direct"]],
    ["compression", ["-C", "lab", "echo direct"]],
    ["a jump host", ["-J", "other", "lab", "echo direct"]],
    ["a ProxyCommand", ["-o", "ProxyCommand=sh -c 'exec ssh -F PLAIN -W %h:%p other'", "lab", "echo direct"]],
    ["an option that changes the login", ["-o", "PreferredAuthentications=publickey", "lab", "echo direct"]],
    ["an option of the host key", ["-o", "UserKnownHostsFile=/dev/null", "lab", "echo direct"]],
    ["X11 forwarding", ["-X", "lab", "echo direct"]],
    ["another host", ["other", "echo direct"]],
  ])("%s: the connection can't serve it, and ssh logs in as before", async (_, given) => {
    const args = given.map((arg) => arg.replace("PLAIN", lab.plain));
    const direct = await logins(() => ssh(lab.plain, ...args));
    const included = await logins(() => ssh(lab.config, ...args));
    expect(included.outcome.stdout).toBe(direct.outcome.stdout);
    expect(included.logins).toBe(direct.logins);
  });

  test("another user is not served: ssh logs in as before", async () => {
    const args = ["-l", "nobody-at-all", "-o", "BatchMode=yes", "lab", "true"];
    const { code, stderr } = await ssh(lab.config, ...args);
    expect([code, stderr]).toEqual([255, expect.stringContaining("Permission denied (")]);
  });

  test("a jump through the host uses the connection for its first part", async () => {
    const { outcome, logins: count } = await logins(() =>
      ssh(lab.config, "-J", "lab", "other", "echo behind"),
    );
    expect([outcome.stdout, count]).toEqual(["behind\n", 1]);
  });

  test("-W leads to an address behind the host, without a login", async () => {
    const { outcome, logins: count } = await logins(() =>
      ssh(lab.config, "-W", `127.0.0.1:${lab.host.port}`, "lab"),
    );
    expect([outcome.stdout.slice(0, 8), count]).toEqual(["SSH-2.0-", 0]);
  });

  test("scp and sftp copy both ways, byte for byte, without a login", async () => {
    const data = randomBytes(3_000_000);
    await writeFile(join(folder, "a"), data);
    const { logins: count } = await logins(async () => {
      await run("scp", ["-F", lab.config, join(folder, "a"), `lab:${folder}/b`]);
      await run("scp", ["-F", lab.config, `lab:${folder}/b`, join(folder, "c")]);
      const batch = `get ${folder}/c ${folder}/d\nput ${folder}/d ${folder}/e\n`;
      await outcomeOf("sftp", ["-F", lab.config, "-b", "-", "lab"], process.env, batch);
    });
    const copies = await Promise.all(["b", "c", "d", "e"].map((name) => readFile(join(folder, name))));
    expect(copies.map(hash)).toEqual(Array(4).fill(hash(data)));
    expect(count).toBe(0);
  });

  test("rsync copies both ways without a login", async () => {
    await mkdir(join(folder, "many"));
    for (let at = 0; at < 100; at++) {
      await writeFile(join(folder, "many", String(at)), randomBytes(at * 10));
    }
    const way = ["-a", "-e", `ssh -F ${lab.config}`];
    const { logins: count } = await logins(async () => {
      await run("rsync", [...way, `${folder}/many/`, `lab:${folder}/there/`]);
      await run("rsync", [...way, `lab:${folder}/there/`, `${folder}/back/`]);
    });
    await run("diff", ["-r", `${folder}/many`, `${folder}/back`]);
    expect(count).toBe(0);
  });

  test("git clones and pushes without a login", async () => {
    const env = { ...process.env, GIT_SSH_COMMAND: `ssh -F ${lab.config}`, HOME: folder };
    const git = async (...args: string[]): Promise<unknown> =>
      await run("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], { env });
    const { logins: count } = await logins(async () => {
      await git("init", "-q", "--bare", `${folder}/bare`);
      await git("clone", "-q", `lab:${folder}/bare`, `${folder}/one`);
      await writeFile(join(folder, "one", "file"), randomBytes(500_000));
      await git("-C", `${folder}/one`, "add", ".");
      await git("-C", `${folder}/one`, "commit", "-qm", "one");
      await git("-C", `${folder}/one`, "push", "-q", "origin", "HEAD");
      await git("clone", "-q", `ssh://lab${folder}/bare`, `${folder}/two`);
    });
    await run("cmp", [`${folder}/one/file`, `${folder}/two/file`]);
    expect(count).toBe(0);
  });

  test("local and remote forwards work, and end with their ssh, also when it is killed", async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const target = (server.address() as { port: number }).port;
    const [local, remote] = [await freePort(), await freePort()];
    const args = ["-N", "-o", "ExitOnForwardFailure=yes"];
    const forwards = ["-L", `${local}:127.0.0.1:${target}`, "-R", `${remote}:127.0.0.1:${target}`];
    const before = lab.host.logins();
    const child = spawn("ssh", ["-F", lab.config, ...args, ...forwards, "lab"]);
    for (const port of [local, remote]) {
      expect(await echoed(port)).toBe("hello");
    }
    expect(lab.host.logins() - before).toBe(0);
    child.kill("SIGKILL");
    await exited(child);
    await until(async () => !(await listens(remote)), "the server stops listening");
    server.close();
  });

  test("a dynamic forward works without a login, and ends with its ssh", async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const target = (server.address() as { port: number }).port;
    const port = await freePort();
    const before = lab.host.logins();
    const child = spawn("ssh", ["-F", lab.config, "-N", "-D", `${port}`, "lab"]);
    await until(async () => await listens(port), "ssh listens");
    expect(await echoedBySocks(port, target)).toBe("hello");
    expect(lab.host.logins() - before).toBe(0);
    child.kill();
    await exited(child);
    expect(await listens(port)).toBe(false);
    server.close();
  });

  test("ssh -f goes to the background without a login, and its command goes on", async () => {
    const [go, out] = [join(folder, "go"), join(folder, "out")];
    const command = `until [ -e ${go} ]; do sleep 0.1; done; echo background >${out}`;
    const { logins: count } = await logins(async () => {
      const child = spawn("ssh", ["-F", lab.config, "-f", "lab", command], { stdio: "ignore" });
      await exited(child);
      expect(child.exitCode).toBe(0);
    });
    const { programs } = lab.stack;
    await until(() => programs.programs()[0]?.channels[0]?.command === command, "the command runs");
    await writeFile(go, "");
    await until(() => programs.programs().length === 0, "the program has gone");
    expect([await readFile(out, "utf8"), count]).toEqual(["background\n", 0]);
  });

  test("a rekey in the middle of a transfer changes no byte", async () => {
    const data = randomBytes(4_000_000);
    await writeFile(join(folder, "a"), data);
    const command = `ssh -v -F ${lab.config} lab cat <${folder}/a >${folder}/b`;
    const { outcome, logins: count } = await logins(async () => await run("sh", ["-c", command]));
    expect([hash(await readFile(join(folder, "b"))), count]).toEqual([hash(data), 0]);
    expect(outcome.stderr.split("SSH2_MSG_KEXINIT sent").length).toBeGreaterThan(5);
  });

  test("one that only forwards is shown with its name, its process and what it forwards", async () => {
    const port = await freePort();
    const child = spawn("ssh", ["-F", lab.config, "-N", "-L", `${port}:db:5432`, "lab"], { stdio: "pipe" });
    const { programs } = lab.stack;
    const shown = (): string =>
      programs
        .programs()
        .map((each) => `${each.pid} ${programDescription(each)}`)
        .join();
    await until(() => shown() === `${child.pid} ${port} → db:5432, nobody connected · ↑ 0 B ↓ 0 B`, shown);
    expect(programs.programs()).toMatchObject([
      { name: "ssh", call: `-F ${lab.config} -N -L ${port}:db:5432 lab` },
    ]);
    child.kill();
    await exited(child);
    await until(() => programs.programs().length === 0, "it has gone");
  });

  test("a running program is shown with its name and process, and can be ended", async () => {
    const mark = `mark-${randomBytes(6).toString("hex")}`;
    const child = spawn("ssh", ["-F", lab.config, "lab", `cat; : ${mark}`], { stdio: "pipe" });
    const { programs } = lab.stack;
    await until(() => programs.programs()[0]?.name !== undefined, "the program is shown with its name");
    expect(programs.programs()).toMatchObject([{ pid: child.pid, name: "ssh", masterId: "m1" }]);
    programs.end(programs.programs()[0]?.id ?? "");
    await exited(child);
    expect([child.exitCode, programs.programs()]).toEqual([255, []]);
    await until(async () => !(await commandLines()).includes(mark), "the command on the server has ended");
  });

  test("a killed ssh leaves nothing behind, here and on the server", async () => {
    const mark = `mark-${randomBytes(6).toString("hex")}`;
    const child = spawn("ssh", ["-F", lab.config, "lab", `cat; : ${mark}`], { stdio: "pipe" });
    const command = `cat; : ${mark}`;
    const { programs } = lab.stack;
    await until(() => programs.programs()[0]?.channels[0]?.command === command, "the command runs");
    child.kill("SIGKILL");
    await exited(child);
    await until(() => lab.stack.programs.programs().length === 0, "the program has gone");
    await until(async () => !(await commandLines()).includes(mark), "the command on the server has ended");
  });

  test("our own resolution of a host never meets the blocks", async () => {
    const { resolver } = lab;
    for (const name of ["lab", "other", `${lab.host.user}@lab`, lab.host.host]) {
      const config = await resolver.resolve(name);
      expect([config.proxyCommand, config.hostKeyAlias]).toEqual([undefined, undefined]);
    }
    const { hosts } = await resolver.hosts();
    expect(hosts.map(({ alias }) => alias)).toEqual(["lab", "other"]);
  });
});
