import { describe, expect, test } from "vitest";
import type { HostResolver } from "../../../src/config/configPorts.ts";
import { createSshStack } from "../../../src/sshStack.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { FakeEngine } from "../../support/fakeEngine.ts";
import { shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";
import { noPrompts } from "../../support/testStack.ts";

/**
 * Hosts whose alias begins with `other` use the second engine, which connects on its own. All are one destination.
 */
function twoEngines(jumpAlias?: string) {
  const clock = new ManualClock();
  const usual = new FakeEngine(clock);
  const other = new FakeEngine(clock, "other", "own");
  const resolver: HostResolver = {
    onDidChange: () => ({ dispose: () => {} }),
    hosts: async () => ({ hosts: [], problems: [] }),
    resolve: async (alias) =>
      testHostConfig({
        alias,
        ...(jumpAlias !== undefined && alias !== jumpAlias && { proxyJump: [{ alias: jumpAlias }] }),
      }),
  };
  const stack = createSshStack({
    ...{ clock, resolver, settings: new FakeSettings(), logger: new RecordingLogger() },
    ...{ authPrompter: noPrompts, hostKeyPrompter: noPrompts },
    secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
    localAddresses: () => "",
    engine: usual,
    chooseEngine: ({ config }) => (config.alias.startsWith("other") ? other : undefined),
  });
  return { usual, other, stack };
}

describe("an engine that is chosen for a host", () => {
  test("connects that host, and the default engine the others", async () => {
    const { usual, other, stack } = twoEngines();
    await stack.service.open({ host: "web1", ...shell });
    await stack.service.open({ host: "other1", ...shell });
    expect([usual.connections.length, other.connections.length]).toEqual([1, 1]);
    expect(stack.service.masters().map(({ engine }) => engine)).toEqual(["fake", "other"]);
    stack.dispose();
  });

  test("shares a connection only among hosts with the same engine", async () => {
    const { usual, other, stack } = twoEngines();
    for (const host of ["other1", "web1", "other2", "web2"]) {
      await stack.service.open({ host, ...shell });
    }
    expect([usual.connections.length, other.connections.length]).toEqual([1, 1]);
    expect(stack.service.masters().map(({ sessions }) => sessions.length)).toEqual([2, 2]);
    stack.dispose();
  });

  test("gets no stream and no jump host connection if it connects on its own", async () => {
    const { usual, other, stack } = twoEngines("jump");
    await stack.service.open({ host: "other1", ...shell });
    expect(usual.connections).toEqual([]);
    expect(other.requests.map(({ transport }) => transport)).toEqual([undefined]);
    stack.dispose();
  });
});
