import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, get } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { freePort } from "../../lab/freePort.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

describe("forwards in the workbench", () => {
  let folder: string;
  let host: SshdHost;
  let workbench: Workbench;
  const web = createHttpServer((_, response) => response.end("from the server"));
  /** Both addresses of loopback: if one of them is free, it listens there. */
  const taken = [createServer(), createServer()] as const;
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
    await writeFile(configFile, host.sshConfigText("web1"));
    workbench = await launchWorkbench({ settings: { "sshSessions.configFile": configFile } });
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

  it("names the program that uses a taken port, and stops a forward from its row", async () => {
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
    await live.inlineAction(label, "Stop Forward");
    await live.waitForNoRow(label);
  });
});
