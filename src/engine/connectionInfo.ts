import { fieldOf, hasTexts } from "../base/jsonFields.ts";

/** The algorithms agreed on in the key exchange (RFC 4253 section 7.1), by the names that `ssh -v` shows. */
export interface NegotiatedAlgorithms {
  readonly kex: string;
  readonly hostKey: string;
  /** From us to the server; we offer the same lists in both directions. */
  readonly cipher: string;
  /** Undefined: the cipher includes authentication (`<implicit>` in `ssh -v`). */
  readonly mac?: string;
}

/**
 * What the login found out. Windows pass it to each other as JSON, and leave it for the next window. Snapshots of
 * connections contain all of it (`MasterCore`), so a new field is set by the engines and read where it is shown.
 */
export interface ConnectionInfo {
  /** The engine that made it. Absent: the one that was chosen for the host. */
  readonly engine?: string;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  /** `OpenSSH_9.2p1 Debian-2`, untrusted. */
  readonly serverVersion: string;
  readonly algorithms?: NegotiatedAlgorithms;
  readonly authMethod: string;
}

const optionalTexts = ["engine", "localAddress", "remoteAddress"];
const optionalNumbers = ["localPort", "remotePort"];

/** Whether parsed JSON is one. Its texts are as untrusted as the server's. */
export function isConnectionInfo(value: unknown): value is ConnectionInfo {
  const isAbsentOr = (type: "string" | "number", of: unknown, name: string): boolean =>
    [type, "undefined"].includes(typeof fieldOf(of, name));
  const algorithms = fieldOf(value, "algorithms");
  return (
    hasTexts(value, ["serverVersion", "authMethod"]) &&
    optionalTexts.every((name) => isAbsentOr("string", value, name)) &&
    optionalNumbers.every((name) => isAbsentOr("number", value, name)) &&
    (algorithms === undefined ||
      (hasTexts(algorithms, ["kex", "hostKey", "cipher"]) && isAbsentOr("string", algorithms, "mac")))
  );
}
