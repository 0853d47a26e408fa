import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { KeyFileError } from "../../src/auth/authErrors.ts";
import { FileError } from "../../src/base/fileErrors.ts";
import { localFiles } from "../../src/base/localFiles.ts";
import { wireString, wireUint32 } from "../../src/base/wire.ts";
import { ConfigFiles } from "../../src/config/configFiles.ts";
import { longestConfigLine, parseConfigText } from "../../src/config/configLine.ts";
import { evaluateConfig } from "../../src/config/evaluateConfig.ts";
import { compileGlob } from "../../src/config/globSegment.ts";
import { listHosts } from "../../src/config/hostList.ts";
import { ArgumentError, keywordRule } from "../../src/config/keywords.ts";
import { keywordNames } from "../../src/config/keywordTable.ts";
import { createKeyReader } from "../../src/engine/ssh2/keyReader.ts";
import { certificateFields } from "../../src/trust/certificate.ts";
import { RevocationFileError } from "../../src/trust/keyRevocationList.ts";
import { findKnownHosts } from "../../src/trust/knownHosts.ts";
import { searchRevoked } from "../../src/trust/revokedKeys.ts";
import { ConfigHome } from "../support/configFixtures.ts";
import { ecdsaBlob, ed25519Blob, keyText, rsaBlob } from "../support/publicKeys.ts";
import { attack, fuzz } from "./support/attackTest.ts";
import { breather } from "./support/breather.ts";

/** `FUZZ=10` runs ten times as many inputs. */
const factor = Number(process.env["FUZZ"] ?? 1);
const runs = (count: number) => ({ numRuns: Math.ceil(count * factor) });

let home: ConfigHome;
let folder: string;

beforeAll(async () => {
  home = await ConfigHome.create();
  folder = await mkdtemp(join(tmpdir(), "fuzz-files-"));
});

afterAll(async () => {
  await home.dispose();
  await rm(folder, { recursive: true, force: true });
});

const noise = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(..."\0|\t|\r|\n| |\"|'|\\|#|=|!|*|?|,|%|%%|${X|}|~|:|@|[|]|\ufeff|\ud800".split("|"), "|"),
  fc.constantFrom("none", "yes", "65536", "1h30m", "a@b:22", "[::1]:22", "all", "final", "exec", "host"),
);
const keyword = fc.oneof(
  fc.constantFrom(...keywordNames),
  fc.constantFrom("host", "match", "include", "Host", "HOST", '"host"'),
  fc.string({ maxLength: 8 }),
);
const configLine = fc
  .tuple(keyword, fc.constantFrom(" ", "=", "\t", " = ", ""), fc.array(noise, { maxLength: 6 }))
  .map(([word, separator, rest]) => `${word}${separator}${rest.join(" ")}`);
const configText = fc.array(configLine, { maxLength: 12 }).map((lines) => lines.join("\n"));

