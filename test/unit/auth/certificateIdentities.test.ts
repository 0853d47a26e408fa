import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SigningKey } from "../../../src/auth/authPorts.ts";
import { collectIdentities, type IdentitiesRequest } from "../../../src/auth/identities.ts";
import { readCertificateFile } from "../../../src/auth/keys/certificateFile.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { localFiles } from "../../../src/base/localFiles.ts";
import { FakeAgent, FakeReader, fakeKey } from "../../support/authFakes.ts";
import { type CertificateSpec, makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ed25519Blob, keyText, rsaBlob } from "../../support/publicKeys.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const authority = makeAuthority();
const certificateOf = (seed: number, spec: Partial<CertificateSpec> = {}): Buffer =>
  makeCertificate({ key: ed25519Blob(seed), authority, kind: 1, ...spec });

let folder: string;
const path = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "certificates-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function setUp(changes: Partial<IdentitiesRequest["config"]> = {}) {
  const [reader, agent, logger] = [new FakeReader(), new FakeAgent(), new RecordingLogger()];
  const problems: string[] = [];
  const unlocked: string[] = [];
  const keyOf = new Map<string, SigningKey>();
  const request: IdentitiesRequest = {
    ...{ agent, reader, logger, agentPath: "/agent", signal: new AbortController().signal },
    config: testHostConfig({ identityFiles: [], certificateFiles: [], ...changes }),
    securityKey: (file) => async () => Buffer.from(file.replace(folder, "")),
    unlock: async (file) => {
      unlocked.push(file);
      return keyOf.get(file) ?? fakeKey(99);
    },
    onProblem: (problem) => problems.push(problem.replaceAll(folder, "")),
    now: () => 1_000_000_000_000,
  };
  const collect = async (more: Partial<IdentitiesRequest> = {}) => {
    const identities = await collectIdentities({ ...request, ...more });
    return await Promise.all(
      identities.map(async ({ origin, open }) => {
        const key = await open();
        return { origin: origin.replaceAll(folder, ""), key };
      }),
    );
  };
  const origins = async (more: Partial<IdentitiesRequest> = {}) =>
    (await collect(more)).map(({ origin }) => origin);
  return { reader, agent, logger, problems, unlocked, keyOf, collect, origins };
}

const writeCertificate = (name: string, blob: Buffer): Promise<void> =>
  writeFile(path(name), `${keyText(blob)} a comment\n`);

describe("a certificate in a file", () => {
  const read = () => readCertificateFile(path("c"), localFiles);

  it.each([
    ["alone", (line: string) => line],
    ["after comments and empty lines", (line: string) => `# mine\n\n   \n\t${line} comment\n# end`],
    ["with Windows line endings", (line: string) => `\r\n${line}\r\n`],
    ["with spaces and tabs between its words", (line: string) => ` ${line.replace(" ", " \t ")}`],
  ])("is read: %s", async (_name, text) => {
    const blob = certificateOf(1);
    await writeFile(path("c"), text(keyText(blob)));
    expect(await read()).toMatchObject({
      ...{ file: path("c"), type: "ssh-ed25519-cert-v01@openssh.com", blob },
      fields: { kind: "user", keyId: Buffer.from("id") },
    });
  });

  it.each([
    ["an empty file", () => "", "not a certificate"],
    ["a plain key", () => keyText(ed25519Blob(1)), "not a certificate"],
    ["a word before the type", () => `options ${keyText(certificateOf(1))}`, "not a certificate"],
    ["no base64", () => "ssh-ed25519-cert-v01@openssh.com !!!", "not a certificate"],
    ["the name of another type", () => keyText(certificateOf(1)).replace("ed25519", "rsa"), "not a cert"],
    ["a certificate of a host", () => keyText(certificateOf(1, { kind: 2 })), "of a host"],
    [
      "a signature by another key",
      () => {
        const damaged = certificateOf(1);
        damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1;
        return keyText(damaged);
      },
      "damaged",
    ],
  ])("%s is malformed", async (_name, text, message) => {
    await writeFile(path("c"), text());
    await expect(read()).rejects.toMatchObject({
      ...{ reason: "malformed", message: expect.stringContaining(message) },
    });
  });

  it("that is missing, or a folder, has its own reason", async () => {
    await expect(read()).rejects.toMatchObject({ reason: "missing" });
    await expect(readCertificateFile(folder, localFiles)).rejects.toMatchObject({ reason: "unreadable" });
  });
});

