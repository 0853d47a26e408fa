import { describe, expect, it } from "vitest";
import {
  AuthError,
  type AuthErrorReason,
  KeyFileError,
  type KeyFileErrorReason,
} from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { ConfigError, type ConfigErrorReason } from "../../../src/config/configErrors.ts";
import {
  ChannelError,
  type ChannelErrorReason,
  ConnectError,
  type ConnectErrorReason,
} from "../../../src/engine/engineErrors.ts";
import { type EngineReason, engineReasons } from "../../../src/engine/engineReasons.ts";
import { RemoteViewError, type RemoteViewErrorReason } from "../../../src/remote/remoteErrors.ts";
import { helpsBeyondTerminal, userMessage } from "../../../src/text/userMessages.ts";
import { HostKeyError, type HostKeyErrorReason } from "../../../src/trust/hostKeyErrors.ts";

const home = "/home/a";
const key = { host: "web1", keyType: "ssh-ed25519", fingerprint: "SHA256:abc" };
const dialogue = { tried: ["agent key"], methodsLeft: ["password"] };

const config = (reason: ConfigErrorReason): Error =>
  new ConfigError(reason, "why", { file: "/home/a/.ssh/config", line: 3 });
const connect = (reason: ConnectErrorReason): Error => new ConnectError(reason, "why");
const hostKey = (reason: HostKeyErrorReason): Error =>
  new HostKeyError(reason, "why", { ...key, file: "/etc/known_hosts", line: 9 });
const login = (reason: AuthErrorReason): Error => new AuthError(reason, "why", dialogue);
const keyFile = (reason: KeyFileErrorReason): Error => new KeyFileError(reason, "/home/a/.ssh/id", "why");
const channel = (reason: ChannelErrorReason): Error => new ChannelError(reason, "why");
const remoteView = (reason: RemoteViewErrorReason): Error => new RemoteViewError(reason, "why");

const ofOneEngine = Object.fromEntries(
  Object.keys(engineReasons).map((reason) => [reason, connect]),
) as Record<EngineReason, typeof connect>;

/** A new reason does not compile until it is listed here, and fails until its message is in the snapshot. */
const reasons = {
  config: all<ConfigErrorReason>({
    "invalid-host": config,
    unreadable: config,
    malformed: config,
    "timed-out": config,
    "not-allowed": config,
    refused: config,
    "no-session": config,
    "jump-loop": config,
  }),
  connect: all<ConnectErrorReason>({
    "name-not-found": connect,
    refused: connect,
    unreachable: connect,
    "timed-out": connect,
    reset: connect,
    "closed-during-handshake": connect,
    "closed-while-asking": connect,
    "no-common-algorithm": connect,
    "not-ssh": connect,
    "refused-before-version": connect,
    "protocol-version": connect,
    protocol: connect,
    "proxy-failed": connect,
    "jump-failed": connect,
    unsupported: connect,
    local: connect,
    ...ofOneEngine,
  }),
  "host key": all<HostKeyErrorReason>({
    changed: hostKey,
    revoked: hostKey,
    unknown: hostKey,
    declined: hostKey,
    unreadable: hostKey,
    short: hostKey,
    malformed: hostKey,
    "revocation-unknown": hostKey,
    "command-failed": hostKey,
    unrecordable: hostKey,
  }),
  login: all<AuthErrorReason>({
    refused: login,
    "too-many-failures": login,
    "password-expired": login,
    "nothing-to-try": login,
    "needs-person": login,
  }),
  "key file": all<KeyFileErrorReason>({
    missing: keyFile,
    unreadable: keyFile,
    permissions: keyFile,
    unsupported: keyFile,
    malformed: keyFile,
    "wrong-passphrase": keyFile,
  }),
  channel: all<ChannelErrorReason>({
    refused: channel,
    "request-failed": channel,
    "request-too-large": channel,
    "request-has-nul": channel,
    "timed-out": channel,
    "connection-ended": channel,
  }),
  "remote view": all<RemoteViewErrorReason>({
    "no-shell": remoteView,
    incomplete: remoteView,
    "too-much": remoteView,
    "not-connected": remoteView,
  }),
};

function all<Reason extends string>(
  makers: Readonly<Record<Reason, (reason: Reason) => Error>>,
): readonly (readonly [string, Error])[] {
  return (Object.keys(makers) as Reason[]).map((reason) => [reason, makers[reason](reason)]);
}

const failures: readonly (readonly [string, Error])[] = [
  ...Object.entries(reasons).flatMap(([area, list]) =>
    list.map(([reason, error]) => [`${area} ${reason}`, error] as const),
  ),
  ["unknown", new TypeError("why")],
];

