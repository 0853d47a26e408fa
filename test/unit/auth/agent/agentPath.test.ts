import { describe, expect, it } from "vitest";
import { agentPath } from "../../../../src/auth/agent/agentPath.ts";

describe("agentPath", () => {
  const env = { SSH_AUTH_SOCK: "/run/agent", OTHER: "/run/other", XOTHER: "/run/x", EMPTY: "" };
  const pipe = "\\\\.\\pipe\\openssh-ssh-agent";
  const table: readonly (readonly [
    identityAgent: string | undefined,
    env: Readonly<Record<string, string | undefined>>,
    platform: NodeJS.Platform,
    path: string | undefined,
  ])[] = [
    [undefined, env, "linux", "/run/agent"],
    [undefined, {}, "linux", undefined],
    [undefined, { SSH_AUTH_SOCK: "" }, "linux", undefined],
    [undefined, {}, "win32", pipe],
    [undefined, env, "win32", "/run/agent"],
    ["SSH_AUTH_SOCK", env, "linux", "/run/agent"],
    ["SSH_AUTH_SOCK", {}, "win32", pipe],
    ["none", env, "linux", undefined],
    ["None", {}, "win32", undefined],
    ["$OTHER", env, "linux", "/run/other"],
    ["${OTHER}", env, "linux", "/run/other"],
    ["$X{OTHER}", env, "linux", undefined],
    ["${OTHER}X", env, "linux", undefined],
    ["${OTHER}X", { OTHERX: "/run/x" }, "linux", undefined],
    ["$EMPTY", env, "linux", undefined],
    ["$MISSING", env, "linux", undefined],
    ["/path/to/agent.sock", env, "linux", "/path/to/agent.sock"],
    ["\\\\.\\pipe\\other", {}, "win32", "\\\\.\\pipe\\other"],
    // Never relative to the current folder of the extension host.
    ["agent.sock", env, "linux", "/home/alice/agent.sock"],
    ["../agent.sock", env, "darwin", "/home/agent.sock"],
    [undefined, { SSH_AUTH_SOCK: "agent.sock" }, "linux", "/home/alice/agent.sock"],
    ["$OTHER", { OTHER: "./agent.sock" }, "linux", "/home/alice/agent.sock"],
    ["agent.sock", {}, "win32", "\\home\\alice\\agent.sock"],
    ["pageant", {}, "win32", "pageant"],
  ];
  for (const [identityAgent, environment, platform, path] of table) {
    it(`IdentityAgent ${identityAgent} with ${JSON.stringify(environment)} on ${platform}`, () => {
      const config = identityAgent === undefined ? {} : { identityAgent };
      expect(agentPath(config, environment, platform, "/home/alice")).toBe(path);
    });
  }
});
