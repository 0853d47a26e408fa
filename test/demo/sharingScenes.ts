import { spawn } from "node:child_process";
import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exited } from "../lab/watchdog.ts";
import { launchWorkbench, type Workbench } from "../vscode/harness/workbench.ts";
import type { DemoHosts } from "./demoHosts.ts";

const viewport = { width: 800, height: 480 };

/** Writes a picture of both windows, side by side. */
async function pictureOf(left: Workbench, right: Workbench, path: string): Promise<void> {
  const page = await left.page.context().newPage();
  const images = await Promise.all(
    [left, right].map(async (window) => (await window.page.screenshot()).toString("base64")),
  );
  const gap = 12;
  await page.setViewportSize({ width: 2 * viewport.width + gap, height: viewport.height });
  await page.setContent(
    `<body style="margin: 0; display: flex; gap: ${gap}px; background: #b0b0b0">${images
      .map((data) => `<img src="data:image/png;base64,${data}">`)
      .join("")}</body>`,
  );
  await page.screenshot({ path });
  await page.close();
  console.log(`  ${path}`);
}

/** Pictures of two windows and of programs on one connection, and of a connection that the user's own `ssh` has. */
export async function takeSharingPictures(
  hosts: DemoHosts,
  settings: Readonly<Record<string, unknown>>,
  screenshotFolder: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-d-"));
  const home = join(folder, "home");
  const [web] = hosts.names;
  await mkdir(home);
  // ssh reads its configuration from the home folder in the user database.
  const functions = ["ssh", "sftp"].map(
    (name) => `${name}() { command ${name} -F ${hosts.configFile} "$@"; }`,
  );
  await writeFile(join(home, ".bashrc"), `PS1='local:\\W\\$ '\n${functions.join("\n")}\n`);
  await writeFile(
    join(hosts.host(web).home, "access.log"),
    '192.0.2.7 "GET /cart" 200\n192.0.2.9 "GET /" 200\n',
  );
  const open = async (name: string): Promise<Workbench> => {
    const workbench = await launchWorkbench({
      env: { HOME: home, XDG_RUNTIME_DIR: folder, SHELL: "/bin/bash" },
      settings: {
        ...{ ...settings, "sshSessions.sharing.programs": "on" },
        "terminal.integrated.hideOnStartup": "whenEmpty",
      },
      ...{ screenshotFolder, viewport },
    });
    const url = new URL(workbench.page.url());
    url.searchParams.set("folder", join(folder, name));
    await mkdir(join(folder, name));
    await workbench.page.goto(url.href);
    await workbench.openSideBar("SSH Sessions");
    await workbench.sizeSideBar(380);
    return workbench;
  };
  const windows: Workbench[] = [];
  try {
    console.log("two windows on one connection");
    const [shop, blog] = [await open("shop"), await open("blog")];
    windows.push(shop, blog);
    await shop.tree("Hosts").inlineAction(web, "Open Terminal");
    await shop.terminals.waitForText(`${web}:`);
    await shop.terminals.type("uptime -p\n");
    await shop.terminals.waitForText(/^up /m);
    await blog.tree("Hosts").inlineAction(web, "Open Terminal");
    await blog.terminals.waitForText(`${web}:`);
    await blog.terminals.type("tail -f access.log\n");
    await blog.terminals.waitForText("GET /cart");
    await blog.tree("Live").waitForRow(web, ({ description }) => description.includes("shared"));
    await shop.tree("Live").waitForRow(/^Window “blog/);
    for (const { page } of [shop, blog]) {
      // Off the rows, whose hovers would cover others.
      await page.mouse.move(600, 100);
      await page.locator(".workbench-hover").waitFor({ state: "hidden" });
    }
    await pictureOf(shop, blog, join(screenshotFolder, "two-windows.png"));

    console.log("programs in a terminal of the editor, on the connection");
    await blog.close();
    await shop.page.setViewportSize({ width: 1200, height: 560 });
    const live = shop.tree("Live");
    await live.waitForNoRow(/^Window “blog/);
    await shop.runCommand("Terminal: Create New Terminal");
    await shop.terminals.waitForText("local:");
    await shop.terminals.input("sftp web1\r");
    await shop.terminals.waitForText("sftp>");
    await shop.runCommand("Terminal: Create New Terminal");
    await shop.terminals.waitForText("local:");
    await shop.terminals.input("ssh web1 'tail -f ~/access.log'\r");
    await shop.terminals.waitForText("GET /cart");
    await live.waitForRow(/^ssh \(\d+\)$/, ({ description }) => description.startsWith("tail"));
    await live.waitForRow(/^sftp \(\d+\)$/);
    console.log(`  ${await shop.screenshot("programs-on-connection")}`);

    console.log("a connection that the user's own ssh has");
    await shop.runCommand("SSH Sessions: Kill All");
    await shop.dialogs.press("Kill All");
    await live.waitForNoRow(web);
    await shop.runCommand("Terminal: Kill All Terminals");
    await shop.runCommand("SSH Sessions: Clear Ended");
    const control = [`ControlPath ${folder}/cm-%C`, "ControlMaster auto"];
    await appendFile(hosts.configFile, hosts.host(web).sshConfigText("office", control));
    const master = spawn("ssh", ["-F", hosts.configFile, "-N", "-M", "office"], { stdio: "ignore" });
    await live.waitForRow("office", ({ description }) => description.includes("connection of ssh"));
    await live.inlineAction("office", "Use Connection of ssh");
    await shop.tree("Hosts").inlineAction("office", "Open Terminal");
    await shop.terminals.waitForText(`${web}:`);
    await live.waitForRow("office", ({ description }) => description.includes("on the connection of ssh"));
    await live.waitForRow("office", ({ level, description }) => level === 2 && description === "");
    console.log(`  ${await shop.screenshot("connection-of-ssh")}`);
    master.kill();
    await exited(master);
  } finally {
    await Promise.all(windows.map((window) => window.close()));
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
