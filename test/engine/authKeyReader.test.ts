import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KeyFileError } from "../../src/auth/authErrors.ts";
import type { SigningKey } from "../../src/auth/authPorts.ts";
import { createKeyReader } from "../../src/engine/ssh2/keyReader.ts";
import { puttyKey } from "../support/puttyKey.ts";
import { verifySignature } from "../support/signatures.ts";

const run = promisify(execFile);
const reader = createKeyReader();
let folder: string;
let made = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "auth-keys-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A new key file from ssh-keygen, and its public half as ssh-keygen prints it. */
async function keygen(
  options: readonly string[],
  passphrase = "",
): Promise<{ file: string; publicKey: Buffer; type: string }> {
  const file = join(folder, `key${made++}`);
  await run("ssh-keygen", ["-q", "-N", passphrase, "-C", "a comment", "-f", file, ...options]);
  const [type = "", base64 = ""] = (await readFile(`${file}.pub`, "latin1")).split(" ");
  return { file, publicKey: Buffer.from(base64, "base64"), type };
}

async function ready(file: string, passphrase?: string): Promise<SigningKey> {
  const read = await reader.read(file, passphrase);
  if (read.kind !== "ready") {
    throw new Error(`${file} is ${read.kind}`);
  }
  return read.key;
}

async function failure(file: string, passphrase?: string): Promise<KeyFileError> {
  const error: unknown = await reader.read(file, passphrase).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KeyFileError);
  expect(error).toMatchObject({ file });
  return error as KeyFileError;
}

async function signsRightly(key: SigningKey): Promise<void> {
  const algorithms = key.type === "ssh-rsa" ? ["rsa-sha2-256", "rsa-sha2-512"] : [key.type];
  for (const algorithm of algorithms) {
    // ECDSA's numbers are sometimes shorter than the curve: sign often enough to cover that.
    for (let round = 0; round < (key.type.startsWith("ecdsa") ? 40 : 2); round++) {
      const data = Buffer.from(`data ${round}`);
      const signature = await key.sign(data, algorithm);
      expect(verifySignature(key.publicKey, data, signature)).toBe(true);
      expect(verifySignature(key.publicKey, Buffer.from("other"), signature)).toBe(false);
    }
  }
  await expect(key.sign(Buffer.from("x"), "ssh-dss")).rejects.toThrow(RangeError);
}

const kinds: readonly (readonly [name: string, options: readonly string[]])[] = [
  ["ed25519", ["-t", "ed25519"]],
  ["ecdsa 256", ["-t", "ecdsa", "-b", "256"]],
  ["ecdsa 384", ["-t", "ecdsa", "-b", "384"]],
  ["ecdsa 521", ["-t", "ecdsa", "-b", "521"]],
  ["rsa 2048", ["-t", "rsa", "-b", "2048"]],
  ["rsa 1024", ["-t", "rsa", "-b", "1024"]],
];

describe("keys from ssh-keygen", () => {
  for (const [name, options] of kinds) {
    for (const format of ["RFC4716", "PEM", "PKCS8"]) {
      if (name === "ed25519" && format !== "RFC4716") {
        continue;
      }
      it(`${name} in ${format} is read and signs`, async () => {
        const { file, publicKey, type } = await keygen([...options, "-m", format]);
        const key = await ready(file);
        expect(key.publicKey).toEqual(publicKey);
        expect(key.type).toBe(type);
        expect(key.comment).toBe(format === "RFC4716" ? "a comment" : "");
        await signsRightly(key);
      });

      it(`${name} in ${format}, encrypted, is reported as encrypted, and opens only with the passphrase`, async () => {
        const { file, publicKey } = await keygen([...options, "-m", format, "-a", "1"], "pass phräse");
        expect(await reader.read(file)).toEqual({ kind: "encrypted", publicKey });
        expect((await failure(file, "pass")).reason).toBe("wrong-passphrase");
        expect((await failure(file, "")).reason).toBe("wrong-passphrase");
        const key = await ready(file, "pass phräse");
        expect(key.publicKey).toEqual(publicKey);
        await signsRightly(key);
      });
    }
  }

  for (const cipher of ["aes128-ctr", "aes256-cbc", "aes192-cbc", "3des-cbc", "aes256-gcm@openssh.com"]) {
    it(`encrypted with ${cipher}`, async () => {
      const { file, publicKey } = await keygen(["-t", "ed25519", "-a", "1", "-Z", cipher], "secret");
      expect((await ready(file, "secret")).publicKey).toEqual(publicKey);
      expect((await failure(file, "wrong")).reason).toBe("wrong-passphrase");
    });
  }

  it("names an unsupported cipher and the alternative", async () => {
    const { file } = await keygen(
      ["-t", "ed25519", "-a", "1", "-Z", "chacha20-poly1305@openssh.com"],
      "secret",
    );
    const error = await failure(file);
    expect(error.reason).toBe("unsupported");
    expect(error.message).toContain("ssh-keygen -p");
  });

  for (const rounds of [16, 100]) {
    it(`${rounds} rounds of bcrypt don't block the event loop`, async () => {
      const { file, publicKey } = await keygen(["-t", "ed25519", "-a", String(rounds)], "secret");
      let turns = 0;
      let running = true;
      const turn = (): void => {
        turns++;
        if (running) {
          setImmediate(turn);
        }
      };
      setImmediate(turn);
      const key = await ready(file, "secret");
      running = false;
      expect(key.publicKey).toEqual(publicKey);
      // In this thread there would be only a few turns around one long block.
      expect(turns).toBeGreaterThan(1000);
    });
  }
});

