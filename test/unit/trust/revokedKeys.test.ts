import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { FileError } from "../../../src/base/fileErrors.ts";
import type { LocalFiles } from "../../../src/base/localFiles.ts";
import { wireMpint, wireString, wireUint32 } from "../../../src/base/wire.ts";
import { RevocationFileError } from "../../../src/trust/keyRevocationList.ts";
import { checkRevoked, searchRevoked } from "../../../src/trust/revokedKeys.ts";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { ecdsaBlob, ed25519Blob, keyText, rsaBlob } from "../../support/publicKeys.ts";

const key = ed25519Blob(1);
const other = ed25519Blob(2);
const authority = makeAuthority();
const certified = makeAuthority().publicKey;
const certificate = makeCertificate({ key: certified, authority, serial: 70n, keyId: "web" });

const uint64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};
const part = (type: number, ...contents: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.of(type), wireString(Buffer.concat(contents))]);

/** A key revocation list (OpenSSH's PROTOCOL.krl). */
function list(...sections: readonly Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.from("SSHKRL\n\0"),
    ...[wireUint32(1), uint64(1n), uint64(0n), uint64(0n), wireString(""), wireString("comment")],
    ...sections,
  ]);
}

/** A section on certificates of the authority; empty: of all authorities. */
const certificates = (by: Uint8Array, ...subsections: readonly Buffer[]): Buffer =>
  part(1, wireString(by), wireString(""), ...subsections);
const serials = (...numbers: readonly bigint[]): Buffer => part(0x20, ...numbers.map(uint64));
const range = (first: bigint, last: bigint): Buffer => part(0x21, uint64(first), uint64(last));
const bitmap = (offset: bigint, ...bytes: readonly number[]): Buffer =>
  part(0x22, uint64(offset), wireMpint(Buffer.from(bytes)));
const keyIds = (...ids: readonly string[]): Buffer => part(0x23, ...ids.map((id) => wireString(id)));
const extension = (type: number, critical: number): Buffer =>
  part(type, wireString("new@example.org"), Buffer.of(critical), wireString("what it says"));
const digest = (algorithm: string, blob: Buffer): Buffer =>
  wireString(createHash(algorithm).update(blob).digest());

async function isRevoked(data: Buffer, shown: Buffer): Promise<boolean> {
  return (await searchRevoked(data, shown)) !== undefined;
}

