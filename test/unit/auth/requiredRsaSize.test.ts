import { describe, expect, it } from "vitest";
import type { SigningKey } from "../../../src/auth/authPorts.ts";
import { fakeKey, login, setUp } from "../../support/authFakes.ts";
import { rsaBlob } from "../../support/publicKeys.ts";

function rsaKey(seed: number, bits: number): SigningKey {
  return { ...fakeKey(seed, `rsa ${bits}`, "ssh-rsa"), publicKey: rsaBlob(seed, bits) };
}

describe("RequiredRSASize", () => {
  it("excludes shorter keys of the agent and of files, and names the files", async () => {
    const { agent, reader, start } = setUp({ identityFiles: ["/short", "/long"], requiredRsaSize: 2048 });
    agent.keys = [rsaKey(1, 1024), fakeKey(3)];
    reader.files.set("/short", { key: rsaKey(5, 2040) });
    reader.files.set("/long", { key: rsaKey(7, 2048) });
    const authenticator = start();
    await login(authenticator, () => ({ methodsLeft: ["publickey"] }));
    expect(authenticator.tried()).toEqual(["publickey: agent key key 3", "publickey: /long"]);
    expect(authenticator.problems()).toEqual([
      "/short: its RSA key is shorter than 2048 bits (RequiredRSASize)",
    ]);
  });

  it("an encrypted file is checked by the public key beside it, before its passphrase is requested", async () => {
    const { reader, prompter, start } = setUp({ identityFiles: ["/short"], requiredRsaSize: 2048 });
    reader.files.set("/short", { key: rsaKey(5, 1024), passphrase: "p" });
    await login(start(), () => ({ methodsLeft: ["publickey"] }));
    expect(prompter.asked).toEqual([]);
  });
});