describe("PuTTY's keys", () => {
  async function write(text: string): Promise<string> {
    const file = join(folder, `putty${made++}.ppk`);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  }

  it("RSA in version 2 is read and signs", async () => {
    const { text, publicKey } = puttyKey();
    const key = await ready(await write(text));
    expect(key.publicKey).toEqual(publicKey);
    expect(key.comment).toBe("a comment");
    await signsRightly(key);
  });

  it("RSA in version 2, encrypted, opens only with the passphrase", async () => {
    const { text, publicKey } = puttyKey("secret");
    const file = await write(text);
    expect(await reader.read(file)).toEqual({ kind: "encrypted", publicKey });
    expect((await failure(file, "wrong")).reason).toBe("wrong-passphrase");
    expect((await failure(file, "")).reason).toBe("wrong-passphrase");
    await signsRightly(await ready(file, "secret"));
  });

  it("a manipulated key is refused", async () => {
    const { text } = puttyKey();
    const file = await write(text.replace("Comment: a comment", "Comment: another"));
    expect((await failure(file)).reason).toBe("malformed");
  });

  it("version 3 and other key types are unsupported, and the error names the alternative", async () => {
    for (const first of ["PuTTY-User-Key-File-3: ssh-rsa", "PuTTY-User-Key-File-2: ssh-ed25519"]) {
      const error = await failure(await write(`${first}\r\nEncryption: none\r\n`));
      expect(error.reason).toBe("unsupported");
      expect(error.message).toContain("puttygen -O private-openssh");
    }
  });
});

