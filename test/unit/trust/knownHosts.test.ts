import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wireString } from "../../../src/base/wire.ts";
import { findKnownHosts, formatKnownHost, knownHostName } from "../../../src/trust/knownHosts.ts";
import { publicKeyType } from "../../../src/trust/publicKeyBlob.ts";
import { ecdsaBlob, ed25519Blob, keyText, rsaBlob } from "../../support/publicKeys.ts";

const key = keyText(ed25519Blob(1));
const base64 = key.split(" ")[1] ?? "";

async function lines(text: string, host = "host"): Promise<readonly number[]> {
  return (await findKnownHosts("/kh", text, host)).entries.map((entry) => entry.line);
}

function written(host: string, hashed: boolean, blob = ed25519Blob(1)): string {
  return formatKnownHost(host, "ssh-ed25519", blob, hashed) ?? "";
}

describe("known_hosts lines that count", () => {
  const table: readonly (readonly [what: string, text: string, host?: string])[] = [
    ["a plain name", `host ${key}`],
    ["a name in a list", `other,host,third ${key}`],
    ["upper case", `HOST ${key}`],
    ["a comment after the key", `host ${key} root@host`],
    ["tabs and several spaces", `\t host\t ${key.replace(" ", "\t  ")}`],
    ["CRLF", `host ${key}\r\n`],
    ["CRLF after a comment", `host ${key} me\r\n`],
    ["no newline at the end", `# first\nhost ${key}`],
    ["a port in brackets", `[host]:2222 ${key}`, "[host]:2222"],
    ["a pattern", `*.example.org ${key}`, "a.example.org"],
    ["a hashed name", written("host", true)],
    ["a hashed name with a port", written("[host]:22022", true), "[host]:22022"],
    ["text after a NUL", `host ${key}\0 garbage`],
    ["ECDSA", `host ${keyText(ecdsaBlob(3))}`],
    ["RSA", `host ${keyText(rsaBlob(3))}`],
    ["RSA of the shortest length", `host ${keyText(rsaBlob(3, 1024))}`],
  ];
  for (const [what, text, host] of table) {
    it(what, async () => {
      const found = await findKnownHosts("/kh", text, host ?? "host");
      expect(found.problems).toEqual([]);
      expect(found.entries).toHaveLength(1);
      expect(found.entries[0]).toMatchObject({ file: "/kh", marker: "none" });
    });
  }

  it("a marker may be followed by several blanks, or, on a line without a space, by a tab", async () => {
    const tabs = `@revoked\thost\t${key.replace(" ", "\t")}`;
    const { entries } = await findKnownHosts("/kh", `@revoked \t  host ${key}\n${tabs}\n`, "host");
    expect(entries).toMatchObject([
      { line: 1, marker: "revoked" },
      { line: 2, marker: "revoked" },
    ]);
  });

  it("a marker counts whatever the comment ends in", async () => {
    const { entries } = await findKnownHosts("/kh", `@revoked host ${key} me@\n`, "host");
    expect(entries).toMatchObject([{ line: 1, marker: "revoked" }]);
  });

  it("markers are distinguished", async () => {
    const text = `@revoked host ${key}\n@cert-authority *.example.org,host ${key}\nhost ${key}`;
    const { entries } = await findKnownHosts("/kh", text, "host");
    expect(entries.map((entry) => [entry.line, entry.marker])).toEqual([
      [1, "revoked"],
      [2, "cert-authority"],
      [3, "none"],
    ]);
  });
});

