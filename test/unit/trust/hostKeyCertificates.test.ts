import { describe, expect, test } from "vitest";
import { FileError } from "../../../src/base/fileErrors.ts";
import type { LocalFiles } from "../../../src/base/localFiles.ts";
import { ConfigError } from "../../../src/config/configErrors.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import {
  HostKeyError,
  type HostKeyErrorReason,
  hostKeyErrorWords,
} from "../../../src/trust/hostKeyErrors.ts";
import type { HostKeyQuestion } from "../../../src/trust/hostKeyPorts.ts";
import { createHostKeyVerifier, type HostKeyVerifierOptions } from "../../../src/trust/hostKeyVerifier.ts";
import { KnownHostsCommandError, type KnownHostsQuestion } from "../../../src/trust/knownHostsCommand.ts";
import { type CertificateSpec, makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ed25519Blob, keyText } from "../../support/publicKeys.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const host = "server.example.org";
const authority = makeAuthority();
const server = makeAuthority();
const trusted = `@cert-authority ${host} ${keyText(authority.publicKey)}\n`;
/** Seconds since 1970. */
const now = 1_800_000_000;

const certificate = (changes: Partial<CertificateSpec> = {}): Buffer =>
  makeCertificate({ key: server.publicKey, authority, ...changes });

/** The decision about a server's key, with one known_hosts file. */
async function check(
  key: Buffer,
  knownHosts: string,
  config: Partial<HostConfig> = {},
  options: Partial<HostKeyVerifierOptions> = {},
) {
  const questions: HostKeyQuestion[] = [];
  const added: string[] = [];
  const verifier = createHostKeyVerifier({
    config: testHostConfig({ userKnownHostsFiles: ["/user"], ...config }),
    prompter: {
      async confirmUnknown(question) {
        questions.push(question);
        return true;
      },
    },
    logger: new RecordingLogger(),
    storage: {
      read: async () => knownHosts,
      readBytes: async () => Buffer.from(knownHosts, "latin1"),
      append: async (_, line) => {
        added.push(line);
      },
      replace: () => Promise.reject(new Error("nothing is to be replaced")),
      exclusively: async (_, work) => await work(),
    },
    now: () => now * 1000,
    ...options,
  });
  const error: unknown = await verifier.verify(key, "192.0.2.1", new AbortController().signal).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, questions, added, preferred: () => verifier.preferredAlgorithms() };
}

const reasonOf = (error: unknown) => (HostKeyError.is(error) ? error.reason : error);