/** The variants of a reason, each with a condition that changes its advice. */
const jump = { host: "bastion", target: "db.internal:22" };
const tunnel = (code: number, description: string): Error =>
  new ConnectError("jump-failed", "why", {
    jump: { ...jump, step: "channel" },
    cause: new ChannelError("refused", "why", { code, description }),
  });
const variants: readonly (readonly [string, Error])[] = [
  ["jump host prohibits", tunnel(1, "administratively prohibited")],
  ["jump host can't reach it", tunnel(2, "Connection refused")],
  ["jump host does not find the name", tunnel(2, "Name or service not known")],
  ["jump host knows no forwarding", tunnel(3, "")],
  ["jump host is short of something", tunnel(4, "too many channels.")],
  [
    "jump host is too slow",
    new ConnectError("jump-failed", "why", {
      jump: { ...jump, step: "channel" },
      cause: new ChannelError("timed-out", "why"),
    }),
  ],
  [
    "jump host goes away",
    new ConnectError("jump-failed", "why", {
      jump: { ...jump, step: "channel" },
      cause: new ChannelError("connection-ended", "why"),
    }),
  ],
  [
    "jump host can't be connected to",
    new ConnectError("jump-failed", "why", {
      jump: { ...jump, step: "connection" },
      cause: new ConnectError("refused", "why"),
    }),
  ],
  [
    "jump host refuses the login",
    new ConnectError("jump-failed", "why", {
      jump: { ...jump, step: "connection" },
      cause: new AuthError("refused", "why", dialogue),
    }),
  ],
  [
    "jump host behind a jump host",
    new ConnectError("jump-failed", "why", {
      jump: { ...jump, step: "connection" },
      cause: new ConnectError("jump-failed", "why", {
        jump: { host: "outer", target: "bastion:22", step: "channel" },
        cause: new ChannelError("refused", "why", { code: 2, description: "No route to host" }),
      }),
    }),
  ],
  ["jump host is lost", new ConnectError("jump-failed", "why", { jump: { ...jump, step: "connection" } })],
  [
    "an algorithm that can be allowed",
    new ConnectError("no-common-algorithm", "why", {
      mismatch: { keyword: "HostKeyAlgorithms", offered: ["ssh-dss", "ssh-rsa"], allowable: ["ssh-rsa"] },
    }),
  ],
  [
    "an algorithm that can't be allowed",
    new ConnectError("no-common-algorithm", "why", {
      mismatch: { keyword: "KexAlgorithms", offered: ["kex-of-tomorrow"], allowable: [] },
    }),
  ],
  ["session prohibited", new ChannelError("refused", "why", { code: 1, description: "no sessions for you" })],
  ["session refused", new ChannelError("refused", "why", { code: 2, description: "open failed" })],
  ["sessions unknown", new ChannelError("refused", "why", { code: 3, description: "unknown channel type" })],
  [
    "nothing to try for a password",
    new AuthError("nothing-to-try", "why", { tried: [], methodsLeft: ["keyboard-interactive"] }),
  ],
  [
    "nothing to try for a key",
    new AuthError("nothing-to-try", "why", { tried: [], methodsLeft: ["publickey"] }),
  ],
  [
    "nothing to try at all",
    new AuthError("nothing-to-try", "why", { tried: [], methodsLeft: ["gssapi-with-mic"] }),
  ],
  [
    "a login that the server ends with words",
    new AuthError("too-many-failures", "why", { ...dialogue, said: "Account locked until 9:00" }),
  ],
  [
    "a server that disconnects with words before the login",
    new ConnectError("closed-during-handshake", "why", { serverText: "Too many logins\u001b[2J" }),
  ],
  ["nothing known to try", new AuthError("nothing-to-try", "why", { tried: [], methodsLeft: [] })],
];