describe("a key revocation list", () => {
  test.each([
    ["names the key", list(part(2, wireString(other), wireString(key))), true],
    ["names another key", list(part(2, wireString(other))), false],
    ["has its SHA-1 fingerprint", list(part(3, digest("sha1", other), digest("sha1", key))), true],
    ["has another SHA-1 fingerprint", list(part(3, digest("sha1", other))), false],
    ["has its SHA-256 fingerprint", list(part(5, digest("sha256", key), digest("sha256", other))), true],
    ["contains it in its second section", list(part(2, wireString(other)), part(2, wireString(key))), true],
    [
      "contains it before a section with another",
      list(part(2, wireString(key)), part(2, wireString(other))),
      true,
    ],
    ["has an extension that may be skipped", list(extension(255, 0), part(2, wireString(key))), true],
    ["is empty", list(), false],
  ])("that %s", async (_, data, expected) => {
    expect(await isRevoked(data, key)).toBe(expected);
    expect(await searchRevoked(data, key)).toEqual(expected ? {} : undefined);
  });

  test.each([
    ["contains the key in it", list(part(2, wireString(certified))), true],
    ["contains its authority's key", list(part(2, wireString(authority.publicKey))), true],
    ["names another key", list(part(2, wireString(key))), false],
    ["names its serial", list(certificates(authority.publicKey, serials(1n, 70n, 99n))), true],
    ["names it for all authorities", list(certificates(Buffer.alloc(0), serials(70n))), true],
    ["names it for another authority", list(certificates(key, serials(70n))), false],
    ["names another serial", list(certificates(authority.publicKey, serials(7n, 71n))), false],
    ["has a range that begins with it", list(certificates(authority.publicKey, range(70n, 80n))), true],
    ["has a range that ends with it", list(certificates(authority.publicKey, range(60n, 70n))), true],
    ["has a range of it alone", list(certificates(authority.publicKey, range(70n, 70n))), true],
    ["has a range below it", list(certificates(authority.publicKey, range(1n, 69n))), false],
    ["has a range above it", list(certificates(authority.publicKey, range(71n, 99n))), false],
    ["has its bit in a bitmap", list(certificates(authority.publicKey, bitmap(60n, 0b100, 0))), true],
    ["has its bit as the first of a bitmap", list(certificates(authority.publicKey, bitmap(70n, 1))), true],
    [
      "has a bitmap of all except its bit",
      list(certificates(authority.publicKey, bitmap(60n, 0xfb, 0xff))),
      false,
    ],
    ["has a bitmap that begins after it", list(certificates(authority.publicKey, bitmap(71n, 0xff))), false],
    [
      "has a bitmap that ends before it",
      list(certificates(authority.publicKey, bitmap(54n, 0xff, 0xff))),
      false,
    ],
    ["names its key ID", list(certificates(authority.publicKey, keyIds("db", "web"))), true],
    ["names its key ID for another authority", list(certificates(key, keyIds("web"))), false],
    ["has its bit in a bitmap for another authority", list(certificates(key, bitmap(70n, 1))), false],
    ["names another key ID", list(certificates(authority.publicKey, keyIds("we", "webs"))), false],
    [
      "has an extension for certificates that may be skipped",
      list(certificates(authority.publicKey, extension(0x39, 0), serials(70n))),
      true,
    ],
    [
      "contains it and then another",
      list(certificates(authority.publicKey, serials(70n), serials(1n))),
      true,
    ],
    [
      "contains it before a range, a bitmap and an ID of others",
      list(certificates(authority.publicKey, serials(70n), range(1n, 2n), bitmap(1n, 1), keyIds("db"))),
      true,
    ],
  ])("on a certificate: one that %s", async (_, data, expected) => {
    expect(await isRevoked(data, certificate)).toBe(expected);
  });

  test("no serial number revokes a certificate without a serial number", async () => {
    const unnumbered = makeCertificate({ key: certified, authority, serial: 0n, keyId: "web" });
    expect(
      await isRevoked(list(certificates(authority.publicKey, range(1n, 2n ** 64n - 1n))), unnumbered),
    ).toBe(false);
    expect(await isRevoked(list(certificates(authority.publicKey, keyIds("web"))), unnumbered)).toBe(true);
  });

  const whole = list(certificates(authority.publicKey, serials(1n)), part(2, wireString(key)));

  test.each([
    ["cut short", whole.subarray(0, -1)],
    ["truncated in its header", whole.subarray(0, 20)],
    ["of its magic alone", whole.subarray(0, 8)],
    ["of another version", Buffer.concat([whole.subarray(0, 8), wireUint32(2), whole.subarray(12)])],
    ["with an unknown section", list(part(2, wireString(key)), part(9, wireString(key)))],
    ["with an extension that must be understood", list(part(2, wireString(key)), extension(255, 1))],
    [
      "with an extension longer than stated",
      list(part(255, wireString("x"), Buffer.of(0), wireString(""), Buffer.of(1))),
    ],
    ["with a SHA-1 fingerprint of another length", list(part(3, wireString(Buffer.alloc(32))))],
    ["with a SHA-256 fingerprint of another length", list(part(5, wireString(Buffer.alloc(20))))],
    ["with a truncated key", list(part(2, wireString(key).subarray(0, 9)))],
    ["with a damaged authority", list(certificates(Buffer.from("key"), serials(1n)))],
    ["with an unknown certificate section", list(certificates(authority.publicKey, part(0x24)))],
    [
      "with a critical extension for certificates",
      list(certificates(authority.publicKey, extension(0x39, 1))),
    ],
    ["with the serial 0", list(certificates(authority.publicKey, serials(0n)))],
    ["with a truncated serial", list(certificates(authority.publicKey, part(0x20, Buffer.alloc(7, 1))))],
    ["with a range from 0", list(certificates(authority.publicKey, range(0n, 5n)))],
    ["with a range that ends before it begins", list(certificates(authority.publicKey, range(5n, 4n)))],
    [
      "with a range and surplus data",
      list(certificates(authority.publicKey, part(0x21, uint64(1n), uint64(2n), Buffer.of(0)))),
    ],
    ["with the bit of the serial 0", list(certificates(authority.publicKey, bitmap(0n, 1)))],
    [
      "with a bitmap and surplus data",
      list(certificates(authority.publicKey, part(0x22, uint64(1n), wireMpint(Buffer.of(1)), Buffer.of(0)))),
    ],
    [
      "with a bitmap above 2048 bytes",
      list(certificates(authority.publicKey, bitmap(1n, ...Array(2049).fill(1)))),
    ],
    ["with a bitmap beyond 2^64", list(certificates(authority.publicKey, bitmap(2n ** 64n - 1n, 1)))],
  ])("%s gives no answer", async (_, data) => {
    await expect(searchRevoked(data, key)).rejects.toBeInstanceOf(RevocationFileError);
    await expect(searchRevoked(data, certificate)).rejects.toBeInstanceOf(RevocationFileError);
  });

  test("the largest bitmaps are read", async () => {
    const long = list(certificates(authority.publicKey, bitmap(1n, ...Array(2048).fill(0xff))));
    expect(await isRevoked(long, certificate)).toBe(true);
    const last = list(certificates(authority.publicKey, bitmap(2n ** 64n - 8n, 1)));
    expect(await isRevoked(last, certificate)).toBe(false);
  });
});

