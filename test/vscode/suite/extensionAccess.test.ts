import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { SshSessionsApi } from "../../../src/api.ts";
import { viewIds } from "../../../src/vscode/settings/contributionIds.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { accessAnswers } from "./accessQuestions.ts";
import { activated, endEverything, type TestConfig, useSshConfig } from "./extensionUnderTest.ts";
import { treeItems } from "./treeItems.ts";

describe("other extensions", () => {
  let api: SshSessionsApi;
  let host: SshdHost;
  let config: TestConfig;

  beforeEach(async () => {
    api = await activated();
    host = await startSshd();
    config = await useSshConfig(host.sshConfigText("web1"));
    accessAnswers().asked.length = 0;
  });

  afterEach(async () => {
    accessAnswers().allow = true;
    await endEverything();
    await config.dispose();
    await host.stop();
  });

  it("can do nothing on a host without consent, and everything after one question", async () => {
    accessAnswers().allow = true;
    const [first, second] = await Promise.all([
      api.exec("web1", "echo one", { caller: "A Tool" }),
      api.exec("web1", "echo two"),
    ]);
    assert.deepEqual([first.stdout, second.stdout], ["one\n", "two\n"]);
    assert.equal(accessAnswers().asked.length, 1);
    assert.match(accessAnswers().asked[0] ?? "", /web1.*A Tool.*can't confirm/s);
    const row = (await treeItems(viewIds.hosts)).find(({ item }) => item.label === "web1");
    assert.match(String(row?.item.description), /open to extensions/);
    const connection = (await treeItems(viewIds.live)).find(({ item }) => item.label === "web1");
    assert.match(String(connection?.item.description), /open to extensions/);
  });

  it("can forward a port after the same question, and stop the forward", async () => {
    accessAnswers().allow = true;
    const [first, second] = await Promise.all([
      api.forward("web1", "-D 0", { caller: "A Tool" }),
      api.forward("web1", "-D 0"),
    ]);
    assert.equal(accessAnswers().asked.length, 1);
    assert.match(accessAnswers().asked[0] ?? "", /forward ports of .*web1.*-D 0.*A Tool/s);
    assert.notEqual(first.id, second.id);
    assert.equal(first.state.kind, "listening");
    assert.deepEqual(new Set(api.forwards().map(({ id }) => id)), new Set([first.id, second.id]));
    await api.stop(first.id);
    await api.stop("no such id");
    assert.deepEqual(
      api.forwards().map(({ id }) => id),
      [second.id],
    );
    await api.stop(second.id);
  });

  it("can neither start nor stop a forward without consent", async () => {
    accessAnswers().allow = false;
    await assert.rejects(api.forward("web1", "8080"), { reason: "refused" });
    await assert.rejects(api.forward("web1", "no forward at all:"), { name: /Forward/ });
    assert.deepEqual(api.forwards(), []);
    assert.deepEqual(api.masters(), []);
  });

  it("get an error if the user refuses, and no connection is made", async () => {
    accessAnswers().allow = false;
    await assert.rejects(api.exec("web1", "echo one"), { reason: "refused" });
    await assert.rejects(api.connect("web1"), { reason: "refused" });
    await vscode.commands.executeCommand("sshSessions.connect", "web1");
    assert.equal(accessAnswers().asked.length, 1);
    assert.deepEqual(api.masters(), []);
  });

  it("can't imitate a row of the views; the row itself needs no consent", async () => {
    accessAnswers().allow = false;
    const row = (await treeItems(viewIds.hosts)).find(({ item }) => item.label === "web1");
    assert.ok(row !== undefined);
    await vscode.commands.executeCommand("sshSessions.connect", row.element);
    assert.equal(api.masters().length, 1);
    assert.equal(accessAnswers().asked.length, 0);
  });
});
