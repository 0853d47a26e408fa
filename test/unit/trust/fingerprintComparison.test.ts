import { describe, expect, it } from "vitest";
import { compareFingerprint } from "../../../src/trust/fingerprintComparison.ts";

const base64 = "AAAAC3NzaC1lZDI1NTE5AAAAINqm08fFiM229MD+fU/PiB7nGIyh26zXD1Yip04TUVhm";
const key = Buffer.from(base64, "base64");
// As printed by ssh-keygen 9.2 for this key.
const sha256 = "7u1N7N4ltm/35/0FTMNyC6OKSdF/WSDzKobjNNo9EFs";
const md5 = "ea:ee:08:c8:3d:fb:83:da:d4:26:4e:ec:9a:fb:96:74";

describe("a fingerprint that the user has", () => {
  it.each([
    `SHA256:${sha256}`,
    ` ${sha256}\n`,
    `${sha256}=`,
    `256 SHA256:${sha256} root@host (ED25519)`,
    `ED25519 key fingerprint is SHA256:${sha256}.`,
    `MD5:${md5}`,
    md5,
    md5.toUpperCase(),
    md5.replaceAll(":", ""),
    `256 MD5:${md5} test (ED25519)`,
    `ssh-ed25519 ${base64} test`,
    `web1 ssh-ed25519 ${base64}`,
    `SHA256:${sha256} MD5:${md5}`,
  ])("matches: %j", (given) => {
    expect(compareFingerprint(given, key)).toBe("matches");
  });

  it.each([
    `SHA256:${sha256.replace("7", "8")}`,
    sha256.toLowerCase(),
    `MD5:${md5.replace("ea", "eb")}`,
    `ssh-ed25519 ${Buffer.from(key).fill(1, 40).toString("base64")}`,
    // A matching one does not excuse another that differs.
    `SHA256:${sha256} MD5:${md5.replace("ea", "eb")}`,
  ])("differs: %j", (given) => {
    expect(compareFingerprint(given, key)).toBe("differs");
  });

  it.each([
    ...["", "yes", `SHA256:${sha256.slice(1)}`, md5.slice(3), "AAAA", `${sha256} `.repeat(1000)],
    ...[`x${md5}`, `${md5}:aa`, `x${sha256}=`, `SHA256:.${sha256}`],
  ])("is not recognised: %j", (given) => {
    expect(compareFingerprint(given, key)).toBe("no-fingerprint");
  });
});
