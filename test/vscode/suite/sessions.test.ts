import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import type { SshSessionsApi } from "../../../src/api.ts";
import { terminalProfileId } from "../../../src/vscode/settings/contributionIds.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { until } from "../../lab/until.ts";
import {
  activated,
  endEverything,
  isLive,
  liveMasters,
  onlyMaster,
  setSetting,
  type TestConfig,
  terminalNamed,
  untilChanged,
  useSshConfig,
} from "./extensionUnderTest.ts";
import { recordedContributions } from "./recordedContributions.ts";
import { endedAsLast } from "./treeItems.ts";

describe("sessions on one host", () => {
  let api: SshSessionsApi;
  let host: SshdHost;
  let config: TestConfig;

  beforeEach(async () => {
    api = await activated();
    host = await startSshd();
    config = await useSshConfig(host.sshConfigText("web1"));
  });

  afterEach(async () => {
    await endEverything();
    await config.dispose();
    await host.stop();
  });

  /** Types a command that writes its output to a file in the host's home folder, and returns the file's content. */
  async function answer(terminal: string, file: string): Promise<string> {
    terminalNamed(terminal).sendText(`echo "$((40+2)) $$" > ${file}.new && mv ${file}.new ${file}`);
    let text = "";
    await until(async () => {
      text = await readFile(join(host.home, file), "utf8").catch(() => "");
      return text !== "";
    }, `an answer in ${terminal}`);
    return text;
  }

  /** Shells start in the login's real home folder, where these files don't belong. */
  async function openTerminal(title: string): Promise<string> {
    const session = await api.openTerminal("web1", { title });
    terminalNamed(title).sendText('cd "$HOME"');
    return session.id;
  }

  it("two terminals share one master, and the server sees one login", async () => {
    await openTerminal("one");
    await openTerminal("two");
    assert.match(await answer("one", "answer-one"), /^42 \d+$/m);
    assert.match(await answer("two", "answer-two"), /^42 \d+$/m);
    const master = onlyMaster(api);
    assert.equal(master.state.kind, "ready");
    assert.deepEqual(
      master.sessions.map((session) => [session.title, session.kind, session.state.kind]),
      [
        ["one", "terminal", "open"],
        ["two", "terminal", "open"],
      ],
    );
    assert.deepEqual(master.destination, { user: host.user, hostName: host.host, port: host.port });
    assert.equal(host.logins(), 1);
    assert.equal(host.contacts(), 1);
    assert.equal(host.sessions(), 2);
  });

  it("killing one session does not affect the other", async () => {
    const first = await openTerminal("one");
    await openTerminal("two");
    const before = await answer("two", "before");
    await api.kill(first);
    await untilChanged(
      api,
      () => onlyMaster(api).sessions.every(({ id, state }) => id !== first || state.kind === "ended"),
      "the killed session ended",
    );
    assert.equal(await answer("two", "after"), before);
    assert.equal(host.logins(), 1);
  });

  it("closing a terminal's tab ends its session and nothing else", async () => {
    const first = await openTerminal("one");
    await openTerminal("two");
    terminalNamed("one").dispose();
    await untilChanged(
      api,
      () => onlyMaster(api).sessions.every(({ id, state }) => id !== first || state.kind === "ended"),
      "the closed tab's session ended",
    );
    assert.match(await answer("two", "after"), /^42 /);
  });

  it("a shell that the user ends closes its tab", async () => {
    await openTerminal("one");
    const terminal = terminalNamed("one");
    const closed = new Promise<void>((resolve) => {
      const subscription = vscode.window.onDidCloseTerminal((which) => {
        if (which === terminal) {
          subscription.dispose();
          resolve();
        }
      });
    });
    terminal.sendText("exit 0");
    await untilChanged(
      api,
      () => api.masters().every(({ sessions }) => sessions.every(({ state }) => state.kind === "ended")),
      "the shell ended",
    );
    await closed;
    // VS Code shows an error message for every other code.
    assert.equal(terminal.exitStatus?.code, 0);
  });

  it("disconnecting a master ends its sessions, and the server sees it disconnect", async () => {
    await openTerminal("one");
    const { id } = onlyMaster(api);
    await api.disconnect(id);
    assert.deepEqual(liveMasters(api), []);
    await until(() => host.connections().length === 0, "the server's end of the connection");
    await endedAsLast(/^one .*disconnected/);
  });

  it("lingers after the last session, serves the next one, and closes after its linger time", async () => {
    await openTerminal("one");
    const { id } = onlyMaster(api);
    terminalNamed("one").dispose();
    await untilChanged(api, () => onlyMaster(api).state.kind === "lingering", "the master lingers");
    await openTerminal("two");
    assert.equal(onlyMaster(api).id, id);
    assert.equal(onlyMaster(api).state.kind, "ready");
    assert.equal(host.logins(), 1);
    await setSetting("master.linger", 1);
    try {
      terminalNamed("two").dispose();
      await untilChanged(api, () => liveMasters(api).length === 0, "the master left");
      await until(() => host.connections().length === 0, "the server's end of the connection");
    } finally {
      await setSetting("master.linger", undefined);
    }
  });

  it("fifty concurrent commands use one login", async () => {
    const results = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => await api.exec("web1", `echo ${index}; exit ${index}`)),
    );
    assert.deepEqual(
      results.map(({ stdout, exitCode }) => [stdout, exitCode]),
      results.map((_, index) => [`${index}\n`, index]),
    );
    assert.equal(host.logins(), 1);
    assert.equal(host.contacts(), 1);
    assert.equal(host.sessions(), 50);
  });

  it("ten concurrent terminals use one login", async () => {
    const sessions = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => await api.openTerminal("web1", { title: `t${index}` })),
    );
    assert.equal(new Set(sessions.map(({ id }) => id)).size, 10);
    assert.equal(new Set(sessions.map(({ masterId }) => masterId)).size, 1);
    assert.equal(host.logins(), 1);
  });

  it("a change of the keepalive settings applies to the live master, with the right source", async () => {
    await openTerminal("one");
    const { id, keepalive } = onlyMaster(api);
    assert.equal(keepalive.serverAliveInterval, 30);
    assert.equal(keepalive.sources.serverAliveInterval.kind, "default");
    const changed = (): boolean => onlyMaster(api).keepalive.serverAliveInterval === 7;
    await setSetting("keepalive.serverAliveInterval", 7, vscode.ConfigurationTarget.Workspace);
    try {
      await untilChanged(api, changed, "the interval of the workspace");
      assert.equal(onlyMaster(api).id, id);
      const source = onlyMaster(api).keepalive.sources.serverAliveInterval;
      assert.equal(source.kind === "setting" && source.layer, "workspace");
    } finally {
      await setSetting("keepalive.serverAliveInterval", undefined, vscode.ConfigurationTarget.Workspace);
    }
    await untilChanged(api, () => !changed(), "the default again");
  });

  it("a server that dies ends its sessions as lost; their tabs stay readable", async () => {
    await openTerminal("one");
    await host.down();
    const kinds = (): string[] => api.masters().map(({ state }) => state.kind);
    await untilChanged(api, () => kinds().join() === "reconnecting", "the master is waited for");
    const [master] = api.masters();
    assert.equal(master?.sessions[0]?.outcome?.kind, "lost");
    // It waits below its connection, and is under Ended once nobody waits any more.
    await api.disconnect(master.id);
    await endedAsLast(/^one .*lost/);
    assert.equal(terminalNamed("one").exitStatus, undefined);
  });

  it("a server that falls silent is detected and shown", async () => {
    await setSetting("hosts", [{ pattern: "web1", serverAliveInterval: 1, serverAliveCountMax: 2 }]);
    try {
      await openTerminal("one");
      const { id } = onlyMaster(api);
      host.freeze();
      await untilChanged(
        api,
        () => api.masters().every((master) => master.id !== id || !isLive(master)),
        "silence ended it",
      );
      const state = api.masters().find((master) => master.id === id)?.state;
      // Its terminal may already wait for the next one.
      assert.equal(state !== undefined && "reason" in state && state.reason, "unresponsive");
      await endedAsLast(/^one .*stopped responding/);
    } finally {
      host.thaw();
      await setSetting("hosts", undefined);
    }
  });

  it("the terminal profile opens a session on the only chosen host without asking", async () => {
    await setSetting("profileHosts", ["web1"]);
    try {
      const provider = recordedContributions().profiles.get(terminalProfileId);
      const source = new vscode.CancellationTokenSource();
      const profile = await provider?.provideTerminalProfile(source.token);
      source.dispose();
      assert.ok(profile);
      const terminal = vscode.window.createTerminal(profile.options as vscode.ExtensionTerminalOptions);
      terminal.show();
      await untilChanged(
        api,
        () => liveMasters(api).some(({ sessions }) => sessions.some(({ state }) => state.kind === "open")),
        "the profile's session is open",
      );
      terminal.sendText('cd "$HOME"');
      assert.match(await answer(terminal.name, "profile"), /^42 /);
      assert.equal(host.logins(), 1);
    } finally {
      await setSetting("profileHosts", undefined);
    }
  });

  it("commands return output, exit code and signal", async () => {
    const result = await api.exec("web1", "cat; echo oops >&2; kill -TERM $$", { stdin: "grüße\n" });
    assert.equal(result.stdout, "grüße\n");
    assert.equal(result.stderr, "oops\n");
    assert.equal(result.exitCode, undefined);
    assert.equal(result.signal, "TERM");
    assert.equal(result.timedOut, false);
    assert.ok(Object.isFrozen(result));
  });
});
