/** Which address of a forward a browser reaches. No vscode. */

/**
 * Where the extension runs: in a window without a remote machine; on the computer of the user, in a window of a
 * remote machine; or on the remote machine.
 */
export type ExtensionPlace = "local" | "besideRemote" | "onRemote";

/**
 * In the window of a remote machine, VS Code opens these as ports of that machine
 * (extractLocalHostUriMetaDataForPortMapping in vs/platform/tunnel/common/tunnel.ts), and any other as it is.
 */
const mapped = /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0):\d+$/;

/** Undefined: VS Code would open a port of another machine, or none. */
export function browserAddress(addresses: readonly string[], place: ExtensionPlace): string | undefined {
  const usable = addresses.map(addressToVisit);
  return place === "local"
    ? usable[0]
    : usable.find((address) => mapped.test(address) === (place === "onRemote"));
}

/** A listener at every address is reached at that of loopback. */
function addressToVisit(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}
