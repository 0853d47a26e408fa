import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

// With another HOME than that of the user database, `ssh` looks for `~` elsewhere.
const line = `Include ${userInfo().homedir}/.ssh/ssh-sessions/*.conf\n`;

describe("plain ssh in any terminal of the computer", () => {
  // ssh reads its configuration from the home folder in the user database, so a terminal can't have another
  // ssh_config.
  const lab = useWorkbenchLab({
    settings: { "sshSessions.sharing.programs": "off" },
    window: async ({ folder }) => {
      const home = join(folder, "home");
      await mkdir(home);
      await writeFile(join(home, ".bashrc"), "PS1='local> '\n");
      return { env: { HOME: home, XDG_RUNTIME_DIR: folder, SHELL: "/bin/bash" } };
    },
  });
  let before: string;

  beforeAll(async () => {
    before = await readFile(lab.configFile, "utf8");
  });

  it("the line is shown as a diff, and not written without a yes", async () => {
    const { configFile, workbench } = lab;
    await workbench.runCommand("SSH Sessions: Use Connections in Every Terminal…");
    await workbench.notifications.waitFor("Add this line to");
    await waitUntil(
      async () => (await workbench.page.locator(".monaco-diff-editor .line-insert").count()) > 0,
      async () => "the diff shows no added line",
    );
    assert.match(await workbench.page.locator(".monaco-diff-editor").innerText(), /ssh-sessions/);
    await workbench.screenshot("every-terminal-question");
    assert.equal(await readFile(configFile, "utf8"), before);
  });

  it("after a yes, ssh in a terminal uses the connection without a login, and is shown below it", async () => {
    const { configFile, host, workbench } = lab;
    await workbench.notifications.press("Add this line to", "Add for All");
    await workbench.notifications.waitFor("can use the connections now");
    assert.equal(await readFile(configFile, "utf8"), line + before);
    await waitUntil(
      async () => (await workbench.page.locator(".monaco-diff-editor").count()) === 0,
      async () => "the diff is still open",
    );
    await workbench.tree("Hosts").click("web1");
    await workbench.terminals.waitForText("lab>");
    await workbench.runCommand("Terminal: Create New Terminal");
    await workbench.terminals.waitForText("local>");
    const logins = host.logins();
    const file = `grep -l 'originalhost web1 .*${configFile}' ${userInfo().homedir}/.ssh/ssh-sessions/*.conf`;
    await workbench.terminals.input(
      `until ${file}; do sleep 0.1; done >/dev/null 2>&1; echo found-$((1 + 1))\r`,
    );
    await workbench.terminals.waitForText("found-2");
    await workbench.terminals.input(`ssh -F ${configFile} web1 'echo over-$((40 + 2)); cat'\r`);
    await workbench.terminals.waitForText("over-42");
    assert.equal(host.logins(), logins);
    await workbench
      .tree("Live")
      .waitForRow(/^ssh \(\d+\)$/, ({ description }) => description.startsWith("echo over-"));
  });

  it("the line is taken out again, byte for byte, and ssh logs in as before", async () => {
    const { configFile, host, workbench } = lab;
    await workbench.runCommand("SSH Sessions: Stop Using Connections in Every Terminal");
    await workbench.notifications.waitFor("The line has been removed from");
    assert.equal(await readFile(configFile, "utf8"), before);
    await waitUntil(
      async () =>
        !(await workbench.notifications.texts()).some((text) => text.includes("can use the connections now")),
      () => "the message that it is on is still shown",
    );
    await workbench.terminals.waitForText(/Received disconnect.*The connection has ended/s);
    const logins = host.logins();
    await workbench.terminals.input(`ssh -F ${configFile} web1 'echo direct-$((40 + 2))'\r`);
    await workbench.terminals.waitForText("direct-42");
    assert.equal(host.logins() - logins, 1);
  });
});