describe("a host certificate", () => {
  test("whose authority is trusted for the host proves it, without a question and without a new line", async () => {
    expect(await check(certificate(), trusted, { strictHostKeyChecking: "yes" })).toMatchObject({
      error: undefined,
      questions: [],
      added: [],
    });
  });

  test.each([
    ["of a user", { kind: 1 }, "not-a-host-certificate"],
    ["of another host", { principals: ["other.example.org"] }, "other-name"],
    ["without names", { principals: [] }, "no-names"],
    ["that is not valid yet", { after: BigInt(now + 1) }, "not-yet-valid"],
    ["that has expired", { before: BigInt(now) }, "expired"],
    ["with a critical option", { critical: ["force-command"] }, "critical-option"],
  ] as const)("%s is ignored: the key in it is asked about, with the reason", async (_, changes, kind) => {
    const { error, questions, added } = await check(certificate(changes), trusted);
    expect(error).toBeUndefined();
    expect(questions).toMatchObject([{ certificateProblem: { kind }, presented: { key: server.publicKey } }]);
    expect(added).toEqual([`${host} ${keyText(server.publicKey)}`]);
  });

  test("is valid from its first second up to its last", async () => {
    const valid = certificate({ after: BigInt(now), before: BigInt(now + 1) });
    expect((await check(valid, trusted, { strictHostKeyChecking: "yes" })).error).toBeUndefined();
  });

  test("of an untrusted authority is ignored; the error says so", async () => {
    const { error } = await check(certificate(), "", { strictHostKeyChecking: "yes" });
    expect(error).toMatchObject({ reason: "unknown", certificateProblem: { kind: "unknown-authority" } });
    const other = `@cert-authority other.example.org ${keyText(authority.publicKey)}\n`;
    expect((await check(certificate(), other, { strictHostKeyChecking: "yes" })).error).toMatchObject({
      certificateProblem: { kind: "unknown-authority" },
    });
  });

  test("is proven only by a line that names its own authority as one", async () => {
    const another = `@cert-authority ${host} ${keyText(ed25519Blob(3))}\n`;
    const plain = `${host} ${keyText(authority.publicKey)}\n`;
    for (const text of [another, plain, another + plain]) {
      const { error } = await check(certificate(), text, { strictHostKeyChecking: "yes" });
      expect(error).toMatchObject({ certificateProblem: { kind: "unknown-authority" } });
    }
  });

  test("is not affected by a revoked key that is neither its own nor its authority's", async () => {
    const logger = new RecordingLogger();
    const text = `@revoked ${host} ${keyText(ed25519Blob(3))}\n${trusted}`;
    const { error } = await check(certificate(), text, { strictHostKeyChecking: "yes" }, { logger });
    expect([error, logger.complaints]).toEqual([undefined, []]);
  });

  test("that is ignored leaves its key known if a line has that key", async () => {
    const known = `${host} ${keyText(server.publicKey)}\n`;
    const { error, questions } = await check(certificate({ principals: [] }), trusted + known);
    expect([error, questions]).toEqual([undefined, []]);
  });

  test("is checked against the algorithms of CASignatureAlgorithms", async () => {
    const strict = { strictHostKeyChecking: "yes", caSignatureAlgorithms: ["rsa-sha2-512"] } as const;
    expect((await check(certificate(), trusted, strict)).error).toMatchObject({
      certificateProblem: { kind: "weak-signature", algorithm: "ssh-ed25519" },
    });
  });

  test("names the host without its port, and its authority may be listed under either name", async () => {
    const other = { port: 2222, strictHostKeyChecking: "yes" } as const;
    const withPort = trusted.replace(host, `[${host}]:2222`);
    for (const text of [trusted, withPort]) {
      expect((await check(certificate(), text, other)).error).toBeUndefined();
    }
  });

  test("names HostKeyAlias if it is set", async () => {
    const changes = { hostKeyAlias: "Web", strictHostKeyChecking: "yes" } as const;
    const text = trusted.replace(host, "web");
    expect((await check(certificate({ principals: ["web"] }), text, changes)).error).toBeUndefined();
    expect((await check(certificate(), text, changes)).error).toMatchObject({
      certificateProblem: { kind: "other-name", asked: "web" },
    });
  });

  test.each([
    ["the key in it", server.publicKey],
    ["its authority", authority.publicKey],
  ])("is refused if a line revokes %s, also under the name without the port", async (_, key) => {
    const revoked = `@revoked ${host} ${keyText(key)}\n`;
    for (const port of [22, 2222]) {
      const { error } = await check(certificate(), `${trusted}${revoked}`, { port });
      expect(error).toMatchObject({ reason: "revoked", file: "/user", line: 2 });
    }
  });

  test("with an invalid signature is malformed, whatever is trusted", async () => {
    const damaged = certificate();
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    expect(reasonOf((await check(damaged, trusted)).error)).toBe("malformed");
  });

  test("is preferred only if an authority is trusted", async () => {
    expect(await (await check(certificate(), trusted)).preferred()).toContain(
      "ssh-ed25519-cert-v01@openssh.com",
    );
    expect(await (await check(certificate(), "")).preferred()).toEqual([]);
  });
});

