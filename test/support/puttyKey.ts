import { createCipheriv, createHash, createHmac, generateKeyPairSync } from "node:crypto";
import { wireString } from "../../src/base/wire.ts";

/** A fresh RSA key as `puttygen` writes it in version 2 of its format. */
export function puttyKey(passphrase = ""): { readonly text: string; readonly publicKey: Buffer } {
  const jwk = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  const numbers = (...values: readonly (string | undefined)[]): Buffer =>
    Buffer.concat(values.map((value) => mpint(Buffer.from(value ?? "", "base64url"))));
  const publicKey = Buffer.concat([wireString("ssh-rsa"), numbers(jwk.e, jwk.n)]);
  const encryption = passphrase === "" ? "none" : "aes256-cbc";
  const comment = "a comment";

  let secret = numbers(jwk.d, jwk.p, jwk.q, jwk.qi);
  const padding = encryption === "none" ? 0 : (16 - (secret.length % 16)) % 16;
  secret = Buffer.concat([secret, sha1(secret).subarray(0, padding)]);
  const mac = createHmac("sha1", sha1("putty-private-key-file-mac-key", passphrase))
    .update(
      Buffer.concat(["ssh-rsa", encryption, comment, publicKey, secret].map((part) => wireString(part))),
    )
    .digest("hex");
  if (encryption !== "none") {
    const halves = [0, 1].map((half) => sha1(Buffer.from([0, 0, 0, half]), passphrase));
    const cipher = createCipheriv("aes-256-cbc", Buffer.concat(halves).subarray(0, 32), Buffer.alloc(16));
    cipher.setAutoPadding(false);
    secret = Buffer.concat([cipher.update(secret), cipher.final()]);
  }
  const text = [
    "PuTTY-User-Key-File-2: ssh-rsa",
    `Encryption: ${encryption}`,
    `Comment: ${comment}`,
    ...lines("Public", publicKey),
    ...lines("Private", secret),
    `Private-MAC: ${mac}`,
    "",
  ].join("\r\n");
  return { text, publicKey };
}

function lines(what: string, bytes: Buffer): readonly string[] {
  const wrapped = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return [`${what}-Lines: ${wrapped.length}`, ...wrapped];
}

function sha1(...parts: readonly (Buffer | string)[]): Buffer {
  const hash = createHash("sha1");
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest();
}

function mpint(bytes: Buffer): Buffer {
  return wireString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}
