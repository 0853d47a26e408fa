import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { freePort } from "../../lab/freePort.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

describe("a terminal that can't be opened", () => {
  let folder: string;
  let host: SshdHost;
  let workbench: Workbench;
  /** Accepts connections and sends nothing. */
  let silent: Server;
  const held: Socket[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    silent = createServer((socket) => {
      socket.on("error", () => undefined);
      held.push(socket);
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const local = (alias: string, port: number): string =>
      `Host ${alias}\n  HostName 127.0.0.1\n  Port ${port}\n`;
    host = await startSshd();
    await host.changeHostKeys();
    await writeFile(host.knownHostsFile, `# one\n# two\n${await readFile(host.knownHostsFile, "utf8")}`);
    const configFile = join(folder, "ssh_config");
    await writeFile(
      configFile,
      [
        local("down", await freePort()),
        local("silent", (silent.address() as AddressInfo).port),
        host.sshConfigText("changed"),
      ].join("\n"),
    );
    workbench = await launchWorkbench({ settings: { "sshSessions.configFile": configFile } });
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").waitForRow("changed");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await host?.stop();
    for (const socket of held) {
      socket.destroy();
    }
    silent?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("shows the error in its tab, and a message only if that offers more", async () => {
    const { terminals, notifications } = workbench;
    await workbench.tree("Hosts").click("down");
    await terminals.waitForText(/the connection was refused[\s\S]*R to reopen/);
    const live = workbench.tree("Live");
    await live.waitForRow("Ended", ({ description }) => description === "1 session with errors");
    await live.click("Ended");
    await live.waitForRow("down", ({ description }) => /^connection refused · /.test(description));
    assert.match(await live.hoverText("down"), /Reason\s+[\s\S]*refused/);
    await workbench.screenshot("failed-open");
    await workbench.tree("Hosts").click("changed");
    const told = await terminals.waitForText(/CHANGED[\s\S]*R to reopen/);
    const warning = told.replaceAll("\n", "");
    assert.ok(warning.includes(`${host.knownHostsFile}:3`), told);
    assert.match(warning, / SHA256:\S{43}Offending key in/);
    await notifications.waitFor("CHANGED");
    assert.deepEqual(
      (await notifications.texts()).filter((text) => !text.includes("CHANGED")),
      [],
    );
    await notifications.press("CHANGED", "Open known_hosts");
    await workbench.page.locator(".tab.active", { hasText: "known_hosts" }).waitFor();
    await workbench.statusBarItem("Ln 3, Col 1").waitFor();
    await notifications.clear();
  });

  it("shows a message if another terminal is active", async () => {
    const { terminals, notifications } = workbench;
    await workbench.tree("Hosts").click("silent");
    await terminals.waitForText("Connecting to silent");
    await workbench.runCommand("Terminal: Create New Terminal");
    await waitUntil(
      async () => !/^$|Connecting to silent/.test(await terminals.text()),
      () => "no terminal of this machine in front",
    );
    for (const socket of held) {
      socket.destroy();
    }
    await notifications.waitFor("the server closed the connection before the login");
  });
});
