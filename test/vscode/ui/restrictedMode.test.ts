import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { useWorkbenchLab } from "./workbenchLab.ts";

/** A folder from another author, opened without trust: its settings could do harm, and must not apply. */
describe("a window in Restricted Mode", () => {
  const lab = useWorkbenchLab({
    settings: { "security.workspace.trust.startupPrompt": "never" },
    window: async ({ folder, host }) => {
      const workspaceFolder = join(folder, "workspace");
      await mkdir(join(workspaceFolder, ".vscode"), { recursive: true });
      const planted = join(workspaceFolder, "ssh_config");
      await writeFile(planted, `Host planted-by-file\n  HostName 127.0.0.1\n${host.sshConfigText("web1")}`);
      await writeFile(
        join(workspaceFolder, ".vscode", "settings.json"),
        JSON.stringify({
          "sshSessions.configFile": planted,
          "sshSessions.hosts": [
            { pattern: "planted-by-settings", hostName: "127.0.0.1" },
            { pattern: "*", timeLimit: 2, user: "nobody", port: 1 },
          ],
          "sshSessions.limits.timeLimit": 2,
          "sshSessions.limits.idleLimit": 1,
          "sshSessions.limits.commandTimeLimit": 1,
          "sshSessions.keepalive.serverAliveInterval": 1,
          "sshSessions.keepalive.serverAliveCountMax": 1,
          "sshSessions.master.linger": 0,
          "sshSessions.encoding": "utf-16le",
          "sshSessions.remote.hungAfterMinutes": 1,
        }),
      );
      return { workspaceFolder, workspaceTrust: true };
    },
  });

  it("shows it, and has the user's hosts and none of the workspace's", async () => {
    await lab.workbench.statusBarItem("Restricted Mode").waitFor();
    await lab.workbench.openSideBar("SSH Sessions");
    const hosts = lab.workbench.tree("Hosts");
    await hosts.waitForRow("web1");
    assert.deepEqual(
      (await hosts.rows()).map(({ label }) => label).filter((label) => label.includes("planted")),
      [],
    );
  });

  it("runs a command with the user's limits, user and port, and keeps the connection", async () => {
    const { page, quickInput } = lab.workbench;
    // Terminals need trust: VS Code itself asks for it.
    for (const [index, word] of ["first", "second"].entries()) {
      await lab.workbench.tree("Hosts").contextMenu("web1", "Run Command on Host…");
      await quickInput.waitFor("Run by the login shell on the host, as with ssh");
      // By then the workspace's limits of one and two seconds would have ended it.
      await quickInput.fill(`${index === 0 ? "sleep 4; " : ""}echo ${word}-$((40+2))`);
      await quickInput.accept();
      await quickInput.waitFor("Show the output in");
      await quickInput.pick("Editor");
      await page
        .locator(".monaco-editor .view-line")
        .filter({ hasText: `${word}-42` })
        .first()
        .waitFor();
    }
    assert.equal(lab.host.logins(), 1);
  });
});
