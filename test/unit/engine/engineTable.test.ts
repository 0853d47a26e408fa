import { describe, expect, test } from "vitest";
import { type EngineName, engineNames } from "../../../src/config/engineNames.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { HostPolicies } from "../../../src/config/hostPolicies.ts";
import type { ConnectionEngine } from "../../../src/engine/connectionEngine.ts";
import { type EngineEntry, EngineTable } from "../../../src/engine/engineTable.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

function engine(name: string): ConnectionEngine {
  return { name, transport: "given", connect: () => Promise.reject(new Error("not called here")) };
}

function table(over: Partial<EngineEntry> = {}, settings = new FakeSettings()): EngineTable {
  const entries = Object.fromEntries(engineNames.map((name) => [name, { engine: engine(name) }]));
  return new EngineTable(new HostPolicies(settings), {
    ...(entries as Record<EngineName, EngineEntry>),
    openssh: { engine: engine("openssh"), ...over },
  });
}

const use = { config: testHostConfig({}) };

describe("the table of engines", () => {
  test("chooses the first engine if no host needs another one", () => {
    expect(table().choose(use).name).toBe("ssh2");
    expect(table({ isNeededFor: () => false }).choose(use).name).toBe("ssh2");
  });

  test("chooses the engine that the host needs, and passes it that host", () => {
    const isNeededFor = ({ alias }: HostConfig): boolean => alias === "web2";
    expect(table({ isNeededFor }).choose(use).name).toBe("ssh2");
    expect(table({ isNeededFor }).choose({ config: testHostConfig({ alias: "web2" }) }).name).toBe("openssh");
  });

  test.each([
    ["ssh2", true, "ssh2"],
    ["openssh", false, "openssh"],
    ["auto", true, "openssh"],
    ["auto", false, "ssh2"],
    ["other", true, "openssh"],
  ])("for the setting %s, with a host that needs openssh: %s, chooses %s", (choice, isNeeded, chosen) => {
    const settings = new FakeSettings();
    settings.layers = { user: { engine: choice } };
    expect(table({ isNeededFor: () => isNeeded }, settings).choose(use).name).toBe(chosen);
  });

  test("lets each engine check the configuration before the choice", async () => {
    const seen: string[] = [];
    const prepared = await table({ prepare: async ({ alias }) => void seen.push(alias) }).prepare(use.config);
    expect(prepared).toBe(use.config);
    expect(seen).toEqual([use.config.alias]);
  });

  test("has an alternative that may log in if the keys of the chosen engine do not", async () => {
    const mayLogInBy = async (_: HostConfig, left: readonly string[]): Promise<boolean> =>
      left.includes("gssapi");
    const [alternative, ...others] = table({ mayLogInBy }).alternatives(use);
    expect(others).toEqual([]);
    expect(alternative?.engine.name).toBe("openssh");
    expect(await alternative?.mayLogInBy(use.config, ["gssapi"])).toBe(true);
    expect(table({ mayLogInBy, isNeededFor: () => true }).alternatives(use)).toEqual([]);
    expect(table().alternatives(use)).toEqual([]);
  });

  test.each(["ssh2", "openssh"])("has no alternative if the setting is %s", (choice) => {
    const settings = new FakeSettings();
    settings.layers = { user: { engine: choice } };
    expect(table({ mayLogInBy: async () => true }, settings).alternatives(use)).toEqual([]);
  });

  test("preloads what can be preloaded", () => {
    let loads = 0;
    table({ warmUp: () => void loads++ }).warmUp();
    expect(loads).toBe(1);
  });
});
