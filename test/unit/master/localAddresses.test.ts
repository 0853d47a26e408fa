import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import { isOwnAddress, localAddresses } from "../../../src/master/localAddresses.ts";

const address = (cidr: string | null, internal = false): NetworkInterfaceInfo => ({
  ...{ address: cidr?.split("/")[0] ?? "198.51.100.9", netmask: "255.255.255.0", mac: "00:00:00:00:00:00" },
  ...{ family: "IPv4", internal, cidr },
});

test("the addresses of a machine are those that other machines see, in an order that does not depend on it", () => {
  const lo = [address("127.0.0.1/8", true)];
  const wifi = [address("192.0.2.7/24")];
  const both = localAddresses({ lo, wifi, wired: [address("192.0.2.3/24"), address(null)] });
  expect(both).toBe("192.0.2.3/24 192.0.2.7/24 198.51.100.9");
  expect(localAddresses({ wired: [address(null), address("192.0.2.3/24")], gone: undefined, wifi })).toBe(
    both,
  );
  expect(localAddresses({ lo })).toBe("");
});

test("an address of the machine is known, also one of loopback", () => {
  const interfaces = { lo: [address("127.0.0.1/8", true)], wifi: [address("192.0.2.7/24")], gone: undefined };
  const own = ["127.0.0.1", "192.0.2.7", "192.0.2.70", "::1"].map((each) => isOwnAddress(each, interfaces));
  expect(own).toEqual([true, true, false, false]);
});
