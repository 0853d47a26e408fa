import { networkInterfaces } from "node:os";

/** All addresses that other machines can see, as one comparable string. */
export function localAddresses(interfaces = networkInterfaces()): string {
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal)
    .map((address) => address.cidr ?? address.address)
    .sort()
    .join(" ");
}
