import { existsSync, readFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import { runSsh } from "../../src/config/sshProgram.ts";
import { isRunning } from "../lab/processTree.ts";
import { ConfigHome, FakeSettings } from "../support/configFixtures.ts";

describe("the real ssh -G", () => {
  let home: ConfigHome;
  beforeEach(async () => {
    home = await ConfigHome.create();
  });
  afterEach(() => home.dispose());

  async function resolve(text: string, host: string): Promise<HostConfig> {
    const settings = new FakeSettings();
    settings.configFile = await home.write("config", text);
    const resolver = createHostResolver({ settings, clock: systemClock, logger: silentLogger });
    try {
      return await resolver.resolve(host);
    } finally {
      resolver.dispose();
    }
  }

  test("a Match exec that matches sets values, without a line", async () => {
    const config = await resolve('Host web\n Port 5\nMatch exec "true"\n  ServerAliveInterval 77\n', "web");
    expect(config.serverAliveInterval).toBe(77);
    expect(config.sources.get("serveraliveinterval")).toEqual({ kind: "sshConfig" });
    expect(config.sources.get("port")).toEqual({ kind: "sshConfig", file: home.path("config"), line: 2 });
  });

  test("without values, keepalive and ControlPersist are left to other layers, and identity files are OpenSSH's", async () => {
    const config = await resolve("", "web");
    for (const name of [
      "serverAliveInterval",
      "serverAliveCountMax",
      "tcpKeepAlive",
      "controlPersist",
      "ciphers",
    ]) {
      expect(config).not.toHaveProperty(name);
    }
    expect(config.identityFilesAreDefault).toBe(true);
    expect(config.identityFiles.length).toBeGreaterThan(3);
  });

  test("an error of ssh names file and line", async () => {
    await expect(resolve("Host web\n\n  Port 22x\n", "web")).rejects.toMatchObject({
      reason: "malformed",
      file: home.path("config"),
      line: 3,
    });
  });

  test("an included file that others may write to is refused", async () => {
    const text = `Include ${home.path("exposed")}\n`;
    await home.write("exposed", "Port 1\n");
    await chmod(home.path("exposed"), 0o666);
    await expect(resolve(text, "web")).rejects.toMatchObject({
      reason: "unreadable",
      file: home.path("exposed"),
    });
  });

  test("waits for a Match exec that takes 6 s, as ssh does", async () => {
    expect(await resolve(`Match exec "sleep 6"\n Port 77\n`, "web")).toMatchObject({ port: 77 });
  });

  test("cancelling ends a hanging Match exec with all its child processes", async () => {
    const started = home.path("started");
    const script = await home.write("hang", `echo $$ > ${started}\nexec sleep 300\n`);
    const file = await home.write("config", `Match exec "sh ${script}"\n Port 1\n`);
    const controller = new AbortController();
    const run = runSsh("ssh", ["-G", "-F", file, "--", "web"], controller.signal);
    const outcome = expect(run).rejects.toBe("given up");
    await expect
      .poll(() => existsSync(started) && processOf(started), { timeout: 20_000 })
      .toBeGreaterThan(0);
    const pid = processOf(started);
    controller.abort("given up");
    await outcome;
    await expect.poll(() => isRunning(pid), { timeout: 20_000 }).toBe(false);
  });
});

function processOf(file: string): number {
  return Number(readFileSync(file, "utf8"));
}
