import { describe, expect, test } from "vitest";
import {
  channelTimeoutFor,
  globalTimeoutOf,
  sessionChannelType,
  sessionTimeoutFor,
} from "../../../src/config/channelTimeouts.ts";

const of = (...pairs: readonly [string, number][]) =>
  pairs.map(([pattern, seconds]) => ({ pattern, seconds }));
const shell = { type: "shell" } as const;
const command = { type: "exec" } as const;
const sftp = { type: "subsystem", name: "sftp" } as const;

describe("ChannelTimeout of our own sessions", () => {
  test.each([
    // ssh_config(5): `session` is the interactive main session, including shell, command, scp and sftp.
    ["session", true, true, true],
    ["s*", true, true, true],
    ["*", true, true, true],
    // sshd_config(5) distinguishes them.
    ["session:shell", true, false, false],
    ["session:command", false, true, false],
    ["session:subsystem:sftp", false, false, true],
    ["session:subsystem:*", false, false, true],
    ["session:*", true, true, true],
    ["*:shell", true, false, false],
    ["session:s?ell", true, false, false],
    // Channels of others, another case, and the keyword that matches no session.
    ["Session", false, false, false],
    ["direct-tcpip", false, false, false],
    ["agent-connection", false, false, false],
    ["x11*", false, false, false],
    ["global", false, false, false],
    ["", false, false, false],
  ])("%j matches shell: %s, command: %s, sftp: %s", (pattern, ...expected) => {
    const timeouts = of([pattern, 60]);
    expect(
      [shell, command, sftp].map((request) => sessionTimeoutFor(timeouts, request) !== undefined),
    ).toEqual(expected);
  });

  test("the first matching pattern applies, also if it switches the limit off", () => {
    expect(sessionTimeoutFor(of(["session:shell", 5], ["session", 9]), shell)?.seconds).toBe(5);
    expect(sessionTimeoutFor(of(["session:shell", 5], ["session", 9]), command)?.seconds).toBe(9);
    expect(sessionTimeoutFor(of(["session", 9], ["session:shell", 5]), shell)?.seconds).toBe(9);
    expect(sessionTimeoutFor(of(["session:shell", 0], ["*", 9]), shell)).toBeUndefined();
    expect(sessionTimeoutFor([], shell)).toBeUndefined();
  });
});

test("sshd's channels have one name: `session` alone matches none of them", () => {
  expect(channelTimeoutFor(of(["session", 60]), sessionChannelType(shell))).toBeUndefined();
  expect(channelTimeoutFor(of(["direct-*", 60]), "direct-tcpip")?.seconds).toBe(60);
  expect(channelTimeoutFor(of(["agent-connection", 7]), "agent-connection")?.seconds).toBe(7);
});

test("global is a separate keyword: no wildcard matches it, and the last one counts", () => {
  expect(globalTimeoutOf(of(["*", 60], ["glob*", 60]))).toBeUndefined();
  expect(globalTimeoutOf(of(["global", 60], ["session", 5], ["global", 30]))?.seconds).toBe(30);
  expect(globalTimeoutOf(of(["global", 60], ["global", 0]))).toBeUndefined();
});
