import { describe, expect, it } from "vitest";
import { certificateProblemText } from "../../../src/text/certificateText.ts";
import { certificateFields, readCertificate, withoutCertificate } from "../../../src/trust/certificate.ts";
import { type CertificateProblem, checkHostCertificate } from "../../../src/trust/hostCertificateCheck.ts";
import { type CertificateSpec, makeAuthority, makeCertificate } from "../../support/certificates.ts";

const authority = makeAuthority();
const host = makeAuthority();
const make = (changes: Partial<CertificateSpec> = {}): Buffer =>
  makeCertificate({ key: host.publicKey, authority, ...changes });

describe("a certificate", () => {
  it("is read with all its fields", () => {
    const certificate = readCertificate(
      make({ serial: 5n, keyId: "web", critical: ["x@y"], after: 3n, before: 9n }),
    );
    expect(certificate).toMatchObject({
      plainKey: host.publicKey,
      plainType: "ssh-ed25519",
      serial: 5n,
      kind: "host",
      principals: ["server.example.org"],
      criticalOptions: ["x@y"],
      validAfter: 3n,
      validBefore: 9n,
      signatureKey: authority.publicKey,
      signatureAlgorithm: "ssh-ed25519",
    });
    expect(certificate?.keyId.toString()).toBe("web");
  });

  it("with changed bytes is rejected", () => {
    const good = make();
    for (let at = 0; at < good.length; at += 3) {
      const damaged = Buffer.from(good);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(readCertificate(damaged)).toBeUndefined();
    }
  });

  it("that is truncated anywhere, or has surplus data, is rejected", () => {
    const good = make();
    for (let length = 0; length < good.length; length += 5) {
      expect(certificateFields(good.subarray(0, length))).toBeUndefined();
    }
    expect(certificateFields(Buffer.concat([good, Buffer.of(0)]))).toBeUndefined();
  });

  it.each(["critical", "extensions"] as const)("with %s that end within an option is rejected", (part) => {
    const good = make({ [part]: ["x@y"] });
    expect(certificateFields(good)).toBeDefined();
    // The length of the option's name: it then contains its data, or does not end.
    for (const length of [7, 200]) {
      const damaged = Buffer.from(good);
      damaged[good.indexOf("x@y") - 1] = length;
      expect(certificateFields(damaged)).toBeUndefined();
    }
  });

  it("that is neither a user's nor a host's is rejected", () => {
    const good = make({ kind: 2, serial: 1n });
    // The kind follows the serial number.
    const at = good.indexOf(Buffer.from("0000000000000001" + "00000002", "hex")) + 11;
    expect(certificateFields(good)?.kind).toBe("host");
    for (const [kind, read] of [
      [0, undefined],
      [1, "user"],
      [3, undefined],
    ] as const) {
      good[at] = kind;
      expect(certificateFields(good)?.kind).toBe(read);
    }
  });

  it("of a truncated key is rejected, although its authority has signed it", () => {
    expect(readCertificate(make())).toBeDefined();
    expect(readCertificate(make({ key: host.publicKey.subarray(-31) }))).toBeUndefined();
  });

  it("whose authority is a certificate or no valid key, or which has too many names, is rejected", () => {
    const certified = { ...authority, publicKey: make() };
    expect(readCertificate(make({ authority: certified }))).toBeUndefined();
    const surplus = { ...authority, publicKey: Buffer.concat([authority.publicKey, Buffer.of(0)]) };
    expect(readCertificate(make({ authority: surplus }))).toBeUndefined();
    const names = Array.from({ length: 257 }, (_, index) => `host${index}`);
    expect(readCertificate(make({ principals: names }))).toBeUndefined();
    expect(readCertificate(make({ principals: names.slice(1) }))).toBeDefined();
  });

  it("of a security key gives the name of the plain one", () => {
    expect(withoutCertificate("sk-ssh-ed25519-cert-v01@openssh.com")).toBe("sk-ssh-ed25519@openssh.com");
    expect(withoutCertificate("rsa-sha2-512-cert-v01@openssh.com")).toBe("rsa-sha2-512");
    expect(withoutCertificate("ssh-ed25519")).toBe("ssh-ed25519");
  });
});

describe("the check of a host certificate", () => {
  const check = (changes: Partial<CertificateSpec>, now = 100n, allowed = ["ssh-ed25519"]) => {
    const certificate = readCertificate(make(changes));
    return certificate && checkHostCertificate(certificate, "server.example.org", now, allowed);
  };

  it("accepts the first second of its validity, but not the last", () => {
    const limits = { after: 100n, before: 200n };
    expect(check(limits, 99n)).toEqual({ kind: "not-yet-valid", from: 100n });
    expect(check(limits, 100n)).toBeUndefined();
    expect(check(limits, 199n)).toBeUndefined();
    expect(check(limits, 200n)).toEqual({ kind: "expired", at: 200n });
  });

  it("names what is wrong", () => {
    expect(check({ kind: 1 })?.kind).toBe("not-a-host-certificate");
    expect(check({ principals: [] })?.kind).toBe("no-names");
    expect(check({ principals: ["a", "b"] })?.kind).toBe("other-name");
    expect(check({ principals: ["a", "server.*"] })).toBeUndefined();
    expect(check({ critical: ["x"] })?.kind).toBe("critical-option");
    expect(check({}, 100n, ["rsa-sha2-512"])?.kind).toBe("weak-signature");
  });

  it("has a sentence for each reason, without active content", () => {
    const evil = "\u001b[2J\nx".repeat(100);
    const problems: readonly CertificateProblem[] = [
      { kind: "not-a-host-certificate" },
      { kind: "not-yet-valid", from: 4_000_000_000n },
      { kind: "expired", at: 0xffff_ffff_ffff_fffen },
      { kind: "no-names" },
      { kind: "other-name", names: Array(200).fill(evil), asked: evil },
      { kind: "critical-option", names: [evil] },
      { kind: "weak-signature", algorithm: evil },
      { kind: "unknown-authority" },
    ];
    for (const text of problems.map(certificateProblemText)) {
      expect(text).toMatch(/^Its certificate was ignored: [^\p{Cc}]+\.$/u);
      expect(text.length).toBeLessThan(2_000);
    }
    expect(certificateProblemText({ kind: "expired", at: 1_609_459_200n })).toContain("2021-01-01 00:00 UTC");
  });
});
