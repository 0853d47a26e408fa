import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

const numbered = (count: number, name: (n: string) => string): readonly string[] =>
  Array.from({ length: count }, (_, n) => name(String(n + 1).padStart(2, "0")));

/** Two hundred hosts, most of them in separate files. */
const frontends = numbered(100, (n) => `prod-eu-west-1-frontend-web-${n}.example.com`);
const databases = numbered(60, (n) => `prod-eu-west-1-database-${n}.example.com`);
const builders = numbered(38, (n) => `build${n}`);

describe("many hosts", () => {
  const lab = useWorkbenchLab({
    sshConfig: async ({ folder, host }) => {
      // Another known_hosts file makes another destination of the same server.
      const block = (alias: string): string =>
        host.sshConfigText(alias, [`GlobalKnownHostsFile /nonexistent/${alias}`]);
      await mkdir(join(folder, "config.d"));
      for (const [name, hosts] of Object.entries({ frontends, databases })) {
        await writeFile(join(folder, "config.d", `${name}.conf`), hosts.map(block).join("\n"));
      }
      const own = ["gateway", "mail", ...builders].map(block).join("\n");
      return `Include ${folder}/config.d/*.conf\n${own}`;
    },
    settings: {
      "sshSessions.groupHostsByFile": true,
      "sshSessions.hosts": [{ pattern: "build*", group: "Build farm" }],
    },
  });

  beforeAll(async () => {
    await lab.workbench.tree("Hosts").waitForRow("gateway");
  });

  const labels = async (view: string): Promise<readonly string[]> =>
    (await lab.workbench.tree(view).rows()).map(({ label }) => label);

  /** By the palette: its row may be far below those of an expanded group. */
  const open = async (name: string): Promise<void> => {
    await lab.workbench.runCommand("SSH Sessions: Open Terminal");
    await lab.workbench.quickInput.waitFor("Choose a host");
    await lab.workbench.quickInput.fill(name);
    await lab.workbench.quickInput.pick(name);
  };

  /** Waits for the line above the rows of a view. */
  const waitForMessage = async (view: string, wanted: string): Promise<void> => {
    const read = async (): Promise<string> =>
      await lab.workbench.page
        .locator(".pane", { has: lab.workbench.page.locator(`.title:text-is("${view}")`) })
        .locator(".message")
        .innerText();
    await waitUntil(async () => (await read()) === wanted, read);
  };

  it("are listed in groups of their files and of the settings, collapsed", async () => {
    const rows = await lab.workbench.tree("Hosts").rows();
    assert.deepEqual(
      rows.map(({ label, description, expanded }) => [label, description, expanded]).slice(0, 3),
      [
        ["databases", "60 hosts", false],
        ["frontends", "100 hosts", false],
        ["Build farm", "38 hosts", false],
      ],
    );
    assert.deepEqual(
      rows.slice(3).map(({ label }) => label),
      ["gateway", "mail"],
    );
  });

  it("are shortened to their differing parts, with the whole name for screen readers", async () => {
    const hosts = lab.workbench.tree("Hosts");
    await hosts.click("frontends");
    const first = await hosts.waitForRow("…web-01", ({ level }) => level === 2);
    assert.match(first.ariaLabel, /^prod-eu-west-1-frontend-web-01\.example\.com/);
    await hosts.waitForRow("…web-02");
  });

  it("are distinguishable in a side bar of 200 pixels: no name is cut off", async () => {
    await lab.workbench.sizeSideBar(200);
    const hosts = lab.workbench.tree("Hosts");
    assert.deepEqual(await hosts.cutNames(), []);
    await lab.workbench.screenshot("many-hosts-200");
    await lab.workbench.sizeSideBar(300);
  });

  it("are filtered while a word is typed; Escape restores all, Enter keeps the filter until it is cleared", async () => {
    const { quickInput, page } = lab.workbench;
    const before = await labels("Hosts");
    await lab.workbench.tree("Hosts").titleAction("Filter");
    await quickInput.fill("WEB-07");
    await waitUntil(
      async () => JSON.stringify(await labels("Hosts")) === JSON.stringify(["frontends", "…web-07"]),
      async () => `not one host, but ${(await labels("Hosts")).join()}`,
    );
    await waitForMessage("Hosts", 'Filter "WEB-07": 1 of 200 hosts');
    await page.keyboard.press("Escape");
    await waitUntil(
      async () => JSON.stringify(await labels("Hosts")) === JSON.stringify(before),
      async () => `not as before, but ${(await labels("Hosts")).join()}`,
    );
    await lab.workbench.runCommand("SSH Sessions: Filter…");
    await quickInput.fill("farm 38");
    await quickInput.accept();
    // The words may be spread over a group and its lab.host.
    await waitUntil(
      async () => (await labels("Hosts")).join() === "Build farm,build38",
      async () => `not the one host of the group, but ${(await labels("Hosts")).join()}`,
    );
    await lab.workbench.runCommand("SSH Sessions: Filter…");
    await quickInput.fill("farm mail");
    await quickInput.accept();
    await waitForMessage("Hosts", 'Filter "farm mail": 0 of 200 hosts');
    await waitUntil(
      async () => (await labels("Hosts")).length === 0,
      async () => `rows are left: ${(await labels("Hosts")).join()}`,
    );
    await lab.workbench.runCommand("SSH Sessions: Filter…");
    await quickInput.fill("farm");
    await quickInput.accept();
    await lab.workbench.tree("Hosts").waitForRow("build01", ({ level }) => level === 2);
    await waitForMessage("Hosts", 'Filter "farm": 38 of 200 hosts');
    await lab.workbench.tree("Hosts").titleAction("Clear Filter");
    // As before: what the filter expanded is collapsed again.
    await waitUntil(
      async () => JSON.stringify(await labels("Hosts")) === JSON.stringify(before),
      async () => `not as before, but ${(await labels("Hosts")).join()}`,
    );
  });

  it("a filter shows the matching connections with their sessions, and all again when cleared", async () => {
    const live = lab.workbench.tree("Live");
    for (const name of ["gateway", "mail"]) {
      await open(name);
      await live.waitForRow(name, ({ level }) => level === 2);
    }
    await lab.workbench.terminals.waitForText("lab>");
    await lab.workbench.runCommand("SSH Sessions: Filter…");
    await lab.workbench.quickInput.fill("gate");
    await lab.workbench.quickInput.accept();
    await live.waitForNoRow("mail");
    assert.deepEqual(await labels("Live"), ["gateway", "gateway"]);
    await waitForMessage("Live", 'Filter "gate": 1 of 2 connections');
    await lab.workbench.runCommand("SSH Sessions: Clear Filter");
    await live.waitForRow("mail", ({ level }) => level === 2);
    assert.deepEqual(await labels("Live"), ["gateway", "gateway", "mail", "mail"]);
  });

  it("all connections collapse by the button of the view, and screen readers get address and connection", async () => {
    const live = lab.workbench.tree("Live");
    const address = `${lab.host.user}@127.0.0.1:${lab.host.port}`;
    for (const { label, level, ariaLabel } of await live.rows()) {
      assert.equal(
        ariaLabel,
        level === 1
          ? `${label}, ready, 1 session, ${address}, connection`
          : `${label}, terminal, open, on ${address}`,
      );
    }
    await live.titleAction("Collapse All");
    await waitUntil(
      async () => (await labels("Live")).join() === "gateway,mail",
      async () => `rows: ${(await labels("Live")).join()}`,
    );
    await lab.workbench.screenshot("many-collapsed");
    for (const name of ["gateway", "mail"]) {
      await live.click(name);
      await live.waitForRow(name, ({ level }) => level === 2);
    }
  });

  it("show how many sessions a collapsed connection has; groups stay expanded or collapsed after a reload", async () => {
    const live = lab.workbench.tree("Live");
    await live.waitForRow("gateway", ({ level, description }) => level === 1 && !/session/.test(description));
    await live.click("gateway");
    await live.waitForRow(
      "gateway",
      ({ level, description }) => level === 1 && /^1 session · /.test(description),
    );
    assert.deepEqual(await labels("Live"), ["gateway", "mail", "mail"]);
    // VS Code writes what an extension stores some time later: this group was expanded long before.
    await lab.workbench.reload();
    const hosts = lab.workbench.tree("Hosts");
    await hosts.waitForRow("frontends", ({ expanded }) => expanded === true);
    await hosts.waitForRow("databases", ({ expanded }) => expanded === false);
  });
});