describe("messages to the user", () => {
  it.each(failures)("%s: has the host, and its own sentence", (_name, error) => {
    const message = userMessage(error, "web1", home);
    expect(message?.text).toContain('"web1"');
    expect(message?.text.length).toBeGreaterThan(40);
    expect(message?.text).not.toMatch(/undefined|\[object/);
  });

  it("equal the snapshot word for word (-u writes it)", async () => {
    const lines = [...failures, ...variants].map(([name, error]) => {
      const message = userMessage(error, "web1", home);
      return `${name}\n  ${message?.severity}: ${message?.text}\n  ${message?.actions.map(({ title }) => `[${title}]`).join(" ")}\n`;
    });
    await expect(lines.join("\n")).toMatchFileSnapshot("fixtures/userMessages.txt");
  });

  it("differ for every failure", () => {
    const texts = [...failures, ...variants].map(([, error]) => userMessage(error, "web1", home)?.text);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it.each([
    ["web1", "refused", "192.0.2.1", 2222, '"web1" (192.0.2.1:2222): '],
    ["web1", "refused", "192.0.2.1", 22, '"web1" (192.0.2.1): '],
    ["web1", "unreachable", "2001:db8::1", 2222, '"web1" ([2001:db8::1]:2222): '],
    ["web1", "name-not-found", "web.example", 2222, '"web1" (web.example): '],
    ["web1", "name-not-found", "web", 22, '"web1" (web): '],
    ["me@192.0.2.1:2222", "refused", "192.0.2.1", 2222, '"me@192.0.2.1:2222": '],
    ["web.example", "name-not-found", "web.example", 22, '"web.example": '],
    ["web1", "refused", "a\nb", 22, String.raw`"web1" (a\u{a}b): `],
  ] as const)("name the address if the host name does not: %s, %s, %s, %i", (...given) => {
    const [host, reason, hostName, port, expected] = given;
    const error = new ConnectError(reason, "why", { dialed: { hostName, port } });
    expect(userMessage(error, host, home)?.text).toContain(`Can't connect to ${expected}`);
  });

  it("are empty for a cancellation", () => {
    expect(userMessage(new CancelledError(), "web1", home)).toBeUndefined();
  });

  it("open the file at the wrong line", () => {
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

  it("offer no retry if the key is changed or revoked", () => {
    for (const reason of ["changed", "revoked"] as const) {
      const message = userMessage(new HostKeyError(reason, "why", key), "web1", home);
      expect(message?.actions.map(({ kind }) => kind)).not.toContain("retry");
    }
  });

  it("repeat an error shown in the terminal only to add a button", () => {
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

  it.each(variants.filter(([name]) => name.startsWith("jump host")))(
    "%s: name the jump host, without advice about the host behind it",
    (_name, error) => {
      const text = userMessage(error, "web1", home)?.text ?? "";
      expect(text).toContain('Can\'t connect to "web1"');
      expect(text).toContain('"bastion"');
      expect(text).not.toContain("MaxSessions");
      // Once, as the requested host.
      expect(text.split('"web1"')).toHaveLength(2);
    },
  );

  it("name which of two jump hosts failed", () => {
    const [, nested] = variants.find(([name]) => name === "jump host behind a jump host") ?? [];
    expect(userMessage(nested, "web1", home)?.text).toContain('"outer" could not reach bastion:22');
  });

  it("suggest only an algorithm that ssh_config can allow", () => {
    const texts = variants
      .filter(([name]) => name.startsWith("an algorithm"))
      .map(([, error]) => userMessage(error, "web1", home)?.text ?? "");
    expect(texts[0]).toContain('"HostKeyAlgorithms +ssh-rsa"');
    expect(texts[1]).not.toContain("+");
    expect(texts[1]).toContain("set sshSessions.engine to openssh");
  });

  it("suggest the other engine only if it has not failed itself, and for the host that failed", () => {
    const mismatch = { keyword: "KexAlgorithms", offered: ["kex-of-tomorrow"], allowable: [] } as const;
    const message = (isFinal: boolean) =>
      userMessage(
        new ConnectError("jump-failed", "why", {
          cause: new ConnectError("no-common-algorithm", "why", { mismatch: { ...mismatch, isFinal } }),
          jump: { host: "bastion", target: "web1:22", step: "connection" },
        }),
        "web1",
        home,
      );
    expect(message(false)?.actions).toContainEqual({
      kind: "useOpenSsh",
      title: "Use OpenSSH",
      host: "bastion",
      question: 'Use the ssh of this machine for "bastion" from now on?',
    });
    expect(message(true)?.text).toContain("no setting can change that");
    expect(message(true)?.actions.map(({ kind }) => kind)).not.toContain("useOpenSsh");
  });

  it("make no link of server text, because a click would run a command", () => {
    const words = "[Update](command:workbench.action.terminal.sendSequence?%7B%7D) $(check)";
    for (const error of [new ConnectError("protocol", words), new RemoteViewError("no-shell", words)]) {
      const text = userMessage(error, "web", home)?.text ?? "";
      expect(text).toContain("Update");
      // The patterns by which VS Code finds them (linkedText.ts, iconLabels.ts).
      expect(text).not.toMatch(/\[[^\]]+\]\((?:https?:\/\/|command:|file:)/i);
      expect(text).not.toMatch(/\$\(/);
    }
  });

  it("show no unprintable characters of server text", () => {
    const message = userMessage(new ConnectError("protocol", "a\u001b[31m\nb\u202e"), "we\u001bb", home);
    expect(message?.text).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});
