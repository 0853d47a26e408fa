import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";
import { terminalProfileId, viewIds } from "../../../src/vscode/settings/contributionIds.ts";
import { activated, extension } from "./extensionUnderTest.ts";
import { recordedContributions } from "./recordedContributions.ts";

// Named so that mocha loads it first: later files need the active extension.
describe("activation", () => {
  it("loads only its entry until something of the extension is used", async () => {
    const api = await activated();
    assert.deepEqual(api.masters(), []);
    assert.deepEqual(
      Object.keys(require.cache)
        .filter((file) => dirname(file) === join(extension().extensionPath, "dist"))
        .map((file) => basename(file)),
      ["extension.cjs"],
    );
  });

  it("returns the API, makes no connection and registers everything in package.json", async () => {
    const api = await activated();
    assert.equal(api.version, 1);
    // The first use.
    await api.hosts();
    assert.deepEqual(api.masters(), []);
    const registered = new Set(await vscode.commands.getCommands(true));
    const promised: readonly { readonly command: string }[] = extension().packageJSON.contributes.commands;
    assert.ok(promised.length > 0);
    assert.deepEqual(
      promised.map(({ command }) => command).filter((id) => !registered.has(id)),
      [],
    );
    const { trees, profiles } = recordedContributions();
    assert.deepEqual([...trees.keys()].sort(), Object.values(viewIds).sort());
    assert.deepEqual([...profiles.keys()], [terminalProfileId]);
  });

  it("returns the same API to all callers", async () => {
    assert.equal(await activated(), extension().exports);
  });
});
