import { describe, expect, it } from "vitest";
import type { KeyReader } from "../../../src/auth/authPorts.ts";
import { keyPlan } from "../../../src/auth/keyPlan.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { FakeAgent, FakeReader, fakeKey } from "../../support/authFakes.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

function plan(changes: Partial<HostConfig>, agent: FakeAgent, reader: KeyReader) {
  return keyPlan({
    ...{ config: testHostConfig(changes), agent, reader },
    ...{ env: { SSH_AUTH_SOCK: "/run/agent" }, platform: "linux", logger: new RecordingLogger() },
    signal: new AbortController().signal,
  });
}

describe("the keys that a login would offer", () => {
  const agent = new FakeAgent();
  const reader = new FakeReader();
  agent.keys = [fakeKey(1, "first"), fakeKey(2, "second")];
  reader.files.set("/k/second", { publicKey: fakeKey(2).publicKey });
  reader.files.set("/k/locked", { key: fakeKey(3), passphrase: "p" });
  const files = { identityFiles: ["/k/second", "/k/locked", "/k/gone"], identityFilesAreDefault: false };

  it("are in OpenSSH's order: named ones in the agent, its others, the files; nothing is decrypted", async () => {
    expect(await plan(files, agent, reader)).toEqual({
      agent: "/run/agent",
      keys: ["/k/second (agent)", "agent key first", "/k/locked"],
      problems: ["/k/gone: missing"],
    });
    expect(reader.decryptions).toBe(0);
  });

  it("are only the named ones under IdentitiesOnly", async () => {
    const { keys } = await plan({ ...files, identitiesOnly: true }, agent, reader);
    expect(keys).toEqual(["/k/second (agent)", "/k/locked"]);
  });

  it("are none if PubkeyAuthentication is off, without contacting the agent", async () => {
    const unasked = new FakeAgent();
    expect(await plan({ ...files, pubkeyAuthentication: false }, unasked, reader)).toEqual({
      ...{ agent: "/run/agent", keys: [], problems: [] },
    });
    expect(unasked.paths).toEqual([]);
  });

  it("include those that are on a security key", async () => {
    const keyOnToken = {
      read: async () => ({ kind: "security-key", publicKey: fakeKey(4).publicKey }) as const,
    };
    const { keys } = await plan({ identityFiles: ["/k/sk"] }, new FakeAgent(), keyOnToken);
    expect(keys).toEqual(["/k/sk"]);
  });

  it("come only from files without an agent", async () => {
    expect(await plan({ ...files, identityAgent: "none" }, agent, reader)).toMatchObject({
      agent: undefined,
      keys: ["/k/locked"],
    });
  });
});
