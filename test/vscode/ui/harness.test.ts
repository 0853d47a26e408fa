import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";

describe("the workbench under test", () => {
  let workbench: Workbench;

  beforeAll(async () => {
    workbench = await launchWorkbench({ env: { PS1: "$ " } });
  });

  afterAll(async () => {
    await workbench?.close();
  });

  it("runs commands from the palette, types into a terminal and reads its output", async () => {
    await workbench.runCommand("Terminal: Create New Terminal");
    await workbench.terminals.type("echo hello-$((40+2))\n");
    assert.match(await workbench.terminals.waitForText("hello-42"), /hello-42/);
  });

  it("gives its programs a separate home folder", async () => {
    await workbench.terminals.type("echo home=$HOME\n");
    await workbench.terminals.waitForText(`home=${workbench.home}`);
  });
});
