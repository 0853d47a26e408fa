import { describe, expect, test } from "vitest";
import type { HostConfig } from "../../../../src/config/hostConfig.ts";
import type { Keyword } from "../../../../src/config/keywordTable.ts";
import { openSshNeeds } from "../../../../src/engine/openssh/openSshNeeds.ts";
import { testHostConfig } from "../../../support/hostConfigs.ts";

function asks(keyword: Keyword, isSystemWide = false): Partial<HostConfig> {
  return { warnings: [{ kind: "keyword", keyword, value: "yes", isSystemWide }] };
}

interface Facts {
  readonly platform?: NodeJS.Platform;
  readonly hasTicket?: boolean;
  readonly chosen?: readonly string[];
}

function isNeeded(config: Partial<HostConfig>, facts: Facts = {}): boolean {
  const { platform = "linux", hasTicket = false, chosen = [] } = facts;
  return openSshNeeds({
    platform,
    isChosenFor: ({ alias }) => chosen.includes(alias),
    ticket: { isValid: hasTicket, refresh: async () => {} },
  }).isNeededFor(testHostConfig(config));
}

describe("OpenSSH", () => {
  test("is not needed without a reason", () => {
    expect([isNeeded({}), isNeeded(asks("ipqos"))]).toEqual([false, false]);
  });

  test.each(["pkcs11provider", "hostbasedauthentication"] as const)(
    "is needed if the user's own file sets %s, not if the system's does",
    (keyword) => {
      expect(isNeeded(asks(keyword))).toBe(true);
      expect(isNeeded(asks(keyword, true))).toBe(false);
    },
  );

  test("is not needed for a host with ForwardAgent: a master forwards no agent for a proxy client", () => {
    expect(isNeeded({ ...asks("pkcs11provider"), forwardAgent: true })).toBe(false);
  });

  test("is needed if the user has chosen it after a failure", () => {
    expect(isNeeded({}, { chosen: ["web1"] })).toBe(true);
    expect(isNeeded({ alias: "web2" }, { chosen: ["web1"] })).toBe(false);
  });

  test("is never needed on Windows, whose ssh can't share a connection", () => {
    const facts = { platform: "win32", hasTicket: true, chosen: ["web1"] } as const;
    expect(isNeeded(asks("pkcs11provider"), facts)).toBe(false);
  });

  test("is needed for GSSAPI only with a valid ticket", () => {
    expect(isNeeded(asks("gssapiauthentication"))).toBe(false);
    expect(isNeeded(asks("gssapiauthentication"), { hasTicket: true })).toBe(true);
    expect(isNeeded(asks("gssapiauthentication", true), { hasTicket: true })).toBe(false);
  });

  test("looks for a ticket only if the user's own file sets GSSAPI", async () => {
    let refreshes = 0;
    const ticket = { isValid: false, refresh: async () => void refreshes++ };
    const { prepare } = openSshNeeds({ isChosenFor: () => false, ticket });
    await prepare(testHostConfig({}));
    await prepare(testHostConfig(asks("gssapiauthentication", true)));
    expect(refreshes).toBe(0);
    await prepare(testHostConfig(asks("gssapiauthentication")));
    expect(refreshes).toBe(1);
  });

  test("may log in by GSSAPI after the keys, whichever file sets it, with a ticket and a server that accepts it", async () => {
    const may = async (
      config: Partial<HostConfig>,
      left: readonly string[],
      facts: Facts = {},
    ): Promise<boolean> => {
      const { platform = "linux", hasTicket = true } = facts;
      let isValid = false;
      const ticket = {
        get isValid() {
          return isValid;
        },
        refresh: async () => {
          isValid = hasTicket;
        },
      };
      const { mayLogInBy } = openSshNeeds({ platform, isChosenFor: () => false, ticket });
      return await mayLogInBy(testHostConfig(config), left);
    };
    const [system, left] = [asks("gssapiauthentication", true), ["gssapi-with-mic", "password"]];
    expect(await may(system, left)).toBe(true);
    expect(await may(asks("gssapiauthentication"), left)).toBe(true);
    expect(await may({}, left)).toBe(false);
    expect(await may(system, ["password"])).toBe(false);
    expect(await may(system, left, { hasTicket: false })).toBe(false);
    expect(await may(system, left, { platform: "win32" })).toBe(false);
    expect(await may({ ...system, forwardAgent: true }, left)).toBe(false);
    expect(await may({ ...system, preferredAuthentications: ["password"] }, left)).toBe(false);
  });
});
