import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

/** The keys of VS Code's own lists, on the focused row of the Live view. */
describe("the keys of a row", () => {
  const lab = useWorkbenchLab();

  beforeAll(async () => {
    const { workbench } = lab;
    await workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await workbench.tree("Hosts").click("web1");
    await workbench.tree("Live").waitForRow("web1", ({ level }) => level === 2);
    await workbench.terminals.waitForText("lab>");
  });

  /** Gives the keyboard focus to a row by the keyboard alone: nothing is selected by that. */
  const focus = async (label: string, level: number): Promise<void> => {
    const { page } = lab.workbench;
    await lab.workbench.runCommand("SSH Sessions: Focus on Live View");
    await page.keyboard.press("Home");
    await waitUntil(
      async () => {
        const focused = await lab.workbench.tree("Live").focusedRow();
        if (focused?.label === label && focused.level === level) {
          return true;
        }
        await page.keyboard.press("ArrowDown");
        return false;
      },
      async () => `focused: ${JSON.stringify(await lab.workbench.tree("Live").focusedRow())}`,
    );
  };

  const copied = async (): Promise<string> =>
    await lab.workbench.page.evaluate<string>("navigator.clipboard.readText()");

  it("Ctrl+Shift+5 opens another terminal on its host, and the arrow keys have selected nothing", async () => {
    await focus("web1", 2);
    await lab.workbench.tree("Live").waitForSelection([]);
    await lab.workbench.page.keyboard.press("Control+Shift+5");
    await lab.workbench.tree("Live").waitForRow("web1 (2)", ({ level }) => level === 2);
    await lab.workbench.terminals.waitForText("lab>");
    assert.equal(lab.host.logins(), 1);
  });

  it("F2 renames the session, also one that is selected", async () => {
    await focus("web1 (2)", 2);
    for (const title of ["build log", "second"]) {
      await lab.workbench.page.keyboard.press("F2");
      await lab.workbench.quickInput.waitFor("New title for the session on web1");
      await lab.workbench.quickInput.fill(title);
      await lab.workbench.quickInput.accept();
      await lab.workbench.tree("Live").waitForRow(title, ({ level }) => level === 2);
      // Enter selects it; the second time it is selected.
      await focus(title, 2);
      await lab.workbench.page.keyboard.press("Enter");
      await lab.workbench.tree("Live").waitForSelection([title]);
      await focus(title, 2);
    }
  });

  it("F2 on a row that has no name to change does nothing", async () => {
    await focus("web1", 1);
    await lab.workbench.page.keyboard.press("F2");
    await lab.workbench.page.keyboard.press("Control+C");
    await waitUntil(async () => (await copied()).includes("@127.0.0.1"), copied);
    assert.equal(await lab.workbench.quickInput.describe(), "");
  });

  it("Ctrl+C copies the address of a connection, of a session and of a host", async () => {
    const address = `${lab.host.user}@127.0.0.1:${lab.host.port}`;
    for (const [label, level] of [
      ["web1", 1],
      ["second", 2],
    ] as const) {
      await lab.workbench.page.evaluate("navigator.clipboard.writeText('nothing')");
      await focus(label, level);
      await lab.workbench.page.keyboard.press("Control+C");
      await waitUntil(async () => (await copied()) === address, copied);
    }
    await lab.workbench.page.evaluate("navigator.clipboard.writeText('nothing')");
    await lab.workbench.runCommand("SSH Sessions: Focus on Hosts View");
    await lab.workbench.page.keyboard.press("Home");
    await lab.workbench.page.keyboard.press("Control+C");
    await waitUntil(async () => (await copied()) === address, copied);
  });

  it.each(["Enter", "Space"])("%s shows the terminal", async (key) => {
    const { terminals } = lab.workbench;
    await terminals.select("second");
    await terminals.input("echo in the second\r");
    await terminals.waitForText(/^in the second/m);
    await focus("web1", 2);
    await lab.workbench.page.keyboard.press(key);
    await waitUntil(
      async () => !(await terminals.text()).includes("in the second"),
      () => "the second terminal stays in front",
    );
  });

  it("Delete ends a session at once, and a connection with two after a question", async () => {
    const live = lab.workbench.tree("Live");
    await focus("web1", 1);
    await lab.workbench.page.keyboard.press("Delete");
    assert.match(await lab.workbench.dialogs.text(), /^Disconnect web1 with its 2 sessions\?/);
    await lab.workbench.dialogs.press("Cancel");
    await focus("second", 2);
    await lab.workbench.page.keyboard.press("Delete");
    await live.waitForNoRow("second");
    await live.waitForRow("web1", ({ level }) => level === 2);
    assert.equal(await lab.workbench.dialogs.isOpen(), false);
  });
});
