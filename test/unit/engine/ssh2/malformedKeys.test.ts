import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KeyFileError } from "../../../../src/auth/authErrors.ts";
import { decryptWithin } from "../../../../src/auth/keys/keyDecrypter.ts";
import {
  decipherSection,
  derivationOf,
  parseOpenSshEnvelope,
  parseOpenSshSection,
} from "../../../../src/auth/keys/openSshPrivateKey.ts";
import { wireString } from "../../../../src/base/wire.ts";
import { createKeyReader } from "../../../../src/engine/ssh2/keyReader.ts";

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** PROTOCOL.key */
function envelope(parts: {
  readonly cipher?: string;
  readonly kdf?: string;
  readonly options?: Buffer;
  readonly publicKey?: Buffer;
  readonly section?: Buffer;
}): Buffer {
  const { cipher = "aes256-ctr", kdf = "bcrypt", section = Buffer.alloc(32) } = parts;
  const options = parts.options ?? Buffer.concat([wireString(Buffer.alloc(16, 1)), uint32(16)]);
  return Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    wireString(cipher),
    wireString(kdf),
    wireString(options),
    uint32(1),
    wireString(parts.publicKey ?? wireString("ssh-ed25519")),
    wireString(section),
  ]);
}

function pem(data: Buffer): string {
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${data.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function section(type: string, ...fields: readonly Buffer[]): Buffer {
  return Buffer.concat([
    uint32(7),
    uint32(7),
    wireString(type),
    ...fields.map(wireString),
    wireString("comment"),
  ]);
}

const inherited = ["constructor", "hasOwnProperty", "__defineGetter__", "__proto__", "toString", "valueOf"];

describe("the parser of OpenSSH's private keys", () => {
  it.each(inherited)("rejects a key type and a cipher named %s", (name) => {
    expect(parseOpenSshSection(section(name))).toEqual({ kind: "unsupported", type: name });
    const parsed = parseOpenSshEnvelope(envelope({ cipher: name }));
    expect(parsed && derivationOf(parsed)).toBeUndefined();
  });

  it("rejects numbers that are too long to compute with", () => {
    const long = Buffer.alloc(300_000, 0xff);
    expect(parseOpenSshSection(section("ssh-rsa", long, long, long, long, long, long)).kind).toBe(
      "malformed",
    );
  });

  it("never throws, whatever the bytes", () => {
    const type = fc.constantFrom(
      ...["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521"],
      ...inherited,
    );
    const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(type, fc.array(bytes, { maxLength: 7 }), bytes, (name, fields, tail) => {
        parseOpenSshSection(Buffer.concat([section(name, ...fields), tail]));
        const parsed = parseOpenSshEnvelope(envelope({ cipher: name, options: tail, section: tail }));
        if (parsed !== undefined) {
          derivationOf(parsed);
          decipherSection(parsed, tail);
        }
        parseOpenSshEnvelope(tail);
      }),
      { numRuns: 500 },
    );
  });
});

describe("damaged or hostile key files", () => {
  let folder: string;
  let made = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "malformed-keys-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const write = async (text: string | Buffer): Promise<string> => {
    const file = join(folder, `key${made++}`);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  };
  const failureOf = async (text: string | Buffer, passphrase?: string): Promise<unknown> =>
    await createKeyReader(async () => new Uint8Array(48))
      .read(await write(text), passphrase)
      .then(
        () => "read",
        (error: unknown) => (KeyFileError.is(error) ? error.reason : error),
      );

  it("an encrypted file whose public half names no type is malformed, because its key could not be offered", async () => {
    expect(await failureOf(pem(envelope({ publicKey: Buffer.alloc(2) })))).toBe("malformed");
  });

  it("a file with a thousand beginnings and no end is refused at once", async () => {
    expect(await failureOf("-----BEGIN A-----\n".repeat(50_000))).toBe("malformed");
  });

  it("a file that can't be decrypted in time is unsupported, and others can still be tried", async () => {
    const reader = createKeyReader((request) => decryptWithin(request, 300));
    const options = Buffer.concat([wireString(Buffer.alloc(16, 1)), uint32(0xffff_ffff)]);
    await expect(reader.read(await write(pem(envelope({ options }))), "secret")).rejects.toMatchObject({
      reason: "unsupported",
    });
  });

  it("gives only KeyFileErrors", async () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
    const file = fc.oneof(
      bytes,
      bytes.map(pem),
      fc
        .record({
          cipher: fc.constantFrom("aes256-ctr", "none", "aes256-gcm@openssh.com", ...inherited),
          section: bytes,
        })
        .map(({ cipher, section: encrypted }) =>
          pem(envelope({ cipher, section: encrypted, ...(cipher === "none" && { kdf: "none" }) })),
        ),
      fc.constantFrom("RSA ", "EC ", "", "ENCRYPTED ", "X ").map((label) => {
        return `-----BEGIN ${label}PRIVATE KEY-----\nAAAA\n-----END ${label}PRIVATE KEY-----\n`;
      }),
      fc.string().map((text) => `PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n${text}`),
    );
    await fc.assert(
      fc.asyncProperty(file, fc.constantFrom(undefined, "", "secret"), async (text, passphrase) => {
        expect(await failureOf(text, passphrase)).toBeTypeOf("string");
      }),
      { numRuns: 200 },
    );
  });
});