describe("a file of keys, one on a line", () => {
  const search = (text: string, shown = key) => searchRevoked(Buffer.from(text, "latin1"), shown);

  test("the line that revokes is named, counted from 1", async () => {
    const text = `# revoked\n\n \t${keyText(other).replace(" ", " \t")} comment\r\n\r\n${keyText(key)}`;
    expect(await search(text)).toEqual({ line: 5 });
    expect(await search(text, other)).toEqual({ line: 3 });
    expect(await search(text, rsaBlob(1))).toBeUndefined();
    expect(await search("")).toBeUndefined();
  });

  test("a certificate in the file revokes its key; the key and the authority revoke a certificate", async () => {
    expect(await search(keyText(certificate), certified)).toEqual({ line: 1 });
    expect(await search(keyText(certified), certificate)).toEqual({ line: 1 });
    expect(await search(`${keyText(key)}\n${keyText(authority.publicKey)}\n`, certificate)).toEqual({
      line: 2,
    });
    expect(await search(keyText(certificate), authority.publicKey)).toBeUndefined();
  });

  test("a complete key that can never be shown is skipped", async () => {
    const dss = Buffer.concat(["ssh-dss", "p", "q", "g", "y"].map((field) => wireString(field)));
    const text = `${keyText(dss)}\n${keyText(rsaBlob(1, 512))}\n${keyText(key)}\n`;
    expect(await search(text)).toEqual({ line: 3 });
  });

  test("text after a zero byte is not read, as in C", async () => {
    expect(await search(`${keyText(key)}\0 anything`)).toEqual({ line: 1 });
    expect(await search(`\0${keyText(key)}`)).toBeUndefined();
  });

  const dssCut = Buffer.concat(["ssh-dss", "p", "q"].map((field) => wireString(field)));
  test.each([
    ["a word", "revoked"],
    ["a type without a key", "ssh-ed25519"],
    ["a key without a type", key.toString("base64")],
    ["another type than the key's", `ssh-rsa ${key.toString("base64")}`],
    ["damaged base64", `${keyText(key)}=`],
    ["a truncated key", keyText(key.subarray(0, -1))],
    ["a truncated certificate", keyText(certificate.subarray(0, -1))],
    ["a key of an unknown type", keyText(wireString("ssh-new"))],
    ["a truncated DSA key", keyText(dssCut)],
    ["a DSA key with a truncated last field", keyText(Buffer.concat([dssCut, Buffer.of(0, 0, 0, 9)]))],
    ["a line above 64 KiB", `# ${"x".repeat(64 * 1024)}`],
  ])("a file with %s gives no answer, unless an earlier line revokes", async (_, line) => {
    await expect(search(line)).rejects.toBeInstanceOf(RevocationFileError);
    await expect(search(`${keyText(other)}\n${line}\n${keyText(key)}`)).rejects.toThrow("line 2");
    expect(await search(`${keyText(key)}\n${line}`)).toEqual({ line: 1 });
  });

  test("a line of exactly 64 KiB is read", async () => {
    expect(await search(`#${"x".repeat(64 * 1024 - 1)}\n${keyText(key)}`)).toEqual({ line: 2 });
  });
});