describe("ssh_config with any content", () => {
  attack(
    "a line becomes a directive or nothing, and its keyword accepts or refuses the value",
    fuzz,
    async () => {
      await fc.assert(
        fc.asyncProperty(configText, async (text) => {
          await breather();
          for (const directive of parseConfigText(text)) {
            expect(directive.line).toBeGreaterThan(0);
            try {
              keywordRule(directive.keyword)?.read(directive);
            } catch (error) {
              expect(error).toBeInstanceOf(ArgumentError);
            }
          }
        }),
        runs(20_000),
      );
    },
  );

  attack("lines are independent of each other, and line numbers are right", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(configLine, configLine, async (first, second) => {
        await breather();
        fc.pre(!first.includes("\n") && !first.includes("\ufeff") && !second.includes("\ufeff"));
        const together = parseConfigText(`${first}\n${second}`);
        const apart = [
          ...parseConfigText(first),
          ...parseConfigText(second).map((directive) => ({ ...directive, line: directive.line + 1 })),
        ];
        expect(together).toEqual(apart);
      }),
      runs(5000),
    );
  });

  attack("files are listed and evaluated without an exception", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(configText, configText, async (main, included) => {
        await breather();
        await writeFile(home.path(".ssh/config"), `${main}\nInclude other\n`, { mode: 0o600 });
        await writeFile(home.path(".ssh/other"), included, { mode: 0o600 });
        const environment = home.environment();
        const files = new ConfigFiles(environment);
        const { problems } = await listHosts("", [], environment, files);
        expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(problems.length);
        await evaluateConfig({ alias: "a", configFile: "" }, environment, files);
      }),
      runs(1000),
    );
  });

  attack("a line above the limit is one problem, whatever surrounds it", fuzz, async () => {
    const text = `User a\nUser ${"x".repeat(longestConfigLine)}\nUser b`;
    expect(parseConfigText(text).map(({ line, problem }) => [line, problem])).toEqual([
      [1, undefined],
      [2, "the line is too long"],
      [3, undefined],
    ]);
  });

  attack("a file name pattern never fails, and one without wildcards matches itself", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary" }),
        fc.array(noise).map((parts) => parts.join("")),
        async (name, pattern) => {
          await breather();
          expect(typeof compileGlob(pattern)(name)).toBe("boolean");
          expect(compileGlob(name.replace(/[*?[\\]/g, "\\$&"))(name)).toBe(true);
          expect(name.startsWith(".") || compileGlob("*")(name)).toBe(true);
        },
      ),
      runs(20_000),
    );
  });
});

const keys = fc.constantFrom(
  ed25519Blob(1),
  ecdsaBlob(2),
  rsaBlob(3, 1024),
  rsaBlob(3, 512),
  Buffer.alloc(3),
);

describe("known_hosts with any content", () => {
  const field = fc.oneof(
    noise,
    keys.map((blob) => blob.toString("base64")),
    fc.constantFrom("host", "@revoked", "@cert-authority", "|1|", "ssh-ed25519", "ssh-rsa"),
    fc.base64String({ maxLength: 40 }),
  );
  const text = fc
    .array(fc.tuple(field, fc.constantFrom(" ", "\n", "\t", ",", "")))
    .map((parts) => parts.flat().join(""));

  attack("a host is found or not, and no line counts twice", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(text, noise, async (contents, name) => {
        await breather();
        const { entries, problems } = await findKnownHosts("f", contents, name);
        const lines = [...entries, ...problems].map(({ line }) => line);
        expect(new Set(lines).size).toBe(lines.length);
      }),
      runs(10_000),
    );
  });

  attack("a known key stays known, whatever complete lines are added", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        await breather();
        const known = `h.example ${keyText(ed25519Blob(7))}`;
        const { entries } = await findKnownHosts("f", `${before}\n${known}\n${after}`, "h.example");
        expect(entries.some(({ key, marker }) => marker === "none" && key.equals(ed25519Blob(7)))).toBe(true);
      }),
      runs(5000),
    );
  });
});

