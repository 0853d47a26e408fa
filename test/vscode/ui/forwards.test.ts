import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { freePort } from "../../lab/freePort.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

/** In the page: what extensions have stored for the workspace, from the workbench's storage. */
const storedTexts = `(async () => {
  const result = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const texts = [];
  for (const { name } of await indexedDB.databases()) {
    if (name.startsWith("vscode-web-state-db-")) {
      const database = await result(indexedDB.open(name));
      texts.push(...await result(database.transaction("ItemTable").objectStore("ItemTable").getAll()));
      database.close();
    }
  }
  return texts.filter((text) => typeof text === "string" && text.includes('"openForwards"'));
})()`;

describe("forwards in the workbench", () => {
  let folder: string;
  let host: SshdHost;
  let workbench: Workbench;
  const webServer = () => createHttpServer((_, response) => response.end("from the server"));
  const web = webServer();
  /** Both addresses of loopback: if one of them is free, it listens there. */
  const taken = [webServer(), webServer()] as const;
  let webPort: number;
  let takenPort: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab\\$ '\ncd\n");
    web.listen(0, "127.0.0.1");
    taken[0].listen(0, "127.0.0.1");
    await Promise.all([once(web, "listening"), once(taken[0], "listening")]);
    webPort = (web.address() as AddressInfo).port;
    takenPort = (taken[0].address() as AddressInfo).port;
    taken[1].listen(takenPort, "::1");
    await once(taken[1], "listening");
    const configFile = join(folder, "ssh_config");
    // Nothing is offered of a server that is this computer, which a program hides here.
    const proxy = "ProxyCommand bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & exec cat >&3'";
    await writeFile(configFile, `${host.sshConfigText("web1")}\n${host.sshConfigText("web2", [proxy])}`);
    const hosts = [{ pattern: "web2", forwardsDetect: true }];
    workbench = await launchWorkbench({
      settings: { "sshSessions.configFile": configFile, "sshSessions.hosts": hosts },
    });
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").click("web1");
    await workbench.terminals.waitForText("lab#");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    web.close();
    for (const server of taken) {
      server.close();
    }
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function body(port: number): Promise<string> {
    const [response] = await once(get({ port, host: "127.0.0.1", agent: false }), "response");
    let text = "";
    for await (const piece of response) {
      text += String(piece);
    }
    return text;
  }

  it("shows in the box what the text would do, or what is wrong with it, and completes kinds", async () => {
    await workbench.tree("Live").contextMenu("web1", "Forward Port…");
    await workbench.quickInput.waitFor("-R ");
    await workbench.quickInput.fill("8080:db");
    await workbench.quickInput.waitFor("is not a port");
    await workbench.quickInput.fill("8080:db:5432");
    await workbench.quickInput.waitFor("web1 connects to db:5432");
    await workbench.screenshot("forward-box");
  });

  it("forwards a port, shows it below the connection, and serves clients", async () => {
    const live = workbench.tree("Live");
    const port = await freePort();
    await workbench.quickInput.fill(`${port}:127.0.0.1:${webPort}`);
    await workbench.quickInput.waitFor("Listens here");
    await workbench.quickInput.accept();
    const label = `${port} → 127.0.0.1:${webPort}`;
    await live.waitForRow(label, ({ description }) => description.startsWith("listening"));
    assert.equal(await body(port), "from the server");
    assert.match(await live.hoverText(label), /1 connection/);
  });

  it("keeps a stopped forward, starts it again by its row, and offers what was typed", async () => {
    const live = workbench.tree("Live");
    const label = new RegExp(` → 127.0.0.1:${webPort}$`);
    const { label: name } = await live.waitForRow(label);
    const port = Number(name.split(" ")[0]);
    await live.inlineAction(name, "Stop Forward");
    const stopped = await live.waitForRow(name, ({ description }) => description === "stopped");
    assert.equal(stopped.level, 3, "below its connection");
    await assert.rejects(body(port), { code: "ECONNREFUSED" });
    await workbench.screenshot("forward-stopped");
    await live.inlineAction("Forwards", "Forward Port…");
    const typed = `-L ${port}:127.0.0.1:${webPort}`;
    await workbench.quickInput.waitFor(typed);
    await workbench.quickInput.cancel();
    await live.inlineAction(name, "Restart Forward");
    await live.waitForRow(name, ({ description }) => description.startsWith("listening"));
    assert.equal(await body(port), "from the server");
  });

  it("names the program that uses a taken port, and removes a forward by its row", async () => {
    const live = workbench.tree("Live");
    await live.inlineAction("Forwards", "Forward Port…");
    await workbench.quickInput.waitFor("-R ");
    await workbench.quickInput.fill(`${takenPort}:db:80`);
    await workbench.quickInput.waitFor("web1 connects to db:80");
    await workbench.quickInput.accept();
    const label = `${takenPort} → db:80`;
    const name = (await readFile(`/proc/${process.pid}/comm`, "utf8")).trim();
    const row = await live.waitForRow(label, ({ description }) => description.startsWith("port taken"));
    assert.equal(row.description, `port taken by ${name} (${process.pid})`);
    assert.equal(row.level, 3, "below the connection that it would use");
    await live.pointAt(label);
    await workbench.screenshot("forward-refused");
    await live.inlineAction(label, "Remove Forward");
    await live.waitForNoRow(label);
  });

  it("serves a browser through SOCKS, with names resolved by the server", async () => {
    const live = workbench.tree("Live");
    const port = await freePort();
    await live.inlineAction("Forwards", "Forward Port…");
    await workbench.quickInput.waitFor("-R ");
    await workbench.quickInput.fill(`-D ${port}`);
    await workbench.quickInput.waitFor("as a SOCKS server");
    await workbench.quickInput.accept();
    const label = `${port} → SOCKS`;
    await live.waitForRow(label, ({ description }) => description.startsWith("listening"));
    const browser = workbench.page.context().browser();
    assert.ok(browser !== null);
    const context = await browser.newContext({ proxy: { server: `socks5://127.0.0.1:${port}` } });
    try {
      const page = await context.newPage();
      await page.goto(`http://localhost:${webPort}/`);
      assert.equal(await page.locator("body").innerText(), "from the server");
    } finally {
      await context.close();
    }
    assert.match(await live.hoverText(label), /[1-9]\d* connections?/);
  });

  it("offers a port whose address a program prints, once, and forwards it", async () => {
    const live = workbench.tree("Live");
    await workbench.terminals.input("echo in-web$((0+1))\n");
    await workbench.terminals.waitForText("in-web1");
    await workbench.tree("Hosts").click("web2");
    // The first terminal stays the active one for a moment.
    await workbench.terminals.waitForText(/^(?![\s\S]*in-web1)[\s\S]*lab#\s*$/);
    const print = `printf 'http://localhost:\\033[1m%s\\033[0m/\\n' ${takenPort}\n`;
    await workbench.terminals.input(print);
    const offer = `printed an address with port ${takenPort}`;
    await workbench.notifications.waitFor(offer);
    await workbench.screenshot("forward-offer");
    await workbench.notifications.press(offer, "Forward");
    const served = new RegExp(`^(\\d+) → localhost:${takenPort}$`);
    // Both addresses of the same number are taken here, so that another port is used.
    const row = await live.waitForRow(served, ({ description }) => description.startsWith("listening"));
    const port = Number(served.exec(row.label)?.[1]);
    assert.notEqual(port, takenPort);
    assert.equal(await body(port), "from the server");
    await workbench.terminals.input(print);
    await workbench.terminals.input("echo printed-$((1+1))\n");
    await workbench.terminals.waitForText("printed-2");
    assert.deepEqual(
      (await workbench.notifications.texts()).filter((text) => text.includes(offer)),
      [],
    );
  });

  it("offers no port of a host after the answer Not for This Host", async () => {
    const [refused, later] = [await freePort(), await freePort()];
    await workbench.terminals.input(`echo http://localhost:${refused}/\n`);
    const offer = `printed an address with port ${refused}`;
    await workbench.notifications.waitFor(offer);
    await workbench.notifications.press(offer, "Not for This Host");
    await workbench.notifications.waitFor("are not offered any more");
    await workbench.terminals.input(`echo http://localhost:${later}/; echo later-$((1+1))\n`);
    await workbench.terminals.waitForText("later-2");
    // An offer would have come before this question.
    await workbench.runCommand("SSH Sessions: Disconnect All");
    await workbench.dialogs.press("Cancel");
    assert.deepEqual(
      (await workbench.notifications.texts()).filter((text) => text.includes("printed an address")),
      [],
    );
  });

  it("offers the forwards after a reload of the window, removes one by its row, and another comes back with the connection", async () => {
    const byHand = new RegExp(` → 127.0.0.1:${webPort}$`);
    const { label: name } = await workbench.tree("Live").waitForRow(byHand);
    const { label: socks } = await workbench.tree("Live").waitForRow(/ → SOCKS$/);
    const port = Number(name.split(" ")[0]);
    // A workbench in a browser writes what extensions store a moment later, and a reload does not wait for that.
    await waitUntil(
      async () =>
        (await workbench.page.evaluate<string[]>(storedTexts)).some((text) =>
          [`-L ${port}:127.0.0.1:${webPort}`, `-D ${socks.split(" ")[0]}`].every((part) =>
            text.includes(part),
          ),
        ),
      async () => `stored: ${(await workbench.page.evaluate<string[]>(storedTexts)).join("\n")}`,
    );
    await workbench.reload();
    await workbench.openSideBar("SSH Sessions");
    const live = workbench.tree("Live");
    for (const label of [name, socks]) {
      await live.waitForRow(label, ({ description }) => description === "from before · web1");
    }
    const offer = await workbench.notifications.waitFor("forwards were open in this workspace");
    assert.ok(offer.includes(`-L ${port}:127.0.0.1:${webPort} of web1`), offer);
    await workbench.screenshot("forwards-from-before");
    const { label: offered } = await live.waitForRow(/ → localhost:\d+$/);
    for (const label of [socks, offered]) {
      await live.inlineAction(label, "Remove Forward");
      await live.waitForNoRow(label);
    }
    // The extension host of the window before the reload ends a moment later.
    await waitUntil(
      async () =>
        await body(port).then(
          () => false,
          () => true,
        ),
      () => "something still listens",
    );
    await workbench.tree("Hosts").click("web1");
    const again = await live.waitForRow(name, ({ description }) => description.startsWith("listening"));
    assert.equal(again.level, 3, "visible below its new connection");
    assert.equal(await body(port), "from the server");
    // The message vanishes with the last of them.
    await waitUntil(
      async () =>
        (await workbench.notifications.texts()).every((text) => !text.includes("forwards from before")),
      async () => `messages: ${(await workbench.notifications.texts()).join("\n")}`,
    );
  });

  it("copies the address of a forward by its menu", async () => {
    const live = workbench.tree("Live");
    const { label } = await live.waitForRow(new RegExp(` → 127.0.0.1:${webPort}$`));
    await workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await workbench.page.evaluate("navigator.clipboard.writeText('nothing')");
    await live.contextMenu(label, "Copy Address of Forward");
    await waitUntil(
      async () =>
        (await workbench.page.evaluate<string>("navigator.clipboard.readText()")) ===
        `127.0.0.1:${label.split(" ")[0]}`,
      async () => `copied: ${await workbench.page.evaluate<string>("navigator.clipboard.readText()")}`,
    );
  });

  it("saves forwards by their menu for the host and in the workspace: after a reload they wait on demand, and the first client logs in after a question", async () => {
    const live = workbench.tree("Live");
    const [{ label: first }, second] = [
      await live.waitForRow(new RegExp(` → 127.0.0.1:${webPort}$`)),
      `${await freePort()} → localhost:${webPort}`,
    ];
    await live.inlineAction("Forwards", "Forward Port…");
    await workbench.quickInput.waitFor("-R ");
    await workbench.quickInput.fill(second.replace(" → ", ":"));
    await workbench.quickInput.waitFor("Listens here");
    await workbench.quickInput.accept();
    await live.waitForRow(second, ({ description }) => description.startsWith("listening"));
    await live.contextMenu(first, "Save Forward for This Host");
    await workbench.notifications.waitFor("The forward is saved in your settings, for web1.");
    await live.contextMenu(second, "Save Forward in the Workspace");
    await workbench.notifications.waitFor("The forward is saved in the workspace's settings, for web1.");
    const file = join(workbench.workspaceFolder, ".vscode", "settings.json");
    // The host's other forwards stay in effect in the workspace.
    const saved: unknown = JSON.parse(await readFile(file, "utf8"));
    assert.deepEqual(saved, {
      "sshSessions.hosts": [
        { pattern: "web1", forwards: [first, second].map((each) => `-L ${each.replace(" → ", ":")}`) },
      ],
    });
    const logins = host.logins();
    await workbench.reload();
    await workbench.openSideBar("SSH Sessions");
    for (const label of [first, second]) {
      await live.waitForRow(label, ({ description }) => description.startsWith("on demand"));
    }
    assert.equal(host.logins(), logins);
    await workbench.screenshot("forwards-on-demand");
    for (const label of [first, second]) {
      const got = body(Number(label.split(" ")[0]));
      if (label === first) {
        assert.match(await workbench.dialogs.text(), new RegExp(`\\b${first.split(" ")[0]}\\b`));
        await workbench.dialogs.press("Log In");
      }
      assert.equal(await got, "from the server");
      await live.waitForRow(label, ({ description }) => description.startsWith("listening"));
    }
    assert.equal(host.logins(), logins + 1);
  });
});