describe("the files of RevokedHostKeys", () => {
  const files = (contents: Readonly<Record<string, string | Error>>): LocalFiles => {
    const read = async (file: string) => {
      const found = contents[file];
      if (found === undefined || found instanceof Error) {
        throw found ?? new FileError("missing", file, "it is not there");
      }
      return { bytes: Buffer.from(found) };
    };
    return { read } as unknown as LocalFiles;
  };

  test("the first file that revokes is named", async () => {
    const reader = files({ "/a": keyText(other), "/b": keyText(key), "/c": keyText(key) });
    expect(await checkRevoked(["/a", "/b", "/c"], key, reader)).toEqual({
      status: "revoked",
      file: "/b",
      line: 1,
    });
    expect(await checkRevoked(["/a"], key, reader)).toEqual({ status: "clear" });
    expect(await checkRevoked([], key, reader)).toEqual({ status: "clear" });
  });

  test("a list has no lines", async () => {
    const reader = files({ "/krl": list(part(2, wireString(key))).toString("latin1") });
    expect(await checkRevoked(["/krl"], key, reader)).toStrictEqual({ status: "revoked", file: "/krl" });
  });

  test("a missing or damaged file gives no answer, and reports why", async () => {
    const reader = files({ "/bad": "no key", "/fine": keyText(other) });
    expect(await checkRevoked(["/fine", "/bad"], key, reader)).toMatchObject({
      status: "unknown",
      file: "/bad",
      why: "line 1 is not a key",
    });
    const missing = await checkRevoked(["/gone"], key, reader);
    expect(missing).toMatchObject({ status: "unknown", file: "/gone" });
    expect(
      missing.status === "unknown" && FileError.is(missing.cause) && missing.why === missing.cause.what,
    ).toBe(true);
  });

  test("an internal error does not count as a damaged file", async () => {
    await expect(checkRevoked(["/a"], key, files({ "/a": new TypeError("ours") }))).rejects.toThrow("ours");
  });

  test("keys of other types are found, too", async () => {
    for (const blob of [ecdsaBlob(1), rsaBlob(1)]) {
      const reader = files({ "/a": `${keyText(key)}\n${keyText(blob)}\n` });
      expect(await checkRevoked(["/a"], blob, reader)).toMatchObject({ status: "revoked", line: 2 });
    }
  });
});

test("a list of keys may begin with an empty line, and its lines are counted", async () => {
  const text = Buffer.from(`\n# mine\n${keyText(other)}\n${keyText(key)}\n`);
  expect(await searchRevoked(text, key)).toEqual({ line: 4 });
});
