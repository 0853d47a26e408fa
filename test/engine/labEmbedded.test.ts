import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { spawn } from "@lydell/node-pty";
import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EmbeddedHost, startEmbeddedHost } from "../lab/embeddedHost.ts";
import { makeEmbeddedKey } from "../lab/embeddedKey.ts";
import { startLabHost } from "../lab/labHost.ts";
import { isRunning } from "../lab/processTree.ts";
import { nextOutput, SshClient } from "../lab/sshClient.ts";
import { until } from "../lab/until.ts";

let host: EmbeddedHost;
let client: SshClient;

beforeEach(async () => {
  host = await startEmbeddedHost({ env: { LAB_WORD: "two words" } });
  client = await SshClient.for(host);
});

afterEach(async () => {
  await client.stop();
  await host.stop();
});

test("embedded keys are complete, including the one in 300 that ssh2 makes malformed", () => {
  const keys = Array.from({ length: 2000 }, makeEmbeddedKey);
  expect(keys.filter((key) => ssh2.utils.parseKey(key.private) instanceof Error)).toEqual([]);
});

describe("the embedded server, used by the real ssh", () => {
  test("runs commands with a clean home folder, environment variables, standard input and exit codes", async () => {
    expect(await client.run('echo "$HOME|$LAB_WORD|$(ls -A ~)|$(pwd)"')).toBe(
      `${host.home}|two words||${host.home}\n`,
    );
    await expect(client.run("echo bad >&2; exit 7")).rejects.toMatchObject({ code: 7, stderr: "bad\n" });
    const child = client.spawn("cat; echo done");
    child.stdin.end("in");
    expect(await text(child.stdout)).toBe("indone\n");
    expect([host.logins(), host.sessions()]).toEqual([3, 3]);
  });

  test("reports the signal that ended a command", async () => {
    const child = client.spawn("kill -TERM $$", ["-v"]);
    let log = "";
    child.stderr.on("data", (data) => {
      log += data;
    });
    // Not `exit`, which may come before the last output.
    await once(child, "close");
    expect(log).toContain("rtype exit-signal");
  });

  test("accepts the environment variables that sshd accepts, and no others", async () => {
    const env = { ...process.env, LAB_A: "a", OTHER_B: "b" };
    const sent = ["-o", "SendEnv=LAB_A", "-o", "SendEnv=OTHER_B"];
    expect(await client.run('echo "$LAB_A|$OTHER_B"', sent, env)).toBe("a|\n");
  });

  test("has real terminals that follow the window size", async () => {
    const terminal = spawn("ssh", ["-F", client.configFile, "lab"], {
      cols: 100,
      rows: 30,
      name: "xterm-256color",
    });
    let screen = "";
    terminal.onData((data) => {
      screen += data;
    });
    terminal.write("stty size; echo $TERM\r");
    await until(() => /30 100\r\nxterm-256color/.test(screen), "the size");
    terminal.resize(120, 40);
    terminal.write("until stty size | grep '40 120'; do sleep 0.05; done; echo size-$((40+2))\r");
    await until(() => screen.includes("size-42"), "the new size");
    const exit = new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
    terminal.write("exit 5\r");
    expect((await exit).exitCode).toBe(5);
  });

  test("refuses subsystems, unknown keys and unknown users", async () => {
    await expect(client.run("sftp", ["-s"])).rejects.toMatchObject({ code: 255 });
    await expect(client.run("true", ["-l", "somebody"])).rejects.toThrow(/Permission denied \(publickey\)/);
    const stranger = await startEmbeddedHost();
    try {
      const impostor = await SshClient.for({ ...login(host), keyFile: stranger.keyFile });
      await expect(impostor.run("true")).rejects.toThrow(/Permission denied \(publickey\)/);
      await impostor.stop();
    } finally {
      await stranger.stop();
    }
  });

  test("carries many sessions on one login, and answers keepalive requests", async () => {
    // Without a reply the client, which counts whole seconds, would disconnect after six at most.
    const alive = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=2"];
    client.spawn("", ["-N", "-M", "-S", client.controlPath, ...alive]);
    await until(() => existsSync(client.controlPath));
    const slow = client.run("sleep 8; echo slow", ["-S", client.controlPath]);
    const all = [1, 2, 3, 4, 5].map((n) => client.run(`echo ${n}`, ["-S", client.controlPath]));
    expect(await Promise.all(all)).toEqual(["1\n", "2\n", "3\n", "4\n", "5\n"]);
    expect(await slow).toBe("slow\n");
    expect([host.logins(), host.sessions()]).toEqual([1, 6]);
  });

  test("loses no long output, with and without a terminal", async () => {
    const child = client.spawn("head -c 20000000 /dev/zero; echo end");
    const hash = createHash("sha256");
    child.stdout.on("data", (data) => hash.update(data));
    await once(child, "close");
    const expected = createHash("sha256").update(Buffer.alloc(20_000_000)).update("end\n");
    expect(hash.digest("hex")).toBe(expected.digest("hex"));
    const onPty = await client.run("seq 200000", ["-tt"]);
    expect(onPty.length).toBe(Array.from({ length: 200_000 }, (_, n) => `${n + 1}\r\n`).join("").length);
  });

  test("ends the programs of a closed terminal, and all others when it stops", async () => {
    const terminal = client.spawn("echo $$; sleep 1000", ["-tt"]);
    const first = Number(await nextOutput(terminal));
    const detached = Number(await client.run("setsid sleep 1000 >/dev/null 2>&1 & echo $!"));
    expect([isRunning(first), isRunning(detached)]).toEqual([true, true]);
    terminal.kill();
    await until(() => !isRunning(first));
    await host.stop();
    await until(() => !isRunning(detached));
    expect(existsSync(host.folder)).toBe(false);
  });
});

test("startLabHost returns a working host on any machine", async () => {
  const lab = await startLabHost();
  const other = await SshClient.for(lab);
  expect(await other.run("echo $HOME")).toBe(`${lab.home}\n`);
  expect([lab.logins(), lab.sessions()]).toEqual([1, 1]);
  await other.stop();
  await lab.stop();
});

function login(embedded: EmbeddedHost): { host: string; port: number; user: string; knownHostsFile: string } {
  const { port, user, knownHostsFile } = embedded;
  return { host: embedded.host, port, user, knownHostsFile };
}
