import { expect, test } from "vitest";
import { destinationKey } from "../../../src/config/destinationKey.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

test.each<Partial<HostConfig>>([
  { alias: "other" },
  { serverAliveInterval: 5 },
  { setEnv: { A: "1" } },
  { connectTimeout: 5 },
  { batchMode: true },
  { numberOfPasswordPrompts: 1 },
  { hostName: "SERVER.example.org" },
  { identityFiles: ["/home/me/.ssh/id_rsa"] },
])("%j is the same destination", (change) => {
  expect(destinationKey(testHostConfig(change))).toBe(destinationKey(testHostConfig()));
});

test.each<Partial<HostConfig>>([
  { user: "bob" },
  { hostName: "other.example.org" },
  { port: 2222 },
  { proxyJump: [{ alias: "bastion" }] },
  { proxyJump: [{ alias: "bastion", user: "x" }] },
  { proxyCommand: "nc a 22" },
  { bindAddress: "10.0.0.1" },
  { hostKeyAlias: "x" },
  { identityFilesAreDefault: false, identityFiles: ["/k"] },
  { certificateFiles: ["/k-cert.pub"] },
  { identitiesOnly: true },
  { identityAgent: "none" },
  { strictHostKeyChecking: "no" },
  { userKnownHostsFiles: ["/dev/null"] },
  { globalKnownHostsFiles: ["/dev/null"] },
  { revokedHostKeysFiles: ["/etc/ssh/revoked"] },
  { knownHostsCommand: "/usr/bin/known %H" },
  { noHostAuthenticationForLocalhost: true },
  { requiredRsaSize: 3072 },
  { hostKeyAlgorithms: ["ssh-ed25519"] },
  { kexAlgorithms: ["mlkem768x25519-sha256"] },
  { ciphers: ["aes256-gcm@openssh.com"] },
  { macs: ["hmac-sha2-512"] },
  { compression: true },
  { rekeyLimit: { bytes: 16_384, seconds: 0 } },
  { addressFamily: "inet6" },
  { pubkeyAuthentication: false },
  { passwordAuthentication: false },
  { kbdInteractiveAuthentication: false },
  { preferredAuthentications: ["password"] },
  { pubkeyAcceptedAlgorithms: ["rsa-sha2-512"] },
  { forwardAgent: "/run/limited.sock" },
])("%j is another destination", (change) => {
  const keys = [{}, { proxyJump: [{ alias: "bastion", port: 1 }] }].map((other) =>
    destinationKey(testHostConfig(other)),
  );
  expect(keys).not.toContain(destinationKey(testHostConfig(change)));
});
