import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { ensureNextOpenSsh } from "../../setup/nextOpenSsh.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

const run = promisify(execFile);

describe("logins that need more than a key file", () => {
  let folder: string;
  let host: SshdHost;
  /** Supports only a key exchange that the engine ssh2 lacks. */
  let newer: SshdHost;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    const { securityKeyProvider } = await ensureNextOpenSsh();
    [host, newer] = await Promise.all([
      startSshd(),
      startSshd({ sshd: { KexAlgorithms: "sntrup761x25519-sha512@openssh.com" } }),
    ]);
    const key = join(folder, "fido");
    await run("ssh-keygen", ["-q", "-t", "ed25519-sk", "-w", securityKeyProvider, "-N", "", "-f", key]);
    await host.authorize((await readFile(`${key}.pub`, "utf8")).trim());
    const programs = join(folder, "bin");
    await mkdir(programs);
    // The software key needs no PIN: an ssh-add that asks for it, as OpenSSH's agent does.
    const lines = [
      "#!/bin/sh",
      'test "$("$SSH_ASKPASS" "Enter PIN for ED25519-SK key SHA256:abc: ")" = 4711 || exit 1',
      `PATH='${process.env["PATH"]}' exec ssh-add "$@"`,
    ];
    await writeFile(join(programs, "ssh-add"), `${lines.join("\n")}\n`, { mode: 0o755 });
    const configFile = join(folder, "ssh_config");
    await writeFile(
      configFile,
      [
        host.sshConfigText("fido").replace(host.keyFile, key),
        `  SecurityKeyProvider ${securityKeyProvider}`,
        newer.sshConfigText("newer"),
      ].join("\n"),
    );
    // VS Code takes PATH from the login shell.
    const home = join(folder, "home");
    await mkdir(home);
    await writeFile(join(home, ".bash_profile"), `export PATH='${programs}':$PATH\n`);
    workbench = await launchWorkbench({
      home,
      env: { SHELL: "/bin/bash" },
      settings: { "sshSessions.configFile": configFile },
    });
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").waitForRow("newer");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await Promise.all([host?.stop(), newer?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  const opened = (alias: string) => workbench.tree("Live").waitForRow(alias, ({ level }) => level === 2);

  it("ask for the touch and the PIN of a security key, and name the key", async () => {
    const { quickInput, terminals } = workbench;
    await workbench.tree("Hosts").click("fido");
    await quickInput.waitFor(`PIN for ${join(folder, "fido")}`);
    await terminals.waitForText("Touch your security key to log in to fido");
    await quickInput.fill("4711");
    await quickInput.accept();
    await opened("fido");
  });

  it("ask once whether the machine's ssh should connect a host for which an algorithm is missing", async () => {
    const { notifications } = workbench;
    await workbench.tree("Hosts").click("newer");
    const told = await notifications.waitFor("Use the ssh of this machine");
    assert.ok(told.includes("sntrup761x25519-sha512@openssh.com"), told);
    await notifications.press("Use the ssh of this machine", "Use OpenSSH");
    await opened("newer");
    await notifications.clear();
  });

  it("show the keys of a host, and forget them after a question", async () => {
    const hosts = workbench.tree("Hosts");
    const [keyType = "", key = ""] = host.hostKeyLines[0]?.split(" ") ?? [];
    await hosts.contextMenu("fido", "Show Host Keys…");
    const document = workbench.page.locator(".editor-instance .view-lines").first();
    await waitUntil(
      async () => (await document.innerText()).includes(keyType),
      () => "the document of the host's keys",
    );
    await hosts.contextMenu("fido", "Forget Host Keys…");
    assert.match(await workbench.dialogs.text(), /Forget the host keys of "fido"\?[\s\S]*SHA256:/);
    await workbench.dialogs.press("Forget Host Keys");
    await workbench.notifications.waitFor('Forgotten: 1 key of "fido"');
    assert.ok(!(await readFile(host.knownHostsFile, "utf8")).includes(key));
    assert.ok((await readFile(`${host.knownHostsFile}.old`, "utf8")).includes(key));
  });
});
