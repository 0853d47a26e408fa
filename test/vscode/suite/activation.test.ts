import assert from "node:assert/strict";
import * as vscode from "vscode";

describe("activation", () => {
  it("finds the extension in the host", () => {
    assert.ok(vscode.extensions.getExtension("ssh-sessions.ssh-sessions"));
  });
});
