import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../../src/config/configErrors.ts";
import type { HostConfig } from "../../../../src/config/hostConfig.ts";
import { HostPolicies } from "../../../../src/config/hostPolicies.ts";
import { parseHostSpec } from "../../../../src/config/hostSpec.ts";
import { gatherExplanation } from "../../../../src/vscode/documents/gatherExplanation.ts";
import { FakeSettings } from "../../../support/configFixtures.ts";
import { testHostConfig } from "../../../support/hostConfigs.ts";

const hosts: Readonly<Record<string, Partial<HostConfig>>> = {
  web: { proxyJump: [{ alias: "mid" }, { alias: "inner", user: "me" }] },
  mid: { proxyJump: [{ alias: "outer" }] },
  inner: { proxyJump: [{ alias: "ignored" }] },
  outer: {},
  broken: { proxyJump: [{ alias: "gone" }] },
  loop: { proxyJump: [{ alias: "loop" }] },
};

function gather(host: string) {
  const settings = new FakeSettings();
  return gatherExplanation(
    host,
    undefined,
    {
      resolver: {
        resolve: async (spec) => {
          const { alias } = parseHostSpec(spec);
          const changes = hosts[alias];
          if (changes === undefined) {
            throw new ConfigError("malformed", "no such thing");
          }
          return testHostConfig({ alias, ...changes });
        },
      },
      policies: new HostPolicies(settings),
      settings: { configFile: " ~/other " },
      home: "/home/a",
      keyPlan: async ({ alias }) => ({ agent: undefined, keys: [`key of ${alias}`], problems: [] }),
    },
    new AbortController().signal,
  );
}

describe("the explanation of a host", () => {
  it("contains the whole chain in the order of connecting, with the first hop's own jump hosts", async () => {
    const { hops, keys, configFile, policies } = await gather("web");
    expect(hops.map(({ host }) => host)).toEqual(["outer", "mid", "me@inner"]);
    expect(hops.every((hop) => "config" in hop)).toBe(true);
    expect(keys.keys).toEqual(["key of web"]);
    expect(configFile).toBe("/home/a/other");
    expect(policies.map(({ key }) => key)).toEqual(expect.arrayContaining(["linger", "encoding"]));
    expect(policies.map(({ key }) => key)).not.toContain("user");
  });

  it("shows why a hop can't be resolved", async () => {
    const { hops } = await gather("broken");
    expect(hops).toEqual([{ host: "gone", error: expect.stringContaining('"gone"') }]);
  });

  it("ends if a chain leads back to itself", async () => {
    expect((await gather("loop")).hops.length).toBeLessThanOrEqual(16);
  });

  it("fails if the host itself can't be resolved", async () => {
    await expect(gather("gone")).rejects.toMatchObject({ reason: "malformed" });
  });
});
