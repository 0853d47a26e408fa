/**
 * `npm run demo`: two temporary SSH hosts and a real VS Code with the extension, until Ctrl+C. With a display it is a
 * desktop VS Code (`VSCODE_EXECUTABLE`, or a download); otherwise, or with `--browser`, the VS Code server, and the
 * address for a browser is printed. `--screenshots DIR` plays the scenes, writes screenshots and exits; with `--crowded ""`
 * those of narrow side bars with many and with long rows.
 */
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildExtension } from "../setup/buildExtension.ts";
import { repositoryRoot } from "../setup/repository.ts";
import { openDesktop } from "../vscode/harness/desktop.ts";
import { hostWorkbench } from "../vscode/harness/hostedWorkbench.ts";
import { launchWorkbench } from "../vscode/harness/workbench.ts";
import { takeCrowdedPictures } from "./crowdedScenes.ts";
import { type DemoHosts, startDemoHosts } from "./demoHosts.ts";
import { takeKeeperPictures } from "./keeperScenes.ts";
import { scenes } from "./scenes.ts";
import { takeSharingPictures } from "./sharingScenes.ts";

const { values } = parseArgs({
  options: {
    screenshots: { type: "string" },
    crowded: { type: "string" },
    browser: { type: "boolean", default: false },
  },
});

await buildExtension();
if (values.screenshots !== undefined && values.crowded !== undefined) {
  await takeCrowdedPictures(resolve(values.screenshots), values.crowded);
  process.exit();
}
const hosts = await startDemoHosts();
const settings = { "sshSessions.configFile": hosts.configFile };
try {
  if (values.screenshots !== undefined) {
    await takePictures(hosts, resolve(values.screenshots));
    await takeKeeperPictures(hosts, settings, resolve(values.screenshots));
    await takeSharingPictures(hosts, settings, resolve(values.screenshots));
  } else if (values.browser || !hasDisplay() || !(await tryDesktop())) {
    await serve();
  }
} finally {
  await hosts.stop();
}

async function takePictures(demoHosts: DemoHosts, folder: string): Promise<void> {
  // Shows long lines completely in the screenshot.
  const wide = { "editor.minimap.enabled": false, "editor.wordWrap": "on" };
  const workbench = await launchWorkbench({ settings: { ...settings, ...wide }, screenshotFolder: folder });
  try {
    for (const scene of scenes) {
      console.log(scene.name);
      await scene.play({
        workbench,
        hosts: demoHosts,
        picture: async (name) => console.log(`  ${await workbench.screenshot(name)}`),
      });
    }
  } finally {
    await workbench.close();
  }
}

async function serve(): Promise<void> {
  const extensionsFolder = await installedHere();
  const hosted = await hostWorkbench({ settings, forPerson: true, extensionsFolder });
  try {
    tellWhatToDo(`Open this address in a browser on this machine:\n\n    ${hosted.url}\n`);
    await interrupted();
  } finally {
    await hosted.close();
    await rm(extensionsFolder, { recursive: true, force: true });
  }
}

/** Without its smoke test driver, the server loads only installed extensions: a folder with this one. */
async function installedHere(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-demo-"));
  await symlink(repositoryRoot, join(folder, "ssh-sessions.ssh-sessions"), "junction");
  return folder;
}

/** False if there is no desktop VS Code and none can be downloaded. */
async function tryDesktop(): Promise<boolean> {
  const desktop = await openDesktop({ settings }).catch((error: unknown) => {
    console.log(`No desktop VS Code: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  });
  if (desktop === undefined) {
    return false;
  }
  try {
    tellWhatToDo("A VS Code window opens.");
    await Promise.race([interrupted(), desktop.closed]);
  } finally {
    await desktop.close();
  }
  return true;
}

function hasDisplay(): boolean {
  return process.platform !== "linux" || Boolean(process.env["DISPLAY"] || process.env["WAYLAND_DISPLAY"]);
}

function tellWhatToDo(where: string): void {
  console.log(`
Two SSH hosts are running on this machine: ${hosts.names.join(" and ")} (${hosts.configFile}).
${hosts.unknown} is ${hosts.names[0]} under another name, whose host key is not known yet: it shows the question about the key.
${where}
Choose "SSH Sessions" in the activity bar and click a host. A local terminal of that window shares its connection, once
you agree, with: ssh -F ${hosts.configFile} ${hosts.names[0]}
Ctrl+C here ends everything.
`);
}

async function interrupted(): Promise<void> {
  await new Promise<void>((done) => {
    process.once("SIGINT", () => done());
    process.once("SIGTERM", () => done());
  });
}