describe("files of revoked keys with any content", () => {
  const shown = ed25519Blob(1);
  const section = fc.oneof(
    fc.tuple(fc.constantFrom(2, 3, 5), fc.array(fc.uint8Array({ maxLength: 40 }))).map(([type, blobs]) => ({
      type,
      data: Buffer.concat(blobs.map((blob) => wireString(blob))),
    })),
    fc.tuple(fc.constantFrom(1, 4, 255, 0x20), fc.uint8Array({ maxLength: 80 })).map(([type, bytes]) => ({
      type,
      data: Buffer.from(bytes),
    })),
    fc
      .array(fc.tuple(fc.constantFrom(0x20, 0x21, 0x22, 0x23, 0x39, 0x40), fc.uint8Array({ maxLength: 24 })))
      .map((parts) => ({
        type: 1,
        data: Buffer.concat([
          wireString(""),
          wireString(""),
          ...parts.flatMap(([type, bytes]) => [Buffer.of(type), wireString(bytes)]),
        ]),
      })),
  );
  const header = Buffer.concat([
    Buffer.from("SSHKRL\n\0", "latin1"),
    wireUint32(1),
    Buffer.alloc(24),
    wireString(""),
    wireString(""),
  ]);
  const list = fc
    .array(section, { maxLength: 5 })
    .map((sections) =>
      Buffer.concat([header, ...sections.flatMap(({ type, data }) => [Buffer.of(type), wireString(data)])]),
    );

  async function verdict(data: Buffer): Promise<string> {
    try {
      return (await searchRevoked(data, shown)) === undefined ? "clear" : "revoked";
    } catch (error) {
      expect(error).toBeInstanceOf(RevocationFileError);
      return "unknown";
    }
  }

  attack("a list has an answer, or is refused with a typed error", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          list,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        async (data) => {
          await breather();
          await verdict(data);
        },
      ),
      runs(20_000),
    );
  });

  attack(
    "a list with the key never reports it as clear, however it is damaged after its header",
    fuzz,
    async () => {
      const explicit = wireString(shown);
      const whole = Buffer.concat([header, Buffer.of(2), wireString(explicit)]);
      expect(await verdict(whole)).toBe("revoked");
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: header.length + 1, max: whole.length - 1 }),
          fc.uint8Array({ maxLength: 20 }),
          async (length, tail) => {
            await breather();
            expect(await verdict(whole.subarray(0, length))).toBe("unknown");
            expect(await verdict(Buffer.concat([whole, tail]))).not.toBe("clear");
          },
        ),
        runs(2000),
      );
    },
  );

  attack("a key list truncated in a line never reports the key as clear", fuzz, async () => {
    const line = Buffer.from(`# c\n${keyText(shown)}`);
    for (let length = 5; length < line.length; length++) {
      expect([length, await verdict(line.subarray(0, length))]).toEqual([length, "unknown"]);
    }
    expect(await verdict(line)).toBe("revoked");
  });

  attack("a certificate is complete or refused", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        await breather();
        const blob = Buffer.concat([wireString("ssh-ed25519-cert-v01@openssh.com"), bytes]);
        certificateFields(blob);
      }),
      runs(10_000),
    );
  });
});

describe("key files with any content", () => {
  const part = fc.oneof(
    noise,
    fc.base64String({ maxLength: 80 }),
    fc.constantFrom(keyText(ed25519Blob(1)), keyText(rsaBlob(3, 512))),
    fc.constantFrom(
      "-----BEGIN OPENSSH PRIVATE KEY-----\n",
      "\n-----END OPENSSH PRIVATE KEY-----\n",
      "-----BEGIN RSA PRIVATE KEY-----\n",
      "\n-----END RSA PRIVATE KEY-----\n",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
      "\n-----END ENCRYPTED PRIVATE KEY-----\n",
      "PuTTY-User-Key-File-2: ssh-rsa\n",
      "Encryption: none\n",
      "Public-Lines: 1\n",
      "Private-Lines: 1\n",
      "Proc-Type: 4,ENCRYPTED\n",
      "b3BlbnNzaC1rZXktdjEA",
    ),
  );

  attack("a file is a key, or is refused with a typed error", fuzz, async () => {
    const file = join(folder, "key");
    const reader = createKeyReader();
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        await breather();
        await writeFile(file, parts.join(""), { mode: 0o600 });
        try {
          await reader.read(file, undefined);
        } catch (error) {
          expect(error).toBeInstanceOf(KeyFileError);
        }
      }),
      runs(1500),
    );
  });
});

describe("any path", () => {
  attack("is read, or refused with a typed error", fuzz, async () => {
    const path = fc.oneof(
      fc.array(noise).map((parts) => parts.join("")),
      fc
        .array(fc.constantFrom("/", "..", ".", "proc", "self", "fd", "0", "dev", "null", "x"))
        .map((parts) => parts.join("/")),
      fc.constant("/x".repeat(5000)),
    );
    await fc.assert(
      fc.asyncProperty(path, async (file) => {
        await breather();
        for (const work of [localFiles.stat(file), localFiles.read(file, 1000), localFiles.list(file, 10)]) {
          await work.catch((error: unknown) => expect(error).toBeInstanceOf(FileError));
        }
      }),
      runs(500),
    );
  });
});
