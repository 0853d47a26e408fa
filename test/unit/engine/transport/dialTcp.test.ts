import { expect, test } from "vitest";
import { dialTcp } from "../../../../src/engine/transport/dialTcp.ts";
import { ManualClock } from "../../../support/manualClock.ts";

test.each([
  ["127.0.0.1", "inet6"],
  ["::1", "inet"],
] as const)(
  "AddressFamily also applies to a numeric address, as in ssh: %s, %s",
  async (hostName, addressFamily) => {
    // There is no listener: an address that is tried is refused.
    const target = { hostName, port: 1, addressFamily, connectionAttempts: 1 };
    await expect(dialTcp(target, new ManualClock(), new AbortController().signal)).rejects.toMatchObject({
      reason: "local",
      message: expect.stringContaining("AddressFamily"),
    });
  },
);

test("reports the address of a failure", async () => {
  const target = { hostName: "127.0.0.1", port: 1, addressFamily: "any", connectionAttempts: 1 } as const;
  await expect(dialTcp(target, new ManualClock(), new AbortController().signal)).rejects.toMatchObject({
    reason: "refused",
    dialed: { hostName: "127.0.0.1", port: 1 },
  });
});