describe("the certificate beside a key", () => {
  it("is offered after its key, and signs with it", async () => {
    const { reader, collect, problems } = await setUp({ identityFiles: [path("a")] });
    reader.files.set(path("a"), { key: fakeKey(1) });
    await writeCertificate("a-cert.pub", certificateOf(1));
    const found = await collect();
    expect(found.map(({ origin, key }) => [origin, key.type])).toEqual([
      ["/a", "ssh-ed25519"],
      ["/a-cert.pub", "ssh-ed25519-cert-v01@openssh.com"],
    ]);
    expect(found[1]?.key.publicKey).toEqual(certificateOf(1));
    expect(await found[1]?.key.sign(Buffer.alloc(0), "x")).toEqual(Buffer.of(1));
    expect(problems).toEqual([]);
  });

  it("of a private key whose name ends in .pub has the whole name", async () => {
    const { reader, origins } = await setUp({ identityFiles: [path("a.pub")] });
    reader.files.set(path("a.pub"), { key: fakeKey(1) });
    await writeCertificate("a-cert.pub", certificateOf(1, { serial: 2n }));
    await writeCertificate("a.pub-cert.pub", certificateOf(1));
    expect(await origins()).toEqual(["/a.pub", "/a.pub-cert.pub"]);
  });

  it("is ignored if CertificateFile is set", async () => {
    const { reader, origins } = await setUp({
      ...{ identityFiles: [path("a")], certificateFiles: [path("other")] },
    });
    reader.files.set(path("a"), { key: fakeKey(1) });
    await writeCertificate("a-cert.pub", certificateOf(1));
    await writeCertificate("other", certificateOf(1, { serial: 2n }));
    expect(await origins()).toEqual(["/other", "/a"]);
  });

  it("is not used for a missing key if CertificateFile is set, nor for a key that can't be read", async () => {
    await writeCertificate("a-cert.pub", certificateOf(1));
    await writeCertificate("other", certificateOf(1, { serial: 2n }));
    const named = await setUp({ identityFiles: [path("a")], certificateFiles: [path("other")] });
    named.agent.keys = [fakeKey(1)];
    expect(await named.origins()).toEqual(["/other (agent)", "agent key key 1"]);
    const unreadable = await setUp({ identityFiles: [path("a")] });
    unreadable.agent.keys = [fakeKey(1)];
    unreadable.reader.files.set(path("a"), { fails: "permissions" });
    expect(await unreadable.origins()).toEqual(["agent key key 1"]);
    expect(unreadable.problems).toEqual(["/a: permissions"]);
  });

  it("of another key is a problem, and is not offered", async () => {
    const { reader, origins, problems } = await setUp({ identityFiles: [path("a")] });
    reader.files.set(path("a"), { key: fakeKey(1) });
    await writeCertificate("a-cert.pub", certificateOf(2));
    expect(await origins()).toEqual(["/a"]);
    expect(problems).toEqual(["/a-cert.pub: the certificate belongs to another key than /a"]);
  });

  it("that is damaged is reported; a missing one is not", async () => {
    const { reader, origins, problems } = await setUp({ identityFiles: [path("a"), path("b")] });
    reader.files.set(path("a"), { key: fakeKey(1) });
    reader.files.set(path("b"), { key: fakeKey(2) });
    await writeFile(path("a-cert.pub"), "no certificate");
    expect(await origins()).toEqual(["/a", "/b"]);
    expect(problems).toEqual(["/a-cert.pub: it is not a certificate"]);
  });

  it("of a public key is beside the private one, and the agent signs", async () => {
    await mkdir(path("my.pub"));
    const { reader, agent, collect } = await setUp({ identityFiles: [path("my.pub/a.pub")] });
    reader.files.set(path("my.pub/a.pub"), { publicKey: ed25519Blob(1) });
    agent.keys = [fakeKey(1)];
    await writeCertificate("my.pub/a-cert.pub", certificateOf(1));
    const found = await collect();
    expect(found.map(({ origin }) => origin)).toEqual([
      "/my.pub/a.pub (agent)",
      "/my.pub/a-cert.pub (agent)",
    ]);
    expect(await found[1]?.key.sign(Buffer.alloc(0), "x")).toEqual(Buffer.of(1));
  });

  it("is used with the agent's key if the key's file is missing", async () => {
    const { agent, origins, problems } = await setUp({ identityFiles: [path("a")] });
    agent.keys = [fakeKey(1)];
    await writeCertificate("a-cert.pub", certificateOf(1));
    expect(await origins()).toEqual(["/a (agent)", "/a-cert.pub (agent)"]);
    expect(problems).toEqual([]);
  });

  it("without its private key anywhere is a problem", async () => {
    const { origins, problems } = await setUp({ identityFiles: [path("a")] });
    await writeCertificate("a-cert.pub", certificateOf(1));
    expect(await origins()).toEqual([]);
    expect(problems).toEqual([
      "/a: it holds only a public key, and the agent does not have the private one",
      "/a-cert.pub: neither the agent nor a file has the private key of this certificate",
    ]);
  });

  it("of an encrypted key is offered before the passphrase, and signs after it", async () => {
    for (const hidden of [false, true]) {
      const { reader, collect, unlocked, keyOf } = await setUp({ identityFiles: [path("a")] });
      reader.files.set(path("a"), { key: fakeKey(1), passphrase: "p", hidden });
      keyOf.set(path("a"), fakeKey(1));
      await writeCertificate("a-cert.pub", certificateOf(1));
      const certified = (await collect()).find(({ origin }) => origin === "/a-cert.pub");
      const before = unlocked.length;
      expect(await certified?.key.sign(Buffer.alloc(0), "x")).toEqual(Buffer.of(1));
      expect(unlocked).toHaveLength(before + 1);
    }
  });

  it("of an encrypted key that turns out to be another key does not sign", async () => {
    const { reader, collect, keyOf } = await setUp({ identityFiles: [path("a")] });
    reader.files.set(path("a"), { key: fakeKey(1), passphrase: "p" });
    keyOf.set(path("a"), fakeKey(2));
    await writeCertificate("a-cert.pub", certificateOf(1));
    for (const { key } of await collect()) {
      await expect(key.sign(Buffer.alloc(0), "x")).rejects.toMatchObject({ reason: "malformed" });
    }
  });
});

