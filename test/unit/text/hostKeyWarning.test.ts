import { describe, expect, it } from "vitest";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { hostKeyWarning } from "../../../src/text/hostKeyWarning.ts";
import { describeFailure } from "../../../src/text/terminalWords.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";

const key = {
  host: "[10.0.0.5]:2222",
  keyType: "ssh-ed25519",
  fingerprint: "SHA256:abc",
  file: "/home/a/.ssh/known_hosts",
  line: 9,
};

describe("the warning about an untrusted host key", () => {
  it.each([
    ["changed", "IDENTIFICATION HAS CHANGED"],
    ["revoked", "REVOKED HOST KEY"],
  ] as const)(
    "%s: shows it with the fingerprint, the entry's file and line, and the advice",
    (reason, headline) => {
      const [first, ...rest] = hostKeyWarning(new HostKeyError(reason, "why", key)) ?? [];
      expect(first).toContain(headline);
      const text = rest.join("\n");
      expect(text).toContain("[10.0.0.5]:2222 shows: ssh-ed25519 SHA256:abc");
      expect(text).toContain(" /home/a/.ssh/known_hosts:9");
      expect(text).toContain("Ask the server's owner");
    },
  );

  it("also appears for a jump host", () => {
    const inner = new HostKeyError("changed", "why", key);
    const error = new ConnectError("jump-failed", "why", { cause: inner });
    expect(hostKeyWarning(error)).toEqual(hostKeyWarning(inner));
    expect(describeFailure("web1", error, "/home/a").warning).toEqual(hostKeyWarning(inner));
  });

  it("does not appear for other failures", () => {
    for (const error of [new HostKeyError("declined", "why", key), new ConnectError("refused", "why")]) {
      expect(hostKeyWarning(error)).toBeUndefined();
      expect(describeFailure("web1", error, "/home/a")).not.toHaveProperty("warning");
    }
  });

  it("shows no unprintable characters of names and files", () => {
    const lines = hostKeyWarning(
      new HostKeyError("changed", "why", {
        ...key,
        host: "a\u001b[2J",
        file: "/b\u202e",
        keyType: "c\u0007",
      }),
    );
    expect(lines?.join("")).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});
