import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import type { SshSessionsApi } from "../../../src/api.ts";
import { sshConfigBlock } from "../../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { activated, endEverything, type TestConfig, useSshConfig } from "./extensionUnderTest.ts";
import { answerInputBoxes } from "./inputBoxes.ts";

const run = promisify(execFile);

describe("an encrypted key", () => {
  let api: SshSessionsApi;
  let host: SshdHost;
  let config: TestConfig;
  let keyFile: string;

  before(async () => {
    api = await activated();
    host = await startSshd();
    keyFile = join(host.folder, "encrypted");
    await copyFile(host.keyFile, keyFile);
    await run("ssh-keygen", ["-q", "-p", "-P", "", "-N", "secret", "-a", "2", "-f", keyFile]);
    // The only key: nothing else could log in.
    config = await useSshConfig(sshConfigBlock("web1", { ...host.via(host), keyFile }));
  });

  after(async () => {
    await endEverything();
    await config?.dispose();
    await host?.stop();
  });

  /** Connects again. @returns the prompts */
  async function promptsOfConnect(...answers: string[]): Promise<readonly string[]> {
    await endEverything();
    const boxes = answerInputBoxes(() => answers.shift() ?? "");
    try {
      await api.connect("web1");
    } finally {
      boxes.dispose();
    }
    assert.ok(boxes.asked.every(({ password }) => password));
    return boxes.asked.map(({ prompt }) => prompt);
  }

  it("is opened by the bundle's worker, after one wrong passphrase", async () => {
    const asked = await promptsOfConnect("wrong", "secret");
    assert.equal(asked.length, 2);
    assert.ok(asked.every((prompt) => prompt.includes(keyFile)));
    await host.waitForLogins(1);
  });

  it("stays unlocked in this window until it is forgotten", async () => {
    assert.deepEqual(await promptsOfConnect(), []);
    await vscode.commands.executeCommand("sshSessions.forgetPassword", "web1");
    assert.equal((await promptsOfConnect("secret")).length, 1);
  });
});
