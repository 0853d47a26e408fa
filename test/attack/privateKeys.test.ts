import { createHash, createHmac, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { listAgentKeys } from "../../src/auth/agent/agentKeys.ts";
import { KeyFileError } from "../../src/auth/authErrors.ts";
import type { PrivateKeyFile, SigningKey } from "../../src/auth/authPorts.ts";
import { wireMpint, wireString } from "../../src/base/wire.ts";
import { createKeyReader } from "../../src/engine/ssh2/keyReader.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { attack, defer } from "./support/attackTest.ts";
import { longestBlock } from "./support/longestBlock.ts";

const oneFile = { once: "a login reads one file, which has the largest allowed size" };

/** An odd number of the given number of bits; the numbers need not belong together. */
function oddNumber(bits: number): Buffer {
  const bytes = randomBytes(bits / 8);
  bytes[0] = (bytes[0] ?? 0) | 0xc0;
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1;
  return bytes;
}

/** DER (ITU-T X.690 section 8.1). */
function der(tag: number, body: Buffer): Buffer {
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([
    Buffer.of(tag),
    body.length < 0x80 ? length : Buffer.concat([Buffer.of(0x80 | length.length), length]),
    body,
  ]);
}

const integer = (value: Buffer): Buffer =>
  der(2, (value[0] ?? 0) < 0x80 ? value : Buffer.concat([Buffer.of(0), value]));

/** A private RSA key in PKCS#1. */
function rsaPem(bits: number): string {
  const numbers = [bits, bits, bits / 2, bits / 2, bits / 2, bits / 2, bits / 2].map(oddNumber);
  const [n = Buffer.alloc(0), ...secret] = numbers;
  const fields = [Buffer.of(0), n, Buffer.of(1, 0, 1), ...secret].map(integer);
  const base64 = der(0x30, Buffer.concat(fields)).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN RSA PRIVATE KEY-----", ...lines, "-----END RSA PRIVATE KEY-----", ""].join("\n");
}

/** A key of PuTTY's version 2 with chosen numbers, and a valid MAC over them. */
function putty(d: Buffer, p: Buffer, q: Buffer): string {
  const known = [Buffer.of(1, 0, 1), oddNumber(2048)].map(wireMpint);
  const open = Buffer.concat([wireString("ssh-rsa"), ...known]);
  const secret = Buffer.concat([d, p, q, oddNumber(1024)].map(wireMpint));
  const macKey = createHash("sha1").update("putty-private-key-file-mac-key").digest();
  const mac = createHmac("sha1", macKey)
    .update(Buffer.concat(["ssh-rsa", "none", "c", open, secret].map((field) => wireString(field))))
    .digest("hex");
  const lines = (bytes: Buffer): readonly string[] => bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return [
    ...["PuTTY-User-Key-File-2: ssh-rsa", "Encryption: none", "Comment: c"],
    ...[`Public-Lines: ${lines(open).length}`, ...lines(open)],
    ...[`Private-Lines: ${lines(secret).length}`, ...lines(secret)],
    ...[`Private-MAC: ${mac}`, ""],
  ].join("\r\n");
}

async function read(text: string): Promise<PrivateKeyFile | KeyFileError> {
  const folder = await mkdtemp(join(tmpdir(), "keys-"));
  defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "key");
  await writeFile(file, text, { mode: 0o600 });
  return await createKeyReader()
    .read(file, undefined)
    .catch((error: unknown) => {
      if (KeyFileError.is(error)) {
        return error;
      }
      throw error;
    });
}

describe("a private key", () => {
  attack("of RSA with 8192 bits signs off the event loop", oneFile, async () => {
    const found = await read(rsaPem(8_192));
    if (KeyFileError.is(found) || found.kind !== "ready") {
      throw new Error("It is a key");
    }
    const { result, block } = await longestBlock(() => found.key.sign(Buffer.from("x"), "rsa-sha2-256"));
    expect(result.length).toBeGreaterThan(1_024);
    expect(block).toBeLessThan(50);
  });

  attack(
    "of RSA with more bits than OpenSSH accepts is refused, and nothing signs with it",
    oneFile,
    async () => {
      expect(await read(rsaPem(16_400))).toMatchObject({ reason: "unsupported" });
      expect(await read(rsaPem(400_000))).toMatchObject({ reason: "unsupported" });
    },
  );

  attack("of PuTTY whose numbers lead to a division by zero is damaged", oneFile, async () => {
    for (const number of [Buffer.of(1), Buffer.of(0)]) {
      const found = await read(putty(oddNumber(2_048), number, oddNumber(1_024)));
      expect(KeyFileError.is(found) ? found.reason : found.kind).toMatch(/malformed|ready/);
    }
  });

  attack("of PuTTY with huge numbers is damaged, without a division", oneFile, async () => {
    const text = putty(oddNumber(2_400_000), oddNumber(1_200_000), oddNumber(1_200_000));
    const { result, block } = await longestBlock(() => read(text));
    expect(result).toMatchObject({ reason: "malformed" });
    expect(block).toBeLessThan(50);
  });
});

attack(
  "an agent that lists more and more keys costs no more than their number",
  { size: 7_000 },
  async (size) => {
    const logger = new RecordingLogger();
    const keys = Array.from({ length: size }, (_, index): SigningKey => {
      const publicKey = Buffer.from(String(index % (size - 10)));
      return { type: "x", comment: "", publicKey, sign: () => Promise.reject(new Error("nobody asked")) };
    });
    const agent = { list: async () => keys };
    const found = await listAgentKeys(agent, "/agent", new AbortController().signal, logger);
    expect(found).toEqual([]);
    expect(logger.lines.length).toBeLessThan(30);
  },
);
