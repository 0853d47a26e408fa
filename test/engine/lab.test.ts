import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { askpassEnv } from "../lab/askpass.ts";
import { isRunning } from "../lab/processTree.ts";
import { nextOutput, SshClient } from "../lab/sshClient.ts";
import { type SshdHost, type SshdHostOptions, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";

const hosts: SshdHost[] = [];
const clients: SshClient[] = [];

async function start(options?: SshdHostOptions): Promise<SshdHost> {
  const host = await startSshd(options);
  hosts.push(host);
  return host;
}

async function clientOf(host: SshdHost, extra?: readonly string[]): Promise<SshClient> {
  const client = await SshClient.for(host, extra);
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

describe("a real sshd", () => {
  test("logs in without a question, with a clean home folder, and counts the login", async () => {
    const host = await start({ env: { LAB_WORD: "two words" } });
    const client = await clientOf(host);
    expect(await client.run('echo "$HOME|$LAB_WORD|$(ls -A ~)"')).toBe(`${host.home}|two words|\n`);
    await client.run("true");
    await host.waitForLogins(2);
    await host.waitForSessions(2);
    expect([host.logins(), host.sessions()]).toEqual([2, 2]);
  });

  test("counts one login and many sessions when the client multiplexes", async () => {
    const host = await start();
    const client = await clientOf(host);
    client.spawn("", ["-N", "-M", "-S", client.controlPath]);
    await until(() => existsSync(client.controlPath));
    await Promise.all([1, 2, 3].map(() => client.run("true", ["-S", client.controlPath])));
    await host.waitForSessions(3);
    expect([host.logins(), host.sessions()]).toEqual([1, 3]);
  });

  test("accepts any line of sshd_config", async () => {
    const host = await start({
      sshd: { ForceCommand: "echo forced" },
      sshdTail: "Match all\n  PermitTTY no",
    });
    const client = await clientOf(host);
    expect(await client.run("true")).toBe("forced\n");
  });

  test("a temporary login is not root, and has a password", async () => {
    const host = await start({ user: "throwaway", sshd: { PasswordAuthentication: "yes" } });
    const client = await clientOf(host);
    expect(await client.run("id -un; test -w ~ && echo writable")).toBe(`${host.user}\nwritable\n`);
    const withPassword = await clientOf(host, ["PubkeyAuthentication no"]);
    const answers = await askpassEnv(host.folder, host.password ?? "");
    expect(await withPassword.run("echo in", [], answers)).toBe("in\n");
    await host.waitForLog(/^Accepted password for/m);
  });

  test("keyboard-interactive works through PAM", async () => {
    const host = await start({
      user: "throwaway",
      sshd: { UsePAM: "yes", KbdInteractiveAuthentication: "yes" },
    });
    const client = await clientOf(host, ["PubkeyAuthentication no"]);
    const answers = await askpassEnv(host.folder, host.password ?? "");
    expect(await client.run("echo in", [], answers)).toBe("in\n");
    await host.waitForLog(/^Accepted keyboard-interactive\/pam for/m);
  });

  test("many tests can request the temporary login at once", async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => start({ user: "throwaway" })));
    expect(new Set(made.map((host) => host.password)).size).toBe(1);
  });

  test("down crashes the server, up starts the same server again", async () => {
    const host = await start();
    const client = await clientOf(host);
    const child = client.spawn("echo up; sleep 1000");
    expect(await nextOutput(child)).toBe("up");
    await Promise.all([once(child, "exit"), host.down()]);
    await expect(client.run("true")).rejects.toThrow(/refused/);
    await host.up();
    expect(await client.run("echo again")).toBe("again\n");
  });

  test("reconfigure keeps open connections and applies to new ones", async () => {
    const host = await start();
    const client = await clientOf(host);
    const child = client.spawn("cat");
    await host.waitForSessions(1);
    await host.reconfigure({ ForceCommand: "echo forced" });
    expect(await client.run("true")).toBe("forced\n");
    child.stdin.end("still here\n");
    expect(await nextOutput(child)).toBe("still here");
  });

  test("changed host keys are refused by a client that knows the old ones", async () => {
    const host = await start();
    const client = await clientOf(host);
    await client.run("true");
    await host.changeHostKeys();
    await expect(client.run("true")).rejects.toThrow(/Host key verification failed/);
  });

  test("a frozen login is silent while others work, and continues after the thaw", async () => {
    const host = await start();
    const client = await clientOf(host);
    const child = client.spawn("cat");
    child.stdin.write("one\n");
    expect(await nextOutput(child)).toBe("one");
    const [connection] = host.connections();
    if (connection === undefined) {
      throw new Error("no connection");
    }
    host.freeze(connection);
    child.stdin.write("two\n");
    expect(await client.run("echo other")).toBe("other\n");
    const answer = nextOutput(child);
    host.thaw(connection);
    expect(await answer).toBe("two");
    const exit = once(child, "exit");
    host.kill(connection);
    await exit;
  });

  test("the client's keepalive detects a frozen server", async () => {
    const host = await start();
    const client = await clientOf(host, ["ServerAliveInterval 1", "ServerAliveCountMax 1"]);
    const child = client.spawn("echo up; cat");
    expect(await nextOutput(child)).toBe("up");
    host.freeze();
    const [code] = await once(child, "exit");
    expect(code).toBe(255);
  });

  test("stop leaves no process, not even detached ones, and no folder", async () => {
    const host = await start();
    const client = await clientOf(host);
    const detached = Number(await client.run("setsid sleep 1000 >/dev/null 2>&1 & echo $!"));
    expect(isRunning(detached)).toBe(true);
    const listener = host.pid ?? 0;
    await host.stop();
    await until(() => !isRunning(detached) && !isRunning(listener));
    expect(existsSync(host.folder)).toBe(false);
  });

  test("the server ends when the process that started it is killed", async () => {
    const script = `
      const { startSshd } = await import(${JSON.stringify(new URL("../lab/sshdHost.ts", import.meta.url).href)});
      const host = await startSshd();
      console.log(JSON.stringify({ pid: host.pid, folder: host.folder }));
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "pipe" });
    const { pid, folder } = JSON.parse(await nextOutput(starter));
    expect([isRunning(pid), existsSync(folder)]).toEqual([true, true]);
    starter.kill("SIGKILL");
    await until(() => !isRunning(pid) && !existsSync(folder));
  });
});
