import { describe, expect, test } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { ConfigError } from "../../../src/config/configErrors.ts";
import { ChannelError, ConnectError } from "../../../src/engine/engineErrors.ts";
import type { MasterEndReason } from "../../../src/master/masterTypes.ts";
import { Backoff } from "../../../src/reconnect/backoff.ts";
import { failureClass } from "../../../src/reconnect/failureClass.ts";
import { mayReconnect } from "../../../src/session/sessionLoss.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";

const authError = new AuthError("refused", "no", { tried: [], methodsLeft: [] });
const keyError = new HostKeyError("changed", "no", { host: "h", keyType: "t", fingerprint: "f" });

describe("delays", () => {
  test("double up to ten seconds, and after ten minutes up to a minute", () => {
    const backoff = new Backoff(() => 0);
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
    let waited = 35_000;
    while (waited < 600_000) {
      expect(backoff.next()).toBe(10_000);
      waited += 10_000;
    }
    expect(backoff.next()).toBe(60_000);
    backoff.reset();
    expect(Array.from({ length: 5 }, () => backoff.next())).toEqual([1000, 2000, 4000, 8000, 10_000]);
  });

  test("are spread by up to a half", () => {
    const early = new Backoff(() => 0.999_999);
    expect(Array.from({ length: 3 }, () => early.next())).toEqual([500, 1000, 2000]);
  });

  test("restart only after a connection that lasted", () => {
    const backoff = new Backoff(() => 0);
    backoff.next();
    backoff.next();
    backoff.noteLost(5000);
    expect(backoff.next()).toBe(4000);
    backoff.noteLost(60_000);
    expect(backoff.next()).toBe(1000);
  });

  test("stay finite after any number of failures", () => {
    const backoff = new Backoff(() => 0);
    for (let failure = 0; failure < 5000; failure++) {
      backoff.next();
    }
    expect(backoff.next()).toBe(60_000);
  });
});

describe("a failure", () => {
  const cause = (code: string) => ({ cause: Object.assign(new Error("x"), { code }) });
  test.each([
    ["a refused port", new ConnectError("refused", "x"), "transient"],
    ["a name that does not resolve after waking up", new ConnectError("name-not-found", "x"), "transient"],
    ["no route", new ConnectError("unreachable", "x"), "transient"],
    ["a time-out", new ConnectError("timed-out", "x"), "transient"],
    ["a reset", new ConnectError("reset", "x"), "transient"],
    ["a server that closes in the handshake", new ConnectError("closed-during-handshake", "x"), "transient"],
    [
      "a server that did not wait for the answer",
      new ConnectError("closed-while-asking", "x"),
      "needs-person",
    ],
    ["a server that sends text and closes", new ConnectError("refused-before-version", "x"), "transient"],
    ["an ssh that is not installed", new ConnectError("openssh-missing", "x"), "final"],
    ["an ssh that is too old", new ConnectError("openssh-too-old", "x"), "final"],
    ["an ssh that can't be started", new ConnectError("openssh-failed", "x"), "final"],
    ["an ssh that does not respond", new ConnectError("openssh-silent", "x"), "transient"],
    ["an askpass that was killed", new ConnectError("askpass-ended", "x"), "needs-person"],
    ["a full server", new ChannelError("refused", "x"), "transient"],
    ["a jump host that can't be connected to", jump(new ConnectError("refused", "x")), "transient"],
    ["a jump host whose channel is refused", jump(new ChannelError("refused", "x")), "transient"],
    ["a jump host that refuses the login", jump(authError), "needs-person"],
    ["a proxy that ends without output", new ConnectError("proxy-failed", "x"), "transient"],
    ["no descriptor left", new ConnectError("local", "x", cause("EMFILE")), "transient"],
    ["no address after waking up", new ConnectError("local", "x", cause("EADDRNOTAVAIL")), "transient"],
    ["a local address that is malformed", new ConnectError("local", "x", cause("EINVAL")), "final"],
    ["a refused login", authError, "needs-person"],
    ["a changed key", keyError, "needs-person"],
    ["a cancellation", new CancelledError(), "needs-person"],
    ["a broken configuration", new ConfigError("malformed", "x"), "final"],
    ["a configuration whose Match exec takes too long", new ConfigError("timed-out", "x"), "transient"],
    ["no algorithm in common", new ConnectError("no-common-algorithm", "x"), "final"],
    ["a network's login page instead of the server", new ConnectError("not-ssh", "x"), "transient"],
    ["damaged packets", new ConnectError("protocol", "x"), "transient"],
    ["a refused shell", new ChannelError("request-failed", "x"), "transient"],
    ["a command that is too large", new ChannelError("request-too-large", "x"), "final"],
    ["a command with a NUL character", new ChannelError("request-has-nul", "x"), "final"],
    ["a configuration that can't be read yet", new ConfigError("unreadable", "x"), "transient"],
    ["a local failure without a cause", new ConnectError("local", "x"), "final"],
    ["anything unknown", new Error("x"), "final"],
    ["anything unknown with a reason", Object.assign(new Error("x"), { reason: "timed-out" }), "final"],
  ])("%s has the right class", (_name, error, expected) => {
    expect(failureClass(error)).toBe(expected);
  });
});

function jump(failure: Error): ConnectError {
  return new ConnectError("jump-failed", "x", { cause: failure });
}

test.each<[MasterEndReason, boolean]>([
  ["unresponsive", true],
  ["connection-lost", true],
  ["closed-by-server", true],
  ["jump-lost", true],
  ["killed", false],
  ["disconnected", false],
  ["shutdown", false],
  ["linger-over", false],
])("a session lost because of %s continues in a new one: %s", (reason, expected) => {
  expect(mayReconnect({ kind: "lost", reason })).toBe(expected);
});

test("a session that ended on its own or was ended does not", () => {
  expect(mayReconnect({ kind: "exited", code: 1 })).toBe(false);
  expect(mayReconnect({ kind: "killed", exit: {} })).toBe(false);
  expect(mayReconnect({ kind: "limit", limit: "time", seconds: 1, exit: {} })).toBe(false);
});
