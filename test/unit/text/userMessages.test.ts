import { describe, expect, it } from "vitest";
import { AuthError, KeyFileError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { ConfigError, type ConfigErrorReason } from "../../../src/config/configErrors.ts";
import { ChannelError, ConnectError } from "../../../src/engine/engineErrors.ts";
import { RemoteViewError } from "../../../src/remote/remoteErrors.ts";
import { helpsBeyondTerminal, userMessage } from "../../../src/text/userMessages.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";

const home = "/home/a";
const key = { host: "web1", keyType: "ssh-ed25519", fingerprint: "SHA256:abc" };
const dialogue = { tried: ["agent key"], methodsLeft: ["password"] };

const failures: readonly (readonly [string, Error])[] = [
  ...(
    [
      "invalid-host",
      "unreadable",
      "malformed",
      "timed-out",
      "not-allowed",
      "jump-loop",
    ] satisfies ConfigErrorReason[]
  ).map(
    (reason) =>
      [`config ${reason}`, new ConfigError(reason, "why", { file: "/home/a/.ssh/config", line: 3 })] as const,
  ),
  ...(
    [
      "name-not-found",
      "refused",
      "unreachable",
      "timed-out",
      "reset",
      "closed-during-handshake",
      "no-common-algorithm",
      "not-ssh",
      "protocol",
      "proxy-failed",
      "jump-failed",
      "unsupported",
      "local",
    ] as const
  ).map((reason) => [`connect ${reason}`, new ConnectError(reason, "why")] as const),
  ...(["changed", "revoked", "unknown", "declined", "unreadable"] as const).map(
    (reason) =>
      [
        `host key ${reason}`,
        new HostKeyError(reason, "why", { ...key, file: "/etc/known_hosts", line: 9 }),
      ] as const,
  ),
  ...(["refused", "too-many-failures", "password-expired", "nothing-to-try"] as const).map(
    (reason) => [`login ${reason}`, new AuthError(reason, "why", dialogue)] as const,
  ),
  ...(["missing", "unreadable", "permissions", "unsupported", "malformed", "wrong-passphrase"] as const).map(
    (reason) => [`key file ${reason}`, new KeyFileError(reason, "/home/a/.ssh/id", "why")] as const,
  ),
  ...(["refused", "request-failed", "timed-out", "connection-ended"] as const).map(
    (reason) => [`channel ${reason}`, new ChannelError(reason, "why")] as const,
  ),
  ...(["no-shell", "incomplete", "too-much", "not-connected"] as const).map(
    (reason) => [`remote view ${reason}`, new RemoteViewError(reason, "why")] as const,
  ),
  ["unknown", new TypeError("why")],
];

describe("what a person is told", () => {
  it.each(failures)("of %s: the host, and a sentence of its own", (_name, error) => {
    const message = userMessage(error, "web1", home);
    expect(message?.text).toContain('"web1"');
    expect(message?.text.length).toBeGreaterThan(40);
    expect(message?.text).not.toMatch(/undefined|\[object/);
  });

  it("differs for every failure", () => {
    const texts = failures.map(([, error]) => userMessage(error, "web1", home)?.text);
    expect(new Set(texts).size).toBe(failures.length);
  });

  it("is nothing for a cancellation", () => {
    expect(userMessage(new CancelledError(), "web1", home)).toBeUndefined();
  });

  it("leads to the line that is wrong", () => {
    const config = userMessage(
      new ConfigError("malformed", "why", { file: "/home/a/.ssh/config", line: 3 }),
      "web1",
      home,
    );
    expect(config?.text).toContain("~/.ssh/config line 3");
    expect(config?.actions[0]).toEqual({
      kind: "openFile",
      title: "Open Config",
      file: "/home/a/.ssh/config",
      line: 3,
    });
    const changed = userMessage(
      new HostKeyError("changed", "why", { ...key, file: "/home/a/.ssh/known_hosts", line: 9 }),
      "web1",
      home,
    );
    expect(changed?.text).toContain("~/.ssh/known_hosts line 9");
    expect(changed?.actions[0]).toMatchObject({ kind: "openFile", line: 9 });
  });

  it("offers no retry where the key is changed or revoked", () => {
    for (const reason of ["changed", "revoked"] as const) {
      const message = userMessage(new HostKeyError(reason, "why", key), "web1", home);
      expect(message?.actions.map(({ kind }) => kind)).not.toContain("retry");
    }
  });

  it("comes beside a terminal that says the same only with a button that it lacks", () => {
    const beside = failures.flatMap(([name, error]) => {
      const message = userMessage(error, "web1", home);
      return message !== undefined && helpsBeyondTerminal(message) ? [name] : [];
    });
    expect(beside).toEqual(
      expect.arrayContaining(["config malformed", "config not-allowed", "host key changed", "unknown"]),
    );
    for (const name of ["config invalid-host", "connect refused", "login refused", "host key declined"]) {
      expect(beside).not.toContain(name);
    }
  });

  it("tells of a jump host's own failure what to do", () => {
    const message = userMessage(
      new ConnectError("jump-failed", "why", { cause: new ConnectError("refused", "inner") }),
      "web1",
      home,
    );
    expect(message?.text).toContain("through its jump host");
    expect(message?.text).toContain("Is the SSH server running");
  });

  it("makes no link of a server's words: a click on one would run a command", () => {
    const words = "[Update](command:workbench.action.terminal.sendSequence?%7B%7D) $(check)";
    for (const error of [new ConnectError("protocol", words), new RemoteViewError("no-shell", words)]) {
      const text = userMessage(error, "web", home)?.text ?? "";
      expect(text).toContain("Update");
      // As VS Code looks for them (linkedText.ts, iconLabels.ts).
      expect(text).not.toMatch(/\[[^\]]+\]\((?:https?:\/\/|command:|file:)/i);
      expect(text).not.toMatch(/\$\(/);
    }
  });

  it("shows nothing unprintable of a server's words", () => {
    const message = userMessage(new ConnectError("protocol", "a\u001b[31m\nb\u202e"), "we\u001bb", home);
    expect(message?.text).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});