describe("known_hosts lines that are skipped", () => {
  const table: readonly (readonly [what: string, line: string])[] = [
    ["empty", ""],
    ["white space", " \t "],
    ["a carriage return alone", "\r"],
    ["a comment", `# host ${key}`],
    ["a comment after white space", `  # host ${key}`],
    ["another host", `other ${key}`],
    ["a negated name", `*,!host ${key}`],
    ["a name only", "host"],
    ["a type only", "host ssh-ed25519"],
    ["a type and white space", "host ssh-ed25519  "],
    ["no type", `host ${base64}`],
    ["a comment in place of a key", `host # ${key}`],
    ["an unknown marker", `@unknown host ${key}`],
    ["a marker only", "@revoked"],
    ["a marker without a name", `@revoked ${key}`],
    [
      "an ECDSA key that ends after its type",
      `host ecdsa-sha2-nistp256 ${Buffer.concat([Buffer.of(0, 0, 0, 19), Buffer.from("ecdsa-sha2-nistp256")]).toString("base64")}`,
    ],
    ["two markers", `@revoked @cert-authority host ${key}`],
    ["an at sign only", "@"],
    ["a marker ended by a tab on a line with spaces", `@revoked\thost ${key}`],
    ["an SSH 1 key", "host 1024 35 123456789"],
    ["an unknown key type", `host ssh-future ${base64}`],
    ["DSA", `host ssh-dss ${Buffer.concat([wireString("ssh-dss"), wireString("x")]).toString("base64")}`],
    ["a type that differs from the key's", `host ssh-rsa ${base64}`],
    ["base64 with a foreign character", `host ssh-ed25519 ${base64.slice(0, -4)}!!!!`],
    ["base64 cut short", `host ssh-ed25519 ${base64.slice(0, -1)}`],
    ["a key cut short", `host ssh-ed25519 ${ed25519Blob(1).subarray(0, 48).toString("base64")}`],
    [
      "a key with bytes after it",
      `host ssh-ed25519 ${Buffer.concat([ed25519Blob(1), Buffer.alloc(3)]).toString("base64")}`,
    ],
    ["an RSA key that is too short", `host ${keyText(rsaBlob(3, 768))}`],
    [
      "a length that points behind the end",
      `host ssh-ed25519 ${Buffer.from("ffffffff00", "hex").toString("base64")}`,
    ],
    ["a hash without its parts", `|1| ${key}`],
    ["a hash whose salt is no base64", `|1|!!!|AAAA ${key}`],
    ["a second marker in the list of names", `@revoked @cert-authority,host ${key}`],
    ["a hash with a salt of the wrong length", `|1|AAAA|AAAA ${key}`],
    ["a hash of an unknown kind", `|2|${Buffer.alloc(20).toString("base64")}|AAAA ${key}`],
    ["a hash in a list", `${written("host", true).split(" ")[0]},host ${key}`],
    ["a NUL before the key", `host\0 ${key}`],
  ];
  for (const [what, line] of table) {
    it(`${what}, and the next line counts`, async () => {
      expect(await lines(`${line}\nhost ${key}\n`)).toEqual([2]);
    });
  }

  it("reports which line is malformed", async () => {
    expect((await findKnownHosts("/kh", "\nhost ssh-ed25519 AAAA\n", "host")).problems).toEqual([
      { file: "/kh", line: 2, message: "key of an unknown type, or damaged", hidesKey: true },
    ]);
  });

  it.each<[what: string, line: string, hides: boolean]>([
    ["a damaged key", "host ssh-ed25519 AAAA", true],
    ["a name without a key", "host", true],
    ["a short RSA key", `host ${keyText(rsaBlob(3, 768))}`, true],
    ["a damaged key of another host", "other ssh-ed25519 AAAA", false],
    ["a damaged revoked key", "@revoked host ssh-ed25519 !", true],
    ["a whole revoked key of an obsolete type", "@revoked * ssh-dss AAAAB3NzaC1kc3MAAAABAQ==", false],
    ["a revoked key of another type than the line's", `@revoked host ssh-rsa ${base64}`, true],
    ["an unknown marker", `@unknown host ${key}`, false],
    ["a malformed hash", `|1| ${key}`, false],
    ["a damaged key of an authority", "@cert-authority * ssh-ed25519 !", false],
    ["a hashed name with a damaged key", `${written("host", true).split(" ")[0]} ssh-ed25519 AAAA`, true],
    ["a line whose key is cut off by its length", `host${",x".repeat(200_000)} ${key}`, true],
  ])("%s: reports whether it hides a key of the host", async (_, line, hides) => {
    const { problems } = await findKnownHosts("/kh", line, "host");
    expect(problems.some(({ hidesKey }) => hidesKey)).toBe(hides);
  });

  it("never throws, whatever the file contains", async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "host",
        "@revoked",
        "|1|",
        "|",
        "@",
        "#",
        " ",
        "\t",
        "\r",
        "\n",
        "\0",
        "!",
        "*",
        ",",
        key,
        base64,
      ),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const { entries } = await findKnownHosts("/kh", pieces.join(""), "host");
        expect(entries.every((entry) => entry.line >= 1)).toBe(true);
      }),
    );
  }, 60_000);
});

