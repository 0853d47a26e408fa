import { expect, test } from "vitest";
import type { ConfigError } from "../../../src/config/configErrors.ts";
import { resolveHop } from "../../../src/config/hopResolver.ts";
import { trustedProxyCommand } from "../../../src/config/proxyTrust.ts";
import { hostKeyConfig } from "../../../src/trust/unattendedHostKeys.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const { signal } = new AbortController();
const own = testHostConfig({ alias: "b", proxyCommand: "nc b 22" });
const resolver = (asked: string[]) => ({
  resolve: async (host: string) => {
    asked.push(host);
    return own;
  },
});

test("a hop is resolved with the user and port of the jump, so that its own Match blocks see them", async () => {
  const asked: string[] = [];
  await resolveHop(resolver(asked), { alias: "b", user: "me", port: 2222 }, [], signal);
  await resolveHop(resolver(asked), { alias: "::1", port: 22 }, [], signal);
  expect(asked).toEqual(["me@b:2222", "[::1]:22"]);
});

test("the hops before it replace its own ProxyJump; the first hop keeps its own", async () => {
  const before = [{ alias: "a" }];
  const behind = await resolveHop(resolver([]), { alias: "b" }, before, signal);
  expect([behind.proxyJump, behind.proxyCommand]).toEqual([before, undefined]);
  expect(await resolveHop(resolver([]), { alias: "b" }, [], signal)).toBe(own);
});

test("a ProxyCommand is returned in trusted workspaces only", () => {
  expect(trustedProxyCommand(own, { isTrusted: true })).toBe("nc b 22");
  expect(() => trustedProxyCommand(own, { isTrusted: false })).toThrow(
    expect.objectContaining({ reason: "not-allowed" }) as ConfigError,
  );
});

test("an unattended login asks nothing about host keys, and an attended one follows the file", () => {
  expect(hostKeyConfig(own, false)).toEqual({ ...own, batchMode: true });
  expect(hostKeyConfig(own, true)).toBe(own);
});
