import { describe, expect, test } from "vitest";
import { engineFor } from "../../../src/config/engineFor.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { HostPolicies } from "../../../src/config/hostPolicies.ts";
import type { Keyword } from "../../../src/config/keywordTable.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

function asks(keyword: Keyword, isSystemWide = false): Partial<HostConfig> {
  return { warnings: [{ kind: "keyword", keyword, value: "yes", isSystemWide }] };
}

function engine(
  config: Partial<HostConfig>,
  choice?: "auto" | "ssh2" | "openssh",
  hasTicket = false,
  remembered: readonly string[] = [],
): string {
  const settings = new FakeSettings();
  settings.layers = choice === undefined ? {} : { user: { engine: choice } };
  const facts = {
    platform: "linux",
    hasTicket: () => hasTicket,
    needsOpenSsh: ({ alias }: HostConfig) => remembered.includes(alias),
  } as const;
  return engineFor(new HostPolicies(settings), { config: testHostConfig(config) }, facts);
}

describe("the engine of a host", () => {
  test("is ssh2 where nothing asks for another", () => {
    expect([engine({}), engine({}, "auto"), engine(asks("ipqos"))]).toEqual(["ssh2", "ssh2", "ssh2"]);
  });

  test("is what the setting says, whatever ssh_config asks for", () => {
    expect(engine({ forwardAgent: true }, "openssh")).toBe("openssh");
    expect(engine(asks("pkcs11provider"), "ssh2")).toBe("ssh2");
  });

  test.each(["pkcs11provider", "hostbasedauthentication"] as const)(
    "is openssh where the user's own file sets %s, not where the system's does",
    (keyword) => {
      expect(engine(asks(keyword))).toBe("openssh");
      expect(engine(asks(keyword, true))).toBe("ssh2");
      expect(engine({ ...asks(keyword), forwardAgent: true })).toBe("ssh2");
    },
  );

  test("is openssh where the user has chosen it after a failure, until the setting says otherwise", () => {
    expect(engine({}, "auto", false, ["web1"])).toBe("openssh");
    expect(engine({ alias: "web2" }, "auto", false, ["web1"])).toBe("ssh2");
    expect(engine({}, "ssh2", false, ["web1"])).toBe("ssh2");
  });

  test("is ssh2 on Windows, whose ssh can't share a connection", () => {
    const facts = { platform: "win32", hasTicket: () => true, needsOpenSsh: () => true } as const;
    const use = { config: testHostConfig(asks("pkcs11provider")) };
    expect(engineFor(new HostPolicies(new FakeSettings()), use, facts)).toBe("ssh2");
  });

  test("is openssh for GSSAPI only with a valid ticket", () => {
    expect(engine(asks("gssapiauthentication"))).toBe("ssh2");
    expect(engine(asks("gssapiauthentication"), "auto", true)).toBe("openssh");
    expect(engine(asks("gssapiauthentication", true), "auto", true)).toBe("ssh2");
  });
});