describe("names", () => {
  it("a port other than 22 is written in brackets", () => {
    expect(knownHostName("Host", 22)).toBe("host");
    expect(knownHostName("Host", 2222)).toBe("[host]:2222");
    expect(knownHostName("::1", 2222)).toBe("[::1]:2222");
  });

  it("a written line is found again, plain and hashed, also with non-ASCII letters", async () => {
    for (const host of ["host", "[host]:2222", "bücher.example"]) {
      for (const hashed of [false, true]) {
        const asRead = Buffer.from(written(host, hashed), "utf8").toString("latin1");
        expect((await findKnownHosts("/kh", asRead, host)).entries).toHaveLength(1);
        expect((await findKnownHosts("/kh", asRead, "someone-else")).entries).toHaveLength(0);
        expect(asRead.startsWith("|1|")).toBe(hashed);
      }
    }
  });

  it.each([
    "*",
    "a?b",
    "!x",
    "a,b",
    "a b",
    "#x",
    "@x",
    "|x",
    "|1|x",
    "[x]",
    "q'x",
    "b\\x",
    "new\nline",
    "nul\0",
  ])("%j has a special meaning on a line, so it is written as a hash", async (host) => {
    const line = written(host, false);
    expect(line).toMatch(/^\|1\|[^ \n]+ ssh-ed25519 [^ \n]+$/);
    expect(await lines(line, host)).toEqual([1]);
    expect(await lines(line, "x")).toEqual([]);
  });

  it.each(["", "a".repeat(1025), "lone \ud800"])("%j is refused", (host) => {
    expect(formatKnownHost(host, "ssh-ed25519", ed25519Blob(1), false)).toBeUndefined();
  });

  it("the longest name is written", async () => {
    const host = "a".repeat(1024);
    expect(await lines(written(host, false), host)).toEqual([1]);
  });

  it("a key that can't be read back is refused", () => {
    expect(formatKnownHost("host", "ssh-rsa", rsaBlob(1, 512), false)).toBeUndefined();
    expect(formatKnownHost("host", "ssh-dss", ed25519Blob(1), false)).toBeUndefined();
  });

  it("a written name is one line, is found again, and matches no other host", async () => {
    const names = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(..."ab.-[]:*?!,#@|1 \t\n\r\"'\\ü"), maxLength: 12 }),
      fc
        .tuple(fc.domain(), fc.integer({ min: 1, max: 65535 }))
        .map(([host, port]) => knownHostName(host, port)),
    );
    const keys = fc.constantFrom(
      ed25519Blob(5),
      ecdsaBlob(3),
      rsaBlob(4, 1024),
      rsaBlob(4, 1023),
      Buffer.of(1),
    );
    await fc.assert(
      fc.asyncProperty(names, names, keys, fc.boolean(), async (host, other, blob, hashed) => {
        const type = publicKeyType(blob) ?? "ssh-rsa";
        const line = formatKnownHost(host, type, blob, hashed);
        if (line === undefined) {
          return;
        }
        const asRead = Buffer.from(`first ${key}\n${line}\n`, "utf8").toString("latin1");
        expect(asRead.match(/\n/g)).toHaveLength(2);
        const { entries, problems } = await findKnownHosts("/kh", asRead, host);
        expect(problems).toEqual([]);
        expect(entries.some((entry) => entry.line === 2 && entry.key.equals(blob))).toBe(true);
        const isSame = other.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) === host.toLowerCase();
        const strangers = (await findKnownHosts("/kh", asRead, other)).entries;
        expect(isSame || strangers.every((entry) => entry.line !== 2)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  it("hashing uses a new salt for each line", () => {
    expect(written("host", true)).not.toBe(written("host", true));
  });
});