describe("CertificateFile", () => {
  it("comes first, in its order, with the key of the agent or of a file", async () => {
    const { reader, agent, origins, problems } = await setUp({
      ...{ identityFiles: [path("a"), path("b")] },
      certificateFiles: [path("one"), path("two"), path("three")],
    });
    reader.files.set(path("a"), { key: fakeKey(1) });
    // Its public key is unknown: it is not matched to any certificate.
    reader.files.set(path("b"), { key: fakeKey(4), passphrase: "p", hidden: true });
    agent.keys = [fakeKey(2)];
    await writeCertificate("one", certificateOf(2));
    await writeCertificate("two", certificateOf(1));
    await writeCertificate("three", certificateOf(3));
    expect(await origins()).toEqual(["/one (agent)", "/two", "agent key key 2", "/a", "/b"]);
    expect(problems).toEqual([
      "/three: neither the agent nor a file has the private key of this certificate",
    ]);
  });

  it("in the agent outside its validity is offered with the same warning", async () => {
    const { agent, origins } = await setUp();
    const publicKey = certificateOf(1, { before: 1_000_000_000n });
    agent.keys = [{ ...fakeKey(1, "mine", "ssh-ed25519-cert-v01@openssh.com"), publicKey }];
    expect(await origins()).toEqual(["agent key mine (expired on 2001-09-09 01:46 UTC)"]);
  });

  it("of an RSA key below RequiredRSASize is a problem, and is not offered", async () => {
    const { agent, origins, problems } = await setUp({
      ...{ certificateFiles: [path("short"), path("long")], requiredRsaSize: 2048 },
    });
    const keys = [rsaBlob(1, 1024), rsaBlob(2, 2048)] as const;
    agent.keys = keys.map((publicKey, index) => ({ ...fakeKey(index, "rsa", "ssh-rsa"), publicKey }));
    await writeCertificate("short", makeCertificate({ key: keys[0], authority, kind: 1 }));
    await writeCertificate("long", makeCertificate({ key: keys[1], authority, kind: 1 }));
    expect(await origins()).toEqual(["/long (agent)", "agent key rsa"]);
    expect(problems).toEqual(["/short: its RSA key is shorter than 2048 bits (RequiredRSASize)"]);
  });

  it("that is missing is a problem", async () => {
    const { origins, problems } = await setUp({ certificateFiles: [path("nowhere")] });
    expect(await origins()).toEqual([]);
    expect(problems).toEqual(["/nowhere: there is no such certificate"]);
  });

  it("whose certificate is also in the agent is offered once", async () => {
    const { agent, collect } = await setUp({ certificateFiles: [path("one")] });
    const blob = certificateOf(1);
    agent.keys = [{ ...fakeKey(1, "mine", "ssh-ed25519-cert-v01@openssh.com"), publicKey: blob }];
    await writeCertificate("one", blob);
    const found = await collect();
    expect(found.map(({ origin }) => origin)).toEqual(["/one (agent)"]);
    expect(await found[0]?.key.sign(Buffer.alloc(0), "x")).toEqual(Buffer.of(1));
  });

  it("outside its validity is still offered, with a warning", async () => {
    const { reader, origins } = await setUp({
      ...{ identityFiles: [path("a")] },
      certificateFiles: [path("early"), path("late"), path("last"), path("first")],
    });
    reader.files.set(path("a"), { key: fakeKey(1) });
    const now = 1_000_000_000n;
    await writeCertificate("early", certificateOf(1, { after: now + 1n }));
    await writeCertificate("late", certificateOf(1, { before: now }));
    await writeCertificate("last", certificateOf(1, { before: now + 1n }));
    await writeCertificate("first", certificateOf(1, { after: now }));
    expect(await origins()).toEqual([
      "/early (not valid before 2001-09-09 01:46 UTC)",
      "/late (expired on 2001-09-09 01:46 UTC)",
      "/last",
      "/first",
      "/a",
    ]);
  });
});

