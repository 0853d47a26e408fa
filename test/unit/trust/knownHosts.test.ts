import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wireString } from "../../../src/base/wire.ts";
import { findKnownHosts, formatKnownHost, knownHostName } from "../../../src/trust/knownHosts.ts";
import { ecdsaBlob, ed25519Blob, keyText, rsaBlob } from "../../support/publicKeys.ts";

const key = keyText(ed25519Blob(1));
const base64 = key.split(" ")[1] ?? "";

function lines(text: string, host = "host"): readonly number[] {
  return findKnownHosts("/kh", text, host).entries.map((entry) => entry.line);
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
    ["a hashed name", formatKnownHost("host", "ssh-ed25519", ed25519Blob(1), true)],
    [
      "a hashed name with a port",
      formatKnownHost("[host]:22022", "ssh-ed25519", ed25519Blob(1), true),
      "[host]:22022",
    ],
    ["text after a NUL", `host ${key}\0 garbage`],
    ["ECDSA", `host ${keyText(ecdsaBlob(3))}`],
    ["RSA", `host ${keyText(rsaBlob(3))}`],
    ["RSA of the shortest length", `host ${keyText(rsaBlob(3, 1024))}`],
  ];
  for (const [what, text, host] of table) {
    it(what, () => {
      const found = findKnownHosts("/kh", text, host ?? "host");
      expect(found.problems).toEqual([]);
      expect(found.entries).toHaveLength(1);
      expect(found.entries[0]).toMatchObject({ file: "/kh", marker: "none" });
    });
  }

  it("markers are told apart", () => {
    const text = `@revoked host ${key}\n@cert-authority *.example.org,host ${key}\nhost ${key}`;
    expect(findKnownHosts("/kh", text, "host").entries.map((entry) => [entry.line, entry.marker])).toEqual([
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
    ["a hash with a salt of the wrong length", `|1|AAAA|AAAA ${key}`],
    ["a hash of an unknown kind", `|2|${Buffer.alloc(20).toString("base64")}|AAAA ${key}`],
    ["a hash in a list", `${formatKnownHost("host", "t", ed25519Blob(1), true).split(" ")[0]},host ${key}`],
    ["a NUL before the key", `host\0 ${key}`],
  ];
  for (const [what, line] of table) {
    it(`${what}, and the next line counts`, () => {
      expect(lines(`${line}\nhost ${key}\n`)).toEqual([2]);
    });
  }

  it("says which line is malformed", () => {
    expect(findKnownHosts("/kh", "\nhost ssh-ed25519 AAAA\n", "host").problems).toEqual([
      { file: "/kh", line: 2, message: "key of an unknown type, or damaged" },
    ]);
  });

  it("never throws, whatever the file holds", () => {
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
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { entries } = findKnownHosts("/kh", pieces.join(""), "host");
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

  it("a written line is found again, plain and hashed, also with letters outside ASCII", () => {
    for (const host of ["host", "[host]:2222", "bücher.example"]) {
      for (const hashed of [false, true]) {
        const line = formatKnownHost(host, "ssh-ed25519", ed25519Blob(9), hashed);
        const asRead = Buffer.from(line, "utf8").toString("latin1");
        expect(findKnownHosts("/kh", asRead, host).entries).toHaveLength(1);
        expect(findKnownHosts("/kh", asRead, "someone-else").entries).toHaveLength(0);
      }
    }
  });

  it("hashing uses a new salt for each line", () => {
    const write = (): string => formatKnownHost("host", "ssh-ed25519", ed25519Blob(9), true);
    expect(write()).not.toBe(write());
  });
});
