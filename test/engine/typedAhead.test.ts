import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { spawn } from "@lydell/node-pty";
import { expect, test } from "vitest";
import { persistentShell } from "../../src/session/persistence.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { SshClient } from "../lab/sshClient.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { needProgram } from "../setup/needProgram.ts";
import { healthStack } from "../support/healthStack.ts";
import { LiveTab } from "../support/liveTab.ts";

const run = promisify(execFile);

test("a line edited before the first session is open becomes the same command as in `ssh`", async () => {
  const host = await startSshd();
  const proxy = await FaultProxy.start(host);
  const stack = await healthStack(sshConfigBlock("lab", host.via(proxy)), undefined);
  const client = await SshClient.for(host.via(proxy));
  proxy.freeze();
  const ssh = spawn("ssh", ["-F", client.configFile, "lab"], { name: "xterm-256color", cols: 80, rows: 24 });
  const tab = new LiveTab(stack);
  try {
    let shown = "";
    ssh.onData((text) => {
      shown += text;
    });
    await until(() => proxy.contacts === 2, "both have called");
    for (const key of ["e", "c", "h", "o", " ", "a", "b", "\u001b[D", "X", "\r"]) {
      ssh.write(key);
      tab.controller.input(key);
    }
    proxy.thaw();
    await tab.waitFor(/^a\w+$/m);
    await until(() => /^a\w+\r?$/m.test(shown), "the command of ssh has run");
    expect(/^a\w+/m.exec(shown)?.[0]).toBe("aXb");
    expect(await tab.text()).toMatch(/^aXb$/m);
  } finally {
    tab.controller.dispose();
    ssh.kill();
    await client.stop();
    await stack[Symbol.asyncDispose]();
    await proxy.stop();
    await host.stop();
  }
});

test("text typed while a shell in tmux reconnects does not run in another shell after a restart of the server", async () => {
  await needProgram("tmux");
  const host = await startSshd();
  const sockets = join(host.folder, "tmux");
  await mkdir(sockets);
  await host.reconfigure({ SetEnv: `"HOME=${host.home}" "TMUX_TMPDIR=${sockets}" "PS1=lab$ "` });
  const proxy = await FaultProxy.start(host);
  const stack = await healthStack(sshConfigBlock("lab", host.via(proxy)), undefined);
  const shell = persistentShell("tmux", "vscode-ahead");
  const tab = new LiveTab(stack, shell?.attach);
  // As a restart of the server does.
  const endShell = (): Promise<unknown> =>
    run("/bin/sh", ["-c", shell?.end ?? ""], { env: { ...process.env, TMUX_TMPDIR: sockets } });
  try {
    await tab.settled();
    proxy.freeze();
    await endShell();
    proxy.drop();
    await until(() => tab.states.filter((state) => state === "opening").length === 2, "it tries again");
    tab.type("echo ran$((6*7))\r");
    proxy.thaw();
    await tab.waitFor(/not sent: 17 characters typed in the meantime/);
    await tab.settled();
    tab.type("echo here$((6*7))\r");
    await tab.waitFor(/here42/);
    expect(await tab.text()).not.toContain("ran");
  } finally {
    await endShell();
    tab.controller.dispose();
    await stack[Symbol.asyncDispose]();
    await proxy.stop();
    await host.stop();
  }
});