describe("KnownHostsCommand", () => {
  const key = ed25519Blob(1);
  const strict = { strictHostKeyChecking: "yes" } as const;
  const printing = (text: string, asked: KnownHostsQuestion[] = []): Partial<HostKeyVerifierOptions> => ({
    mayRunCommands: true,
    knownHostsCommand: async (question) => {
      asked.push(question);
      return text;
    },
  });

  test("a key that it prints for the host is known; it gets the key", async () => {
    const asked: KnownHostsQuestion[] = [];
    const { error } = await check(key, "", strict, printing(`${host} ${keyText(key)}\n`, asked));
    expect(error).toBeUndefined();
    expect(asked).toMatchObject([{ purpose: "HOSTNAME", host, presented: { key } }]);
  });

  test("a key that it prints for another host is not", async () => {
    const { error } = await check(key, "", strict, printing(`other ${keyText(key)}\n`));
    expect(reasonOf(error)).toBe("unknown");
  });

  test("its output is preferred, and it runs before there is a key", async () => {
    const asked: KnownHostsQuestion[] = [];
    const { preferred } = await check(key, "", strict, printing(`${host} ${keyText(key)}\n`, asked));
    expect(await preferred()).toEqual(["ssh-ed25519"]);
    expect(asked.at(-1)).toMatchObject({ purpose: "ORDER", host, presented: undefined });
  });

  test("an authority that it prints proves a host", async () => {
    expect((await check(certificate(), "", strict, printing(trusted))).error).toBeUndefined();
  });

  test("a failing command is not an empty answer", async () => {
    const { error, preferred } = await check(key, `${host} ${keyText(key)}\n`, strict, {
      mayRunCommands: true,
      knownHostsCommand: () => Promise.reject(new KnownHostsCommandError("exit status 1")),
    });
    expect(reasonOf(error)).toBe("command-failed");
    expect(await preferred()).toEqual(["ssh-ed25519"]);
  });

  test("it does not run in an untrusted workspace", async () => {
    const asked: KnownHostsQuestion[] = [];
    const { error } = await check(key, "", {}, { ...printing("", asked), mayRunCommands: false });
    expect(ConfigError.is(error) && error.reason).toBe("not-allowed");
    expect(asked).toEqual([]);
  });

  test("the command of the configuration runs, if it may", async () => {
    const config = { ...strict, knownHostsCommand: "/nowhere/at/all" };
    const allowed = await check(key, "", config, { mayRunCommands: true });
    expect(reasonOf(allowed.error)).toBe("command-failed");
    const { error } = await check(key, "", config);
    expect(ConfigError.is(error) && error.reason).toBe("not-allowed");
  });

  test("an error that is not the command's is passed on", async () => {
    const { error } = await check(key, "", strict, {
      mayRunCommands: true,
      knownHostsCommand: () => Promise.reject(new TypeError("ours")),
    });
    expect(error).toBeInstanceOf(TypeError);
  });
});

describe("RevokedHostKeys", () => {
  const key = ed25519Blob(1);
  const known = `${host} ${keyText(key)}\n`;
  const reading = (text: string | undefined): Partial<HostKeyVerifierOptions> => ({
    files: {
      read: async (file: string) => {
        if (text === undefined) {
          throw new FileError("missing", file, "it does not exist");
        }
        return { bytes: Buffer.from(text) };
      },
    } as unknown as LocalFiles,
  });
  const config = { revokedHostKeysFiles: ["/revoked"] };

  test("a key in its file is refused, although it is known", async () => {
    const { error } = await check(key, known, config, reading(`# lost\n${keyText(key)}\n`));
    expect(error).toMatchObject({ reason: "revoked", file: "/revoked", line: 2 });
    expect((await check(key, known, config, reading("# nothing\n"))).error).toBeUndefined();
  });

  test("no key is accepted while its file can't be read, and the log says why", async () => {
    const logger = new RecordingLogger();
    const { error } = await check(key, known, config, { ...reading(undefined), logger });
    expect(error).toMatchObject({ reason: "revocation-unknown", file: "/revoked" });
    expect(logger.complaints).toEqual(["warn: /revoked (RevokedHostKeys): it does not exist"]);
  });
});

test("a login continues although its key can't be saved, and no message says so", async () => {
  const { error } = await check(
    ed25519Blob(1),
    "",
    {},
    {
      storage: {
        read: async () => "",
        readBytes: async () => Buffer.alloc(0),
        append: () => Promise.reject(new Error("EROFS")),
        replace: () => Promise.reject(new Error("EROFS")),
        exclusively: async (_, work) => await work(),
      },
    },
  );
  expect(error).toBeUndefined();
});

test("each refusal has its own sentence in the log, with the key", () => {
  const reasons: Readonly<Record<HostKeyErrorReason, true>> = {
    ...{ changed: true, revoked: true, unknown: true, declined: true, unreadable: true, short: true },
    ...{ malformed: true, "revocation-unknown": true, "command-failed": true, unrecordable: true },
  };
  const sentences = Object.keys(reasons).map((reason) =>
    hostKeyErrorWords(reason as HostKeyErrorReason, "key of web", "/file:3", 1024),
  );
  expect(new Set(sentences).size).toBe(sentences.length);
  expect(sentences.filter((sentence) => !sentence.startsWith("The key of web "))).toEqual([]);
});
