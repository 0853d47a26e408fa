import { networkInterfaces } from "node:os";

/** Whether an address is one of this machine. It may still lead elsewhere: to a container or a tunnel's end. */
export function isOwnAddress(address: string, interfaces = networkInterfaces()): boolean {
  return Object.values(interfaces).some((all) => all?.some((each) => each.address === address));
}

/** All addresses that other machines can see, as one comparable string. */
export function localAddresses(interfaces = networkInterfaces()): string {
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal)
    .map((address) => address.cidr ?? address.address)
    .sort()
    .join(" ");
}
