import { expect, it } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { failureWords } from "../../../src/text/failureWords.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";

it.each([
  ["name-not-found", "host name not found"],
  ["refused", "connection refused"],
  ["unreachable", "host unreachable"],
  ["timed-out", "no response in time"],
  ["reset", "connection reset"],
  ["closed-during-handshake", "closed by the server before the login"],
  ["closed-while-asking", "ended by the server before the answer"],
  ["refused-before-version", "closed by the server before the login"],
  ["no-common-algorithm", "no algorithm in common"],
  ["not-ssh", "not an SSH server"],
  ["protocol-version", "only SSH 1"],
] as const)("%s is: %s", (reason, words) => {
  expect(failureWords(new ConnectError(reason, "connect ECONNWHATEVER 10.0.0.1:22"))).toBe(words);
});

it("other failures use their own message, made plain and short", () => {
  expect(failureWords(new ConnectError("proxy-failed", "nc: no\u001b[2J route"))).toBe(
    "nc: no\\u{1b}[2J route",
  );
  expect(failureWords(new Error("x".repeat(1000))).length).toBeLessThan(100);
});

it("a login and a host key have words of their own", () => {
  const auth = new AuthError("refused", "No further way to log in", { tried: [], methodsLeft: [] });
  expect(failureWords(auth)).toBe("login refused");
  const key = { host: "web1", keyType: "ssh-ed25519", fingerprint: "SHA256:abc" };
  expect(failureWords(new HostKeyError("declined", "The key", key))).toBe("host key not accepted");
  expect(failureWords(new HostKeyError("changed", "The key", key))).toBe("host key has changed");
  expect(failureWords(new CancelledError())).toBe("cancelled");
});