describe("files without a usable private key", () => {
  it("missing", async () => {
    expect((await failure(join(folder, "nothing"))).reason).toBe("missing");
  });

  it("missing, with the public half beside it: names a key in the agent", async () => {
    const { file, publicKey } = await keygen(["-t", "ed25519"]);
    await rename(file, `${file}.moved`);
    expect(await reader.read(file)).toEqual({ kind: "public", publicKey });
    expect(await reader.read(`${file}.pub`)).toEqual({ kind: "public", publicKey });
  });

  it("an encrypted PEM file without its public half beside it", async () => {
    const { file } = await keygen(["-t", "rsa", "-m", "PEM"], "secret");
    await rm(`${file}.pub`);
    expect(await reader.read(file)).toEqual({ kind: "encrypted" });
  });

  it("a folder", async () => {
    expect((await failure(folder)).reason).toBe("unreadable");
  });

  for (const mode of [0o644, 0o640, 0o620, 0o604, 0o610]) {
    it(`readable or writable by others (0${mode.toString(8)})`, async () => {
      const { file } = await keygen(["-t", "ed25519"]);
      await chmod(file, mode);
      const error = await failure(file);
      expect(error.reason).toBe("permissions");
      expect(error.message).toContain(`0${mode.toString(8)}`);
    });
  }

  for (const [what, text] of [
    ["empty", ""],
    ["text", "hello"],
    ["a header only", "-----BEGIN OPENSSH PRIVATE KEY-----\n"],
    ["nothing inside", "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n"],
    ["rubbish inside", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"],
    ["PEM rubbish", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"],
    ["PKCS#8 rubbish", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
    ["PuTTY rubbish", "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n"],
  ] as const) {
    it(`damaged: ${what}`, async () => {
      const file = join(folder, `damaged${made++}`);
      await writeFile(file, text, { mode: 0o600 });
      expect((await failure(file)).reason).toBe("malformed");
    });
  }

  it("damaged: a key cut off at any byte gives one typed error or the key", async () => {
    const { file } = await keygen(["-t", "ecdsa"]);
    const body = (await readFile(file, "latin1")).split("\n").slice(1, -2).join("");
    const data = Buffer.from(body, "base64");
    const cut = join(folder, `cut${made++}`);
    for (let length = 0; length < data.length; length += 3) {
      const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${data.subarray(0, length).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
      await writeFile(cut, text, { mode: 0o600 });
      expect((await failure(cut)).reason).toMatch(/^(?:malformed|unsupported)$/);
    }
  });

  it("a key after other blocks, text, CRLF or a byte order mark is found, as in ssh", async () => {
    const { execFileSync } = await import("node:child_process");
    const pem = execFileSync("openssl", ["ecparam", "-genkey", "-name", "prime256v1"], {
      encoding: "latin1",
    });
    expect(pem).toMatch(/^-----BEGIN EC PARAMETERS-----/);
    const { file: rsa } = await keygen(["-t", "rsa", "-b", "2048", "-m", "PEM"]);
    const texts = [
      pem,
      pem.replaceAll("\n", "\r\n"),
      `Bag Attributes\n    friendlyName: mine\nKey Attributes: <No Attributes>\n${pem}`,
      `\u00ef\u00bb\u00bf${await readFile(rsa, "latin1")}`,
      `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${await readFile(rsa, "latin1")}`,
      `-----BEGIN RSA PRIVATE KEY-----\nnever ends\n${await readFile(rsa, "latin1")}`,
    ];
    for (const text of texts) {
      const file = join(folder, `behind${made++}`);
      await writeFile(file, text, { mode: 0o600 });
      await signsRightly(await ready(file));
    }
    const file = join(folder, `certificate${made++}`);
    await writeFile(file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", { mode: 0o600 });
    expect((await failure(file)).reason).toBe("unsupported");
  });

  it("two billion rounds of key derivation are refused before they start; a usual number is accepted", async () => {
    const { file } = await keygen(["-t", "ecdsa", "-m", "PKCS8"], "secret");
    const text = await readFile(file, "latin1");
    const body = text.split("\n").slice(1, -2).join("");
    const der = Buffer.from(body, "base64");
    // PBKDF2's rounds: INTEGER 2048 after the salt. Adds two bytes to it, and to the enclosing lengths.
    const at = der.indexOf(Buffer.from("02020800", "hex"));
    expect(at).toBeGreaterThan(0);
    const more = Buffer.concat([
      der.subarray(0, at),
      Buffer.from("02047fffffff", "hex"),
      der.subarray(at + 4),
    ]);
    const { asksForTooMuch } = await import("../../src/auth/keys/pkcs8Work.ts");
    expect(asksForTooMuch(der)).toBe(false);
    for (let index = 0; index < at; index++) {
      // Every SEQUENCE that contains the number.
      if (
        more[index] === 0x30 &&
        (more[index + 1] ?? 0xff) < 0x80 &&
        index + 2 + (more[index + 1] ?? 0) > at
      ) {
        more[index + 1] = (more[index + 1] ?? 0) + 2;
      } else if (more[index] === 0x30 && more[index + 1] === 0x81 && index < at) {
        more[index + 2] = (more[index + 2] ?? 0) + 2;
      }
    }
    const rounds = join(folder, `rounds${made++}`);
    await writeFile(
      rounds,
      `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${more.toString("base64")}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
      { mode: 0o600 },
    );
    expect(await failure(rounds, "secret")).toMatchObject({ reason: "unsupported" });
  });

  it("cancelling ends a long decryption at once", async () => {
    const { file } = await keygen(["-t", "ed25519", "-a", "400"], "secret");
    const abort = new AbortController();
    const reading = reader.read(file, "secret", abort.signal);
    const began = performance.now();
    abort.abort(new Error("given up"));
    await expect(reading).rejects.toThrow("given up");
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("DSA and other curves are unsupported", async () => {
    const { privateKey } = await import("node:crypto").then(({ generateKeyPairSync }) =>
      generateKeyPairSync("ec", {
        namedCurve: "secp256k1",
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      }),
    );
    const file = join(folder, `foreign${made++}`);
    await writeFile(file, privateKey, { mode: 0o600 });
    expect((await failure(file)).reason).toBe("unsupported");
    await writeFile(file, privateKey.replaceAll("PRIVATE KEY", "DSA PRIVATE KEY"), { mode: 0o600 });
    expect((await failure(file)).reason).toBe("unsupported");
  });
});
