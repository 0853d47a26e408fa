import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultProxy } from "../lab/faultProxy.ts";
import { startLabHost } from "../lab/labHost.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { findSshd } from "../lab/sshdServer.ts";
import { waitUntil } from "../vscode/harness/waitUntil.ts";
import { namePrompt } from "./demoHosts.ts";
import type { Scene } from "./scenes.ts";

/** Scenes with failures: what the user sees, and can do. */
export const troubleScenes: readonly Scene[] = [
  {
    name: "the question about an unknown host key",
    async play({ workbench, hosts, picture }) {
      const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-scene-"));
      try {
        // Space in the view for what follows.
        await workbench.runCommand("SSH Sessions: Disconnect All");
        await workbench.dialogs.press("Disconnect All");
        await workbench.tree("Live").waitForNoRow(hosts.names[0]);
        await workbench.runCommand("SSH Sessions: Clear Ended");
        const file = join(folder, "known_hosts");
        await writeFile(file, "");
        const asking = [`UserKnownHostsFile ${file}`, "StrictHostKeyChecking ask"];
        await appendFile(hosts.configFile, hosts.host(hosts.names[1]).sshConfigText("new1", asking));
        await workbench.tree("Hosts").waitForRow("new1");
        await workbench.tree("Hosts").click("new1");
        assert.match(await workbench.dialogs.text(), /SHA256:/);
        await workbench.tree("Live").waitForRow("new1", (row) => row.level === 1);
        await picture("host-key");
        await workbench.dialogs.press("Cancel");
        await workbench.tree("Live").waitForNoRow("new1");
        await workbench.runCommand("Terminal: Kill All Terminals");
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: "a server falls silent, is given up, and returns",
    async play({ workbench, hosts, picture }) {
      const server = await startLabHost();
      const proxy = await FaultProxy.start(server);
      try {
        await namePrompt(server, "edge1");
        const keepalive = ["ServerAliveInterval 4", "ServerAliveCountMax 2", "ConnectTimeout 5"];
        await appendFile(
          hosts.configFile,
          server.sshConfigText("edge1", [
            `Port ${proxy.port}`,
            `HostKeyAlias [127.0.0.1]:${server.port}`,
            ...keepalive,
          ]),
        );
        const live = workbench.tree("Live");
        await workbench.tree("Hosts").waitForRow("edge1");
        await workbench.tree("Hosts").click("edge1");
        await live.waitForRow("edge1", (row) => row.level === 2);
        await workbench.terminals.waitForText(/[$#]/);
        await workbench.terminals.type("echo before the cut\n");
        await workbench.terminals.waitForText(/^before the cut/m);
        proxy.freeze();
        await live.waitForRow("edge1", (row) => row.description.includes("no reply"));
        await picture("suspect");
        await workbench.terminals.waitForText(/Reconnecting in/);
        await proxy.refuse();
        await live.waitForRow("edge1", (row) => /^reconnecting in [4-9] s/.test(row.description));
        await live.pointAt("edge1");
        await picture("reconnect");
        await proxy.accept();
        proxy.thaw();
        await live.inlineAction("edge1", "Reconnect Now");
        await workbench.terminals.waitForText(/reconnected after/);
        await live.waitForRow("edge1", (row) => row.level === 2 && row.description === "");
        await workbench.terminals.type("exit\n");
        await live.waitForRow("edge1", (row) => row.level === 1 && row.description.startsWith("idle"));
        await live.inlineAction("edge1", "Disconnect");
        await live.waitForNoRow("edge1");
      } finally {
        await proxy.stop();
        await server.stop();
      }
    },
  },
  {
    name: "one command on several hosts, one of them down",
    async play({ workbench, hosts, picture }) {
      await appendFile(
        hosts.configFile,
        hosts.host(hosts.names[0]).sshConfigText("down1", ["Port 1", "ConnectTimeout 3"]),
      );
      await workbench.tree("Hosts").waitForRow("down1");
      await workbench.runCommand("SSH Sessions: Run Command on Host…");
      await workbench.quickInput.waitFor("Choose one or more hosts");
      for (const name of [...hosts.names, "down1"]) {
        await workbench.quickInput.fill(name);
        await workbench.page.keyboard.press("ArrowDown");
        await workbench.page.keyboard.press("Space");
      }
      await workbench.quickInput.fill("");
      await workbench.quickInput.accept();
      await workbench.quickInput.waitFor("uptime");
      await workbench.quickInput.fill("bash --version | head -1");
      await workbench.quickInput.accept();
      await waitUntil(
        async () =>
          (await workbench.page.locator(".editor-container .view-lines").innerText()).includes("down1"),
        () => "no summary",
      );
      await workbench.notifications.clear();
      await picture("several-hosts");
    },
  },
  {
    name: "the details of a session's channel, and how the last ones ended",
    async play({ workbench, hosts, picture }) {
      const [web] = hosts.names;
      for (const title of [web, `${web} (2)`]) {
        await workbench.tree("Hosts").inlineAction(web, "Open Terminal");
        await workbench.tree("Live").waitForRow(title, (row) => row.level === 2);
      }
      // Measures the round trip once more: one measurement makes no plot.
      await workbench.runCommand("SSH Sessions: Refresh");
      await workbench.tree("Live").contextMenu(`${web} (2)`, "Show Session Details");
      const page = workbench.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
      await page.locator("canvas").nth(2).waitFor();
      await workbench.tree("Live").click("Ended");
      await workbench.tree("Live").waitForRow("edge1", ({ level }) => level === 2);
      await picture("session-details");
    },
  },
  {
    name: "a server that accepts two sessions per connection gets a second one",
    async play({ workbench, hosts, picture }) {
      if (findSshd() === undefined) {
        // The embedded host has no MaxSessions.
        return;
      }
      const server = await startSshd({ sshd: { MaxSessions: 2 } });
      try {
        await namePrompt(server, "small1");
        await workbench.runCommand("View: Close All Editors");
        await workbench.runCommand("SSH Sessions: Disconnect All");
        await workbench.dialogs.press("Disconnect All");
        await waitUntil(
          async () =>
            !(await workbench.tree("Live").rows()).some(
              ({ label, level }) => level === 1 && hosts.names.includes(label),
            ),
          () => "a connection stays",
        );
        await workbench.runCommand("SSH Sessions: Clear Ended");
        await workbench.runCommand("Terminal: Kill All Terminals");
        await appendFile(hosts.configFile, server.sshConfigText("small1"));
        await workbench.tree("Hosts").waitForRow("small1");
        for (const title of ["small1", "small1 (2)", "small1 (3)"]) {
          await workbench.tree("Hosts").inlineAction("small1", "Open Terminal");
          await workbench.tree("Live").waitForRow(title, (row) => row.level === 2);
        }
        await workbench
          .tree("Live")
          .waitForRow(
            "small1",
            ({ description, ariaLabel }) => description.includes("overflow") && ariaLabel.includes("ready"),
          );
        await workbench.terminals.waitForText("small1:");
        // Moves the pointer off the button, whose hover would be in the screenshot.
        await workbench.page.mouse.move(900, 300);
        await workbench.page.locator(".workbench-hover").waitFor({ state: "hidden" });
        await picture("overflow");
      } finally {
        await server.stop();
      }
    },
  },
];
