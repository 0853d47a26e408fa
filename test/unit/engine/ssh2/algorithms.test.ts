import { describe, expect, test } from "vitest";
import type { HostConfig } from "../../../../src/config/hostConfig.ts";
import { ConnectError } from "../../../../src/engine/engineErrors.ts";
import { algorithmOffer } from "../../../../src/engine/ssh2/algorithms.ts";
import { testHostConfig } from "../../../support/hostConfigs.ts";

const offer = (changes: Partial<HostConfig> = {}, knownFirst: readonly string[] = []) =>
  algorithmOffer(testHostConfig(changes), knownFirst);

describe("the algorithms offered to a server", () => {
  test("AES-GCM comes first, and no host key with a SHA-1 signature", () => {
    const { cipher, serverHostKey, kex } = offer();
    expect(cipher.slice(0, 2)).toEqual(["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]);
    expect(cipher.at(-1)).toBe("chacha20-poly1305@openssh.com");
    expect(serverHostKey).not.toContain("ssh-rsa");
    expect(serverHostKey).not.toContain("ssh-dss");
    expect(kex.filter((name) => name.endsWith("-sha1"))).toEqual([]);
  });

  test("+ appends, - removes with wildcards, ^ moves to the front, a plain list replaces", () => {
    const { cipher } = offer();
    expect(offer({ ciphers: ["+aes256-cbc", "aes128-cbc"] }).cipher).toEqual([
      ...cipher,
      "aes256-cbc",
      "aes128-cbc",
    ]);
    expect(offer({ ciphers: ["-*gcm*", "chacha*"] }).cipher).toEqual([
      "aes128-ctr",
      "aes192-ctr",
      "aes256-ctr",
    ]);
    expect(offer({ ciphers: ["^aes256-ctr"] }).cipher).toEqual([
      "aes256-ctr",
      ...cipher.filter((name) => name !== "aes256-ctr"),
    ]);
    expect(offer({ ciphers: ["aes256-ctr", "aes128-ctr"] }).cipher).toEqual(["aes256-ctr", "aes128-ctr"]);
    expect(offer({ hostKeyAlgorithms: ["+ssh-rsa"] }).serverHostKey).toContain("ssh-rsa");
  });

  test("unsupported algorithms are omitted, and it is an error if none remains", () => {
    const kexAlgorithms = ["sntrup761x25519-sha512@openssh.com", "curve25519-sha256"];
    expect(offer({ kexAlgorithms }).kex).toEqual(["curve25519-sha256"]);
    const attempt = (): unknown => offer({ macs: ["umac-128-etm@openssh.com"] });
    expect(attempt).toThrow(ConnectError);
    expect(attempt).toThrow(/MACs umac-128-etm@openssh.com/);
  });

  test("OpenSSH's own defaults, as `ssh -G` prints them, do not count as set", () => {
    const ciphers = ["chacha20-poly1305@openssh.com", "aes128-ctr"];
    const sources = new Map([["ciphers", { kind: "default" } as const]]);
    expect(offer({ ciphers, sources }).cipher).toEqual(offer().cipher);
  });

  test("known host keys come first, without adding a type that isn't offered", () => {
    expect(offer({}, ["ssh-rsa"]).serverHostKey.slice(0, 2)).toEqual(["rsa-sha2-512", "rsa-sha2-256"]);
    expect(offer({}, ["ssh-rsa", "ssh-dss", "nonsense"]).serverHostKey).not.toContain("ssh-dss");
    expect([...offer({}, ["ssh-rsa"]).serverHostKey].sort()).toEqual([...offer().serverHostKey].sort());
  });

  test("certificates come first if an authority is known, and last if only ssh_config names them", () => {
    const certificate = "ssh-ed25519-cert-v01@openssh.com";
    expect(offer().serverHostKey.filter((name) => name.includes("-cert-"))).toEqual([]);
    expect(offer({}, [certificate, "ssh-rsa"]).serverHostKey.slice(0, 3)).toEqual([
      certificate,
      "rsa-sha2-512",
      "rsa-sha2-256",
    ]);
    const hostKeyAlgorithms = [certificate, "ssh-ed25519"];
    expect(offer({ hostKeyAlgorithms }).serverHostKey).toEqual(["ssh-ed25519", certificate]);
    expect(offer({ hostKeyAlgorithms }, [certificate]).serverHostKey).toEqual([certificate, "ssh-ed25519"]);
    expect(offer({ hostKeyAlgorithms: ["ssh-ed25519"] }, [certificate]).serverHostKey).toEqual([
      "ssh-ed25519",
    ]);
  });

  test("compression is preferred only if requested", () => {
    expect(offer().compress[0]).toBe("none");
    expect(offer({ compression: true }).compress[0]).toBe("zlib@openssh.com");
  });
});