describe("keys without certificates", () => {
  it("that are in two files are offered once, and each unknown one separately", async () => {
    const names = ["d", "a", "b", "c", "e"].map(path);
    const { reader, origins, unlocked } = await setUp({
      identityFiles: [...names, path("a"), "none", "NONE"],
    });
    reader.files.set(path("a"), { key: fakeKey(1) });
    reader.files.set(path("b"), { key: fakeKey(1) });
    reader.files.set(path("c"), { key: fakeKey(2) });
    reader.files.set(path("d"), { key: fakeKey(3), passphrase: "p", hidden: true });
    reader.files.set(path("e"), { key: fakeKey(4), passphrase: "p", hidden: true });
    expect(await origins()).toEqual(["/d", "/a", "/c", "/e"]);
    expect(unlocked).toEqual([path("d"), path("e")]);
  });

  it("that are missing are reported unless they are the default ones", async () => {
    const configured = await setUp({
      ...{ identityFiles: [path("a"), "none", "NONE"], identityFilesAreDefault: false },
    });
    const defaults = await setUp({ identityFiles: [path("a")], identityFilesAreDefault: true });
    await Promise.all([configured.origins(), defaults.origins()]);
    expect([configured.problems, defaults.problems]).toEqual([["/a: missing"], []]);
  });

  it("below RequiredRSASize are omitted: from files with a problem, and from the agent with a log line", async () => {
    const short = { ...fakeKey(1, "short", "ssh-rsa"), publicKey: rsaBlob(1, 1024) };
    const long = { ...fakeKey(2, "long", "ssh-rsa"), publicKey: rsaBlob(2, 2048) };
    const { reader, agent, origins, problems, logger } = await setUp({
      ...{ identityFiles: [path("a"), path("b")], requiredRsaSize: 2048 },
    });
    reader.files.set(path("a"), { key: short });
    reader.files.set(path("b"), { key: long });
    agent.keys = [{ ...short, publicKey: rsaBlob(3, 1024) }];
    expect(await origins()).toEqual(["/b"]);
    expect(problems).toEqual(["/a: its RSA key is shorter than 2048 bits (RequiredRSASize)"]);
    expect(logger.lines.join("\n")).toContain("RequiredRSASize");
  });

  it("are not collected for a login that was cancelled meanwhile, and nothing is logged for that", async () => {
    const { agent, logger, origins } = await setUp();
    const signal = AbortSignal.abort(new CancelledError());
    await expect(origins({ signal, agentPath: undefined })).rejects.toBeInstanceOf(CancelledError);
    agent.fails = true;
    await expect(origins({ signal })).rejects.toBeInstanceOf(CancelledError);
    expect(logger.complaints).toEqual([]);
  });

  it("are passed to the listener before they sign", async () => {
    const { reader, collect, keyOf } = await setUp({ identityFiles: [path("a"), path("b")] });
    reader.files.set(path("a"), { key: fakeKey(1) });
    reader.files.set(path("b"), { key: fakeKey(2), passphrase: "p" });
    keyOf.set(path("b"), fakeKey(2));
    const used: string[] = [];
    const onUse = async (file: string, key: SigningKey): Promise<void> => {
      used.push(`${file.replace(folder, "")} ${key.comment}`);
    };
    for (const { key } of await collect({ onUse })) {
      await key.sign(Buffer.alloc(0), "x");
    }
    expect(used).toEqual(["/a key 1", "/b key 2"]);
  });

  it("on a security key are offered, with the certificate beside them", async () => {
    const publicKey = ed25519Blob(7);
    const reader = { read: async () => ({ kind: "security-key", publicKey }) as const };
    const { collect } = await setUp({ identityFiles: [path("a")] });
    const [found] = await collect({ reader });
    expect(found?.key).toMatchObject({ publicKey, type: "ssh-ed25519", comment: path("a") });
    expect(String(await found?.key.sign(Buffer.alloc(0), "x"))).toBe("/a");
    await writeCertificate("a-cert.pub", certificateOf(7));
    const certified = (await collect({ reader }))[1];
    expect(certified?.origin).toBe("/a-cert.pub");
    expect(String(await certified?.key.sign(Buffer.alloc(0), "x"))).toBe("/a");
  });
});
