import { describe, expect, test } from "vitest";
import { type ConnectionInfo, isConnectionInfo } from "../../../src/engine/connectionInfo.ts";

const least: ConnectionInfo = { serverVersion: "OpenSSH_9.2", authMethod: "publickey" };
const full: ConnectionInfo = {
  ...least,
  ...{ engine: "openssh", localAddress: "192.0.2.2", localPort: 40_000 },
  ...{ remoteAddress: "192.0.2.1", remotePort: 22 },
  algorithms: {
    kex: "curve25519-sha256",
    hostKey: "ssh-ed25519",
    cipher: "aes128-ctr",
    mac: "hmac-sha2-256",
  },
};
const algorithms = { ...full.algorithms };

describe("what a login found out, as parsed JSON", () => {
  test.each([
    ["all fields", full],
    ["what is always there", least],
    ["a cipher without a MAC", { ...least, algorithms: { ...algorithms, mac: undefined } }],
  ])("%s: is one", (_, value) => {
    expect(isConnectionInfo(value)).toBe(true);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["a text", "OpenSSH_9.2"],
    ["an array", [least]],
    ["no version", { authMethod: "publickey" }],
    ["no method", { serverVersion: "OpenSSH_9.2" }],
    ["a field that is not its own", Object.create(least)],
    ["a version that is a number", { ...least, serverVersion: 9 }],
    ["an engine that is an object", { ...least, engine: {} }],
    ["an address that is a list", { ...least, localAddress: ["192.0.2.2"] }],
    ["a peer that is null", { ...least, remoteAddress: null }],
    ["a port that is a text", { ...least, localPort: "22" }],
    ["a peer's port that is true", { ...least, remotePort: true }],
    ["algorithms that are a text", { ...least, algorithms: "aes128-ctr" }],
    ["algorithms without a key exchange", { ...least, algorithms: { ...algorithms, kex: undefined } }],
    ["algorithms without a host key", { ...least, algorithms: { ...algorithms, hostKey: undefined } }],
    ["algorithms without a cipher", { ...least, algorithms: { ...algorithms, cipher: undefined } }],
    ["a MAC that is a number", { ...least, algorithms: { ...algorithms, mac: 1 } }],
  ])("%s: is none", (_, value) => {
    expect(isConnectionInfo(value)).toBe(false);
  });
});
