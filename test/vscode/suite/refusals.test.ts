import assert from "node:assert/strict";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import * as vscode from "vscode";
import type { SshSessionsApi } from "../../../src/api.ts";
import { freePort } from "../../lab/freePort.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import {
  activated,
  endEverything,
  liveMasters,
  type TestConfig,
  useSshConfig,
} from "./extensionUnderTest.ts";
import { answerInputBoxes } from "./inputBoxes.ts";

describe("refused connections", () => {
  let api: SshSessionsApi;
  let host: SshdHost | undefined;
  let config: TestConfig | undefined;

  before(async () => {
    api = await activated();
  });

  afterEach(async () => {
    await endEverything();
    await config?.dispose();
    await host?.stop();
    config = undefined;
    host = undefined;
  });

  it("three wrong passwords end the login; the right one succeeds, and nothing is retried automatically", async () => {
    host = await startSshd({
      user: "throwaway",
      sshd: { PasswordAuthentication: "yes", PubkeyAuthentication: "no" },
    });
    config = await useSshConfig(host.sshConfigText("web1", ["PreferredAuthentications password"]));
    const wrong = answerInputBoxes(() => "not the password");
    try {
      await assert.rejects(api.connect("web1"), (error: Error & { reason?: string }) => {
        assert.equal(error.name, "AuthError");
        assert.match(String(error.reason), /^(refused|too-many-failures)$/);
        assert.ok(!error.message.includes("not the password"));
        return true;
      });
    } finally {
      wrong.dispose();
    }
    assert.equal(wrong.asked.length, 3);
    assert.ok(wrong.asked.every(({ password }) => password));
    assert.equal(host.contacts(), 1);
    assert.deepEqual(liveMasters(api), []);
    const { password } = host;
    assert.ok(password);
    const right = answerInputBoxes(() => password);
    try {
      await api.connect("web1");
    } finally {
      right.dispose();
    }
    assert.equal(right.asked.length, 1);
    await host.waitForLogins(1);
  });

  it("a changed host key is refused with file and line, and nothing is sent", async () => {
    host = await startSshd();
    config = await useSshConfig(host.sshConfigText("web1"));
    await host.changeHostKeys();
    const before = await readFile(host.knownHostsFile, "utf8");
    const { knownHostsFile } = host;
    await assert.rejects(
      api.connect("web1"),
      (error: Error & { reason?: string; file?: string; line?: number }) => {
        assert.equal(error.name, "HostKeyError");
        assert.equal(error.reason, "changed");
        assert.equal(error.file, knownHostsFile);
        assert.equal(error.line, 1);
        return true;
      },
    );
    assert.equal(await readFile(host.knownHostsFile, "utf8"), before);
    assert.equal(host.logins(), 0);
    assert.doesNotMatch(host.log(), /Failed|Postponed|Accepted/);
    assert.deepEqual(liveMasters(api), []);
  });

  /** The result of a login, in two words. */
  async function attempt(alias: string): Promise<string> {
    return await api.connect(alias).then(
      () => "connected",
      (error: Error & { reason?: string }) => `${error.name} ${error.reason}`,
    );
  }

  it("a refused port, an unknown name, a server that disconnects and one that is not SSH have different messages", async () => {
    const hangUp = await listen((socket) => socket.end());
    const chatty = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(20)));
    try {
      const local = (alias: string, port: number): string =>
        `Host ${alias}\n  HostName 127.0.0.1\n  Port ${port}\n`;
      config = await useSshConfig(
        [
          local("refused", await freePort()),
          "Host nowhere\n  HostName no-such-host.invalid\n",
          local("hangs-up", hangUp.port),
          local("chatty", chatty.port),
        ].join("\n"),
      );
      assert.equal(await attempt("refused"), "ConnectError refused");
      assert.equal(await attempt("nowhere"), "ConnectError name-not-found");
      assert.equal(await attempt("hangs-up"), "ConnectError closed-during-handshake");
      // It sent text and closed before a version line, as a busy sshd does: retried, and its text is shown.
      assert.equal(await attempt("chatty"), "ConnectError refused-before-version");
      assert.deepEqual(liveMasters(api), []);
    } finally {
      hangUp.close();
      chatty.close();
    }
  });

  it("a key that others can read is not used, and the message says so", async () => {
    host = await startSshd();
    config = await useSshConfig(host.sshConfigText("web1"));
    await chmod(host.keyFile, 0o644);
    const { keyFile } = host;
    await assert.rejects(
      api.connect("web1"),
      (error: Error & { reason?: string; problems?: readonly string[] }) => {
        assert.equal(`${error.name} ${error.reason}`, "AuthError nothing-to-try");
        const [problem, ...others] = error.problems ?? [];
        assert.ok(problem?.includes(keyFile) && /chmod|permission|others/i.test(problem), problem);
        assert.deepEqual(others, []);
        return true;
      },
    );
    assert.equal(host.logins(), 0);
    await chmod(host.keyFile, 0o600);
    assert.equal(await attempt("web1"), "connected");
  });

  it("a malformed ssh_config is reported with its line, and open connections stay", async () => {
    host = await startSshd();
    config = await useSshConfig(host.sshConfigText("web1"));
    await api.openTerminal("web1", { title: "one" });
    await writeFile(config.file, `${host.sshConfigText("web1")}\nHost broken\n  Port not-a-number\n`);
    assert.equal(await attempt("broken"), "ConfigError malformed");
    const [master] = liveMasters(api);
    assert.deepEqual(
      master?.sessions.map(({ title, state }) => [title, state.kind]),
      [["one", "open"]],
    );
  });

  it("a full master refuses the next session and keeps the open ones", async () => {
    host = await startSshd({ sshd: { MaxSessions: 2 } });
    config = await useSshConfig(host.sshConfigText("web1"));
    await api.openTerminal("web1", { title: "one" });
    await api.openTerminal("web1", { title: "two" });
    const third = await api.exec("web1", "echo three").then(
      ({ stdout }) => stdout,
      (error: Error) => error.name,
    );
    // Either the refusal is shown, or a further connection was opened.
    assert.match(third, /^(ChannelError|three\n)$/);
    const open = liveMasters(api).flatMap(({ sessions }) =>
      sessions.filter(({ state, kind }) => state.kind === "open" && kind === "terminal"),
    );
    assert.equal(open.length, 2);
    assert.equal(vscode.window.terminals.filter(({ exitStatus }) => exitStatus === undefined).length, 2);
  });
});

/** A server on loopback that calls `greet` for each client. */
async function listen(greet: (socket: Socket) => void): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
