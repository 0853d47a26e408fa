import type { Protocol } from "../ssh2Protocol.ts";
import { makeReader, makeWriter } from "./keyExchange.ts";

const method = "zlib@openssh.com";

/** Starts the compression that begins after the login (OpenSSH's PROTOCOL, section 1.2), where it was negotiated. */
export function startDelayedCompression(protocol: Protocol): void {
  const negotiated = protocol._kex?.negotiated;
  const { read, write } = protocol._packetRW;
  if (negotiated?.sc.compress === method) {
    protocol._packetRW.read = makeReader(protocol, negotiated);
    read.cleanup();
  }
  if (negotiated?.cs.compress === method) {
    protocol._packetRW.write = makeWriter(protocol, negotiated);
    write.cleanup();
  }
}
