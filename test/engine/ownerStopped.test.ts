import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installWrapper } from "../../src/share/wrapperScripts.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { includedFiles } from "../support/everyTerminalLab.ts";
import { outcomeOf, sharedSocket } from "../support/sharedConnection.ts";
import { type TestStack, testStack } from "../support/testStack.ts";
import { WindowProcess } from "../support/windowProcess.ts";

let host: SshdHost;
let folder: string;
let sockets: string;
let config: string;
let owner: WindowProcess;
let others: AsyncDisposable[];

beforeEach(async () => {
  host = await startSshd();
  folder = await mkdtemp(join(tmpdir(), "ssh-sessions-stopped-"));
  sockets = join(folder, "sockets");
  config = join(folder, "config");
  await writeFile(config, `${host.sshConfigText("lab")}\n${host.sshConfigText("other")}\n  User root\n`);
  await installWrapper(join(folder, "wrapper"));
  others = [];
  owner = await WindowProcess.start(config, sockets, "owner");
  await owner.ask({ do: "open" });
});

afterEach(async () => {
  owner.child.kill("SIGCONT");
  await owner.kill();
  for (const other of others) {
    await other[Symbol.asyncDispose]();
  }
  await rm(folder, { recursive: true, force: true });
  await host.stop();
});

const terminalOf = (variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...variables,
  PATH: `${folder}/wrapper:${process.env["PATH"]}`,
});

/** A window of this process, which does not share with other windows. */
const windowOn = async (alias: string): Promise<TestStack> => {
  const stack = await testStack(config, { socketFolder: sockets });
  others.push(stack);
  await stack.service.connect(alias);
  await sharedSocket(await stack.programs.turnOn(), `${alias},,,${process.pid}`);
  return stack;
};

const isInFuture = async (socket: string): Promise<boolean> => (await stat(socket)).mtimeMs > Date.now();

/** Also for a file that is written now: its time is that of the kernel's last tick. Until then a program waits. */
const isOld = async (socket: string): Promise<boolean> => (await stat(socket)).mtimeMs + 100 < Date.now();

/** What programs print, one after the other, and the logins that they take together. */
const used = async (
  env: NodeJS.ProcessEnv,
  file: string,
  ...commands: readonly (readonly string[])[]
): Promise<{ readonly printed: readonly string[]; readonly logins: number }> => {
  const logins = host.logins();
  const printed: string[] = [];
  for (const command of commands) {
    const { stdout, stderr, code } = await outcomeOf("ssh", ["-F", file, ...command], env);
    printed.push(code === 0 ? stdout : stderr);
  }
  return { printed, logins: host.logins() - logins };
};

const hello = (alias: string): readonly string[] => [alias, `echo ${alias}`];

test("a stopped window makes no program wait: the real ssh runs, programs on other connections ride on, and later they do so here", async () => {
  const env = terminalOf(JSON.parse((await owner.ask({ do: "shareWithPrograms" })).text));
  const socket = await sharedSocket(env, "lab,,,");
  await windowOn("other");
  expect(await used(env, config, hello("lab"), hello("other"))).toEqual({
    ...{ printed: ["lab\n", "other\n"], logins: 0 },
  });
  const rider = spawn("ssh", ["-F", config, "lab", "echo started; read line; echo got $line"], { env });
  await nextOutput(rider);
  owner.child.kill("SIGSTOP");
  await until(async () => await isOld(socket), "the mark is old");
  expect(await used(env, config, hello("lab"))).toEqual({ printed: ["lab\n"], logins: 1 });
  expect(await used(env, config, hello("other"))).toEqual({ printed: ["other\n"], logins: 0 });
  const stream = ["-W", `127.0.0.1:${host.port}`];
  const direct = await used(env, config, [...stream, "lab"]);
  expect([direct.printed[0]?.slice(0, 8), direct.logins]).toEqual(["SSH-2.0-", 1]);
  owner.child.kill("SIGCONT");
  await until(async () => await isInFuture(socket), "the mark is new");
  expect(await used(env, config, hello("lab"), hello("other"))).toEqual({
    ...{ printed: ["lab\n", "other\n"], logins: 0 },
  });
  rider.stdin.write("it\n");
  expect(await nextOutput(rider)).toContain("got it");
  await exited(rider);
  expect(rider.exitCode).toBe(0);
});

test("of two windows with a connection to the same host, programs ride that of the one that runs", async () => {
  const second = await WindowProcess.start(config, sockets, "second");
  others.push({
    async [Symbol.asyncDispose]() {
      second.child.kill("SIGCONT");
      await second.kill();
    },
  });
  await second.ask({ do: "share", on: false });
  await second.ask({ do: "open" });
  let env: NodeJS.ProcessEnv = {};
  for (const window of [owner, second]) {
    env = terminalOf(JSON.parse((await window.ask({ do: "shareWithPrograms" })).text));
  }
  // One of them comes first in the list.
  for (const { child } of [owner, second]) {
    const socket = await sharedSocket(env, `lab,,,${child.pid},`);
    child.kill("SIGSTOP");
    await until(async () => await isOld(socket), "the mark is old");
    expect(await used(env, config, hello("lab"))).toEqual({ printed: ["lab\n"], logins: 0 });
    child.kill("SIGCONT");
    await until(async () => await isInFuture(socket), "the mark is new");
  }
});

test("where the time can't be written, programs ride as ever", async () => {
  const env = terminalOf(JSON.parse((await owner.ask({ do: "shareWithPrograms" })).text));
  await sharedSocket(env, "lab,,,");
  await rm(join(sockets, "now"), { force: true });
  await mkdir(join(sockets, "now"));
  await utimes(join(sockets, "now"), 1, 1);
  expect(await used(env, config, hello("lab"))).toEqual({ printed: ["lab\n"], logins: 0 });
});

test("with the line in ssh_config, a stopped window makes plain ssh log in, and later it rides again", async () => {
  const includes = join(folder, ".ssh", "ssh-sessions");
  await owner.ask({ do: "shareEverywhere", includes });
  const [included = ""] = await includedFiles(includes, 1);
  const socket = /^Match .*? '[^']+' '([^']+)'/m.exec(included)?.[1] ?? "";
  await writeFile(config, `Include "${includes}/*.conf"\n${host.sshConfigText("lab")}`);
  expect(await used(process.env, config, hello("lab"))).toEqual({ printed: ["lab\n"], logins: 0 });
  owner.child.kill("SIGSTOP");
  await until(async () => await isOld(socket), "the mark is old");
  expect(await used(process.env, config, hello("lab"))).toEqual({ printed: ["lab\n"], logins: 1 });
  owner.child.kill("SIGCONT");
  await until(async () => await isInFuture(socket), "the mark is new");
  expect(await used(process.env, config, hello("lab"))).toEqual({ printed: ["lab\n"], logins: 0 });
});
