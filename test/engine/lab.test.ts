import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { askpass } from "../lab/askpass.ts";
import { processTable } from "../lab/processTree.ts";
import { type SshdHost, type SshdHostOptions, startSshd } from "../lab/sshdHost.ts";

const run = promisify(execFile);
const hosts: SshdHost[] = [];

async function start(options?: SshdHostOptions): Promise<SshdHost> {
  const host = await startSshd(options);
  hosts.push(host);
  return host;
}

/** Runs a command there with the real client and gives its standard output. */
async function ssh(host: SshdHost, command: string, extra: readonly string[] = []): Promise<string> {
  const config = await host.writeSshConfig(host.folder, ["lab"]);
  return (await run("ssh", ["-F", config, "-o", "BatchMode=yes", ...extra, "lab", command])).stdout;
}

async function sshProcess(
  host: SshdHost,
  command: string,
  extra: readonly string[] = [],
): Promise<ChildProcess> {
  const config = await host.writeSshConfig(host.folder, ["lab"]);
  return spawn("ssh", ["-F", config, ...extra, "lab", command], { stdio: ["pipe", "pipe", "pipe"] });
}

function firstLine(child: ChildProcess): Promise<string> {
  return once(child.stdout ?? child, "data").then(([data]) => String(data).trim());
}

async function until(reached: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !reached(); await delay(10)) {
    expect(Date.now(), "never got there").toBeLessThan(end);
  }
}

const isThere = (pid: number): boolean => processTable().some((process) => process.pid === pid);

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

describe("a real sshd", () => {
  test("lets the login in without a question, with a clean home, and counts it", async () => {
    const host = await start({ env: { LAB_WORD: "two words" } });
    expect(await ssh(host, 'echo "$HOME|$LAB_WORD|$(ls -A ~)"')).toBe(`${host.home}|two words|\n`);
    await ssh(host, "true");
    await host.waitForLogins(2);
    await host.waitForSessions(2);
    expect([host.logins(), host.sessions()]).toEqual([2, 2]);
  });

  test("counts one login and many sessions when the client multiplexes", async () => {
    const host = await start();
    const control = `${host.folder}/control`;
    const master = await sshProcess(host, "", ["-N", "-M", "-S", control]);
    await host.waitForLogins(1);
    await until(() => existsSync(control));
    await Promise.all([1, 2, 3].map(() => ssh(host, "true", ["-S", control])));
    await host.waitForSessions(3);
    expect([host.logins(), host.sessions()]).toEqual([1, 3]);
    master.kill();
    await once(master, "exit");
  });

  test("takes any line of sshd_config", async () => {
    const host = await start({
      sshd: { ForceCommand: "echo forced" },
      sshdTail: "Match all\n  PermitTTY no",
    });
    expect(await ssh(host, "true")).toBe("forced\n");
  });

  test("a throwaway login is not root, and has a password", async () => {
    const host = await start({ user: "throwaway", sshd: { PasswordAuthentication: "yes" } });
    expect(await ssh(host, "id -un; test -w ~ && echo writable")).toBe(`${host.user}\nwritable\n`);
    const config = await host.writeSshConfig(host.folder, ["lab"], ["PubkeyAuthentication no"]);
    const { stdout } = await run("ssh", ["-F", config, "lab", "echo by password"], {
      env: {
        ...process.env,
        DISPLAY: ":0",
        SSH_ASKPASS_REQUIRE: "force",
        SSH_ASKPASS: await askpass(host.folder, host.password ?? ""),
      },
    });
    expect(stdout).toBe("by password\n");
    expect(host.log()).toContain("Accepted password for");
  });

  test("keyboard-interactive works through PAM", async () => {
    const host = await start({
      user: "throwaway",
      sshd: { UsePAM: "yes", KbdInteractiveAuthentication: "yes" },
    });
    const config = await host.writeSshConfig(host.folder, ["lab"], ["PubkeyAuthentication no"]);
    const { stdout } = await run("ssh", ["-F", config, "lab", "echo by dialogue"], {
      env: {
        ...process.env,
        DISPLAY: ":0",
        SSH_ASKPASS_REQUIRE: "force",
        SSH_ASKPASS: await askpass(host.folder, host.password ?? ""),
      },
    });
    expect(stdout).toBe("by dialogue\n");
    expect(host.log()).toContain("Accepted keyboard-interactive/pam for");
  });

  test("many may ask for the throwaway login at once", async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => start({ user: "throwaway" })));
    expect(new Set(made.map((host) => host.password)).size).toBe(1);
  });

  test("down is a crash, up brings the same server back", async () => {
    const host = await start();
    const client = await sshProcess(host, "echo up; sleep 1000");
    expect(await firstLine(client)).toBe("up");
    await Promise.all([once(client, "exit"), host.down()]);
    await expect(ssh(host, "true")).rejects.toThrow(/refused/);
    await host.up();
    expect(await ssh(host, "echo again")).toBe("again\n");
  });

  test("reconfigure keeps what is open and changes what comes", async () => {
    const host = await start();
    const client = await sshProcess(host, "cat");
    await host.waitForSessions(1);
    await host.reconfigure({ ForceCommand: "echo forced" });
    expect(await ssh(host, "true")).toBe("forced\n");
    client.stdin?.end("still here\n");
    expect(await firstLine(client)).toBe("still here");
  });

  test("changed host keys are refused by a client that knows the old ones", async () => {
    const host = await start();
    await ssh(host, "true");
    await host.changeHostKeys();
    await expect(ssh(host, "true")).rejects.toThrow(/REMOTE HOST IDENTIFICATION HAS CHANGED/);
  });

  test("one frozen login is silent while others work, and goes on after the thaw", async () => {
    const host = await start();
    const client = await sshProcess(host, "cat");
    client.stdin?.write("one\n");
    expect(await firstLine(client)).toBe("one");
    const [connection] = host.connections();
    if (connection === undefined) {
      throw new Error("no connection");
    }
    host.freeze(connection);
    client.stdin?.write("two\n");
    expect(await ssh(host, "echo other")).toBe("other\n");
    const answer = firstLine(client);
    host.thaw(connection);
    expect(await answer).toBe("two");
    host.kill(connection);
    await once(client, "exit");
  });

  test("a frozen server is noticed by the client's keepalive", async () => {
    const host = await start();
    const client = await sshProcess(host, "echo up; cat", [
      "-o",
      "ServerAliveInterval=1",
      "-o",
      "ServerAliveCountMax=1",
    ]);
    expect(await firstLine(client)).toBe("up");
    host.freeze();
    const [code] = await once(client, "exit");
    expect(code).toBe(255);
  });

  test("stop leaves no process, even detached ones, and no folder", async () => {
    const host = await start();
    const detached = Number(await ssh(host, "setsid sleep 1000 >/dev/null 2>&1 & echo $!"));
    expect(isThere(detached)).toBe(true);
    const listener = host.pid ?? 0;
    await host.stop();
    await until(() => !isThere(detached) && !isThere(listener));
    expect(existsSync(host.folder)).toBe(false);
  });

  test("the server ends when whoever started it is killed", async () => {
    const script = `
      const { startSshd } = await import(${JSON.stringify(new URL("../lab/sshdHost.ts", import.meta.url).href)});
      const host = await startSshd();
      console.log(JSON.stringify({ pid: host.pid, folder: host.folder }));
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "pipe" });
    const { pid, folder } = JSON.parse(await firstLine(starter));
    expect([isThere(pid), existsSync(folder)]).toEqual([true, true]);
    starter.kill("SIGKILL");
    await until(() => !isThere(pid) && !existsSync(folder));
  });
});
