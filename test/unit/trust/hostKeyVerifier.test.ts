import { describe, expect, it } from "vitest";
import { CancelledError } from "../../../src/base/errors.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";
import type { HostKeyQuestion } from "../../../src/trust/hostKeyPorts.ts";
import { createHostKeyVerifier } from "../../../src/trust/hostKeyVerifier.ts";
import type { KnownHostsStorage } from "../../../src/trust/knownHostsStorage.ts";
import { sha256Fingerprint } from "../../../src/trust/publicKeyBlob.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ecdsaBlob, ed25519Blob, keyText, rsaBlob } from "../../support/publicKeys.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const host = "server.example.org";
const presented = ed25519Blob(1);
const known = `${host} ${keyText(presented)}\n`;

class MemoryStorage implements KnownHostsStorage {
  readonly files = new Map<string, string>();
  unreadable: string | undefined;
  unwritable = false;

  async read(file: string): Promise<string | undefined> {
    if (file === this.unreadable) {
      throw new Error("EACCES");
    }
    return this.files.get(file);
  }

  async readBytes(file: string): Promise<Uint8Array | undefined> {
    const text = await this.read(file);
    return text === undefined ? undefined : Buffer.from(text, "latin1");
  }

  async append(file: string, line: string): Promise<void> {
    if (this.unwritable) {
      throw new Error("EROFS");
    }
    this.files.set(file, `${this.files.get(file) ?? ""}${line}\n`);
  }

  async replace(file: string, _: string, after: string): Promise<void> {
    this.files.set(file, after);
  }

  async exclusively<T>(_: string, work: () => Promise<T>): Promise<T> {
    return await work();
  }
}

function setUp(files: Record<string, string>, changes: Partial<HostConfig> = {}) {
  const storage = new MemoryStorage();
  for (const [file, text] of Object.entries(files)) {
    storage.files.set(file, text);
  }
  const logger = new RecordingLogger();
  const questions: HostKeyQuestion[] = [];
  const notSaved: (readonly string[])[] = [];
  const person = { answer: (): boolean | Promise<boolean> => true };
  let pauses = 0;
  const verifier = createHostKeyVerifier({
    config: testHostConfig({
      userKnownHostsFiles: ["/user", "/user2"],
      globalKnownHostsFiles: ["/global"],
      ...changes,
    }),
    prompter: {
      async confirmUnknown(question) {
        questions.push(question);
        return await person.answer();
      },
      notSaved: (...told) => notSaved.push(told),
    },
    logger,
    pause: (work) => {
      pauses++;
      return work();
    },
    storage,
  });
  return {
    storage,
    logger,
    questions,
    notSaved,
    person,
    verifier,
    pauses: () => pauses,
    verify: (key = presented) => verifier.verify(key, "192.0.2.1", new AbortController().signal),
  };
}

async function refusal(promise: Promise<void>): Promise<HostKeyError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HostKeyError);
  return error as HostKeyError;
}

describe("a known key", () => {
  for (const file of ["/user", "/user2", "/global"]) {
    it(`is accepted without a question from ${file}`, async () => {
      const { verify, questions, storage } = setUp({ [file]: known }, { strictHostKeyChecking: "yes" });
      await verify();
      expect(questions).toEqual([]);
      expect([...storage.files]).toEqual([[file, known]]);
    });
  }

  it("is accepted if another key of the host is known as well", async () => {
    const text = `${host} ${keyText(ed25519Blob(2))}\n${host} ${keyText(rsaBlob(1))}\n${known}`;
    await setUp({ "/user": text }, { strictHostKeyChecking: "yes" }).verify();
  });

  it("is looked up under HostKeyAlias, without the port", async () => {
    const changes = { hostKeyAlias: "The-Alias", port: 2222, strictHostKeyChecking: "yes" } as const;
    await setUp({ "/user": `the-alias ${keyText(presented)}` }, changes).verify();
    const error = await refusal(
      setUp({ "/user": `${known}[${host}]:2222 ${keyText(presented)}` }, changes).verify(),
    );
    expect(error).toMatchObject({ reason: "unknown", host: "the-alias" });
  });

  it("also counts on another port if only the bare name is known", async () => {
    const { verify, storage } = setUp({ "/user": known }, { port: 2222, strictHostKeyChecking: "yes" });
    await verify();
    expect(storage.files.get("/user")).toBe(known);
  });

  it("is not found in a file named none", async () => {
    const { verify } = setUp(
      { none: known },
      { userKnownHostsFiles: ["none"], globalKnownHostsFiles: ["none"], strictHostKeyChecking: "no" },
    );
    expect((await refusal(verify())).reason).toBe("unknown");
  });
});

describe("an unknown key", () => {
  it("is recorded after the user accepts it, in the first user file, which is otherwise unchanged", async () => {
    const before = "# mine\r\nother ssh-rsa broken\n";
    const { verify, questions, storage, pauses } = setUp({ "/user": before, "/global": "x\n" });
    await verify();
    expect(questions).toEqual([
      {
        host,
        alias: "web1",
        address: "192.0.2.1",
        port: 22,
        presented: { key: presented, type: "ssh-ed25519", fingerprint: sha256Fingerprint(presented) },
        knownTypes: [],
        savedTo: "/user",
        otherNames: [],
      },
    ]);
    expect(pauses()).toBe(1);
    expect(Object.fromEntries(storage.files)).toEqual({ "/user": before + known, "/global": "x\n" });
  });

  it("is asked about with its other names, in all files", async () => {
    const other = known.replace(host, "other");
    const { verify, questions } = setUp({ "/user": `# mine\n${other}`, "/global": other });
    await verify();
    expect(questions[0]?.otherNames).toEqual([
      { file: "/user", line: 2, name: "other" },
      { file: "/global", line: 1, name: "other" },
    ]);
  });

  it("is asked about once: the second login knows it", async () => {
    const { verify, questions } = setUp({}, { port: 2222, hashKnownHosts: true });
    await verify();
    await verify();
    expect(questions).toHaveLength(1);
  });

  it("is refused if the user rejects it, and not recorded", async () => {
    const { verify, person, storage } = setUp({});
    person.answer = () => false;
    expect((await refusal(verify())).reason).toBe("declined");
    expect(storage.files.size).toBe(0);
  });

  it("cancels the login if the dialog is closed", async () => {
    const { verify, person, storage } = setUp({});
    person.answer = () => Promise.reject(new CancelledError());
    await expect(verify()).rejects.toBeInstanceOf(CancelledError);
    expect(storage.files.size).toBe(0);
  });

  it("is not recorded if the login was cancelled during the question", async () => {
    const { verifier, person, storage } = setUp({});
    const controller = new AbortController();
    person.answer = () => {
      controller.abort(new CancelledError());
      return true;
    };
    await expect(verifier.verify(presented, undefined, controller.signal)).rejects.toBeInstanceOf(
      CancelledError,
    );
    expect(storage.files.size).toBe(0);
  });

  for (const strict of ["accept-new", "no"] as const) {
    it(`is recorded without a question under ${strict}`, async () => {
      const { verify, questions, storage } = setUp({}, { strictHostKeyChecking: strict });
      await verify();
      expect(questions).toEqual([]);
      expect(storage.files.get("/user")).toBe(known);
    });
  }

  it("is refused under yes", async () => {
    const { verify, questions } = setUp({}, { strictHostKeyChecking: "yes" });
    expect((await refusal(verify())).reason).toBe("unknown");
    expect(questions).toEqual([]);
  });

  it("is refused without a question under BatchMode", async () => {
    const { verify, questions } = setUp({}, { batchMode: true });
    expect((await refusal(verify())).reason).toBe("unknown");
    expect(questions).toEqual([]);
  });

  it("is refused if the name could damage the file", async () => {
    for (const hostName of ["a*", "a b", "a\nb", "@revoked", "[x]", "a|b"]) {
      const { verify, storage } = setUp({}, { hostName, strictHostKeyChecking: "no" });
      expect((await refusal(verify())).reason).toBe("unknown");
      expect(storage.files.size).toBe(0);
    }
  });

  for (const strictHostKeyChecking of ["accept-new", "ask"] as const) {
    it(`lets the login continue and informs the user if the file can't be written, under ${strictHostKeyChecking}`, async () => {
      const changes = { strictHostKeyChecking, updateHostKeys: "yes" } as const;
      const { verify, verifier, storage, logger, notSaved } = setUp({}, changes);
      storage.unwritable = true;
      await verify();
      expect(logger.complaints).toEqual([`warn: Could not add the key of ${host} to /user: EROFS`]);
      expect(notSaved).toEqual([["web1", "/user", "EROFS"]]);
      const prove = () => Promise.reject(new Error("nothing is there to be updated"));
      await verifier.announced?.({ keys: [presented], prove }, new AbortController().signal);
      expect(logger.complaints).toHaveLength(1);
    });
  }

  it("says nothing about saving when that worked", async () => {
    const { verify, notSaved } = setUp({});
    await verify();
    expect(notSaved).toEqual([]);
  });

  it("names the file that can't be read under yes, and asks otherwise", async () => {
    const strict = setUp({}, { strictHostKeyChecking: "yes" });
    strict.storage.unreadable = "/global";
    expect(await refusal(strict.verify())).toMatchObject({
      reason: "unreadable",
      file: "/global",
      line: undefined,
    });
    const asking = setUp({});
    asking.storage.unreadable = "/global";
    await asking.verify();
    expect(asking.questions).toHaveLength(1);
  });

  it("is not recorded twice if another window did so during the question", async () => {
    const { verify, person, storage } = setUp({});
    person.answer = () => {
      storage.files.set("/user", known);
      return true;
    };
    await verify();
    expect(storage.files.get("/user")).toBe(known);
  });

  it.each([
    ["a different one", "changed", `${host} ${keyText(ed25519Blob(2))}\n`],
    ["that it is revoked", "revoked", `@revoked ${known}`],
  ])("is refused if another window recorded %s during the question", async (_, reason, text) => {
    const { verify, person, storage } = setUp({});
    person.answer = () => {
      storage.files.set("/user", text);
      return true;
    };
    expect((await refusal(verify())).reason).toBe(reason);
    expect(storage.files.get("/user")).toBe(text);
  });

  it("on another port, the question lists the types known for the bare name", async () => {
    const authority = `@cert-authority ${host} ${keyText(ecdsaBlob(5))}\n`;
    const text = `${authority}${host} ${keyText(rsaBlob(1))}\n${host} ${keyText(ed25519Blob(2))}\n`;
    const { verify, questions, storage } = setUp({ "/user": text }, { port: 2222 });
    await verify();
    expect(questions[0]).toMatchObject({
      host: `[${host}]:2222`,
      knownTypes: ["ssh-rsa", "ssh-ed25519"],
    });
    expect(storage.files.get("/user")).toBe(`${text}[${host}]:2222 ${keyText(presented)}\n`);
  });

  it("stays unknown if only an authority is known", async () => {
    const { verify, questions } = setUp({
      "/user": `@cert-authority *.example.org ${keyText(ed25519Blob(5))}\n`,
    });
    await verify();
    expect(questions).toHaveLength(1);
  });
});

describe("a key that contradicts known_hosts", () => {
  for (const strict of ["yes", "ask", "accept-new", "no"] as const) {
    it(`is refused under ${strict} as changed, naming file and line`, async () => {
      const text = `# comment\n\n${host} ${keyText(ed25519Blob(2))}\n`;
      const { verify, questions, storage } = setUp({ "/user2": text }, { strictHostKeyChecking: strict });
      expect(await refusal(verify())).toMatchObject({
        reason: "changed",
        host,
        keyType: "ssh-ed25519",
        fingerprint: sha256Fingerprint(presented),
        file: "/user2",
        line: 3,
      });
      expect(questions).toEqual([]);
      expect(storage.files.get("/user2")).toBe(text);
    });

    it(`is refused under ${strict} as revoked, though it is also known`, async () => {
      const text = `${known}@revoked * ${keyText(presented)}\n`;
      const { verify } = setUp({ "/global": text }, { strictHostKeyChecking: strict });
      expect(await refusal(verify())).toMatchObject({ reason: "revoked", file: "/global", line: 2 });
    });
  }

  it("counts as changed if only keys of other types are known, as in OpenSSH", async () => {
    const text = `${host} ${keyText(ecdsaBlob(2))}\n${host} ${keyText(rsaBlob(2))}\n`;
    expect(await refusal(setUp({ "/user": text }).verify())).toMatchObject({ reason: "changed", line: 2 });
  });

  it("is refused on another port if revoked under the bare name", async () => {
    const { verify } = setUp({ "/user": `@revoked ${host} ${keyText(presented)}\n` }, { port: 2222 });
    expect((await refusal(verify())).reason).toBe("revoked");
  });

  it("is not affected by a revoked key other than the one shown", async () => {
    await setUp({ "/user": `@revoked * ${keyText(ed25519Blob(7))}\n${known}` }).verify();
  });

  it("the message never contains the server's bytes unescaped", async () => {
    const evil = Buffer.concat([Buffer.from([0, 0, 0, 4]), Buffer.from("\x1b[2J")]);
    const error = await refusal(setUp({}, { strictHostKeyChecking: "yes" }).verify(evil));
    expect(error.message).not.toContain("\x1b");
  });
});

describe("preferredAlgorithms", () => {
  it("is empty for an unknown host", async () => {
    expect(await setUp({ "/user": `other ${keyText(presented)}` }).verifier.preferredAlgorithms()).toEqual(
      [],
    );
  });

  it("puts known types first in OpenSSH's order, RSA without SHA-1", async () => {
    const text = `${host} ${keyText(rsaBlob(1))}\n${host} ${keyText(ecdsaBlob(1))}\n${known}`;
    const { verifier, logger } = setUp({ "/user": text });
    expect(await verifier.preferredAlgorithms()).toEqual([
      "ssh-ed25519",
      "ecdsa-sha2-nistp256",
      "rsa-sha2-512",
      "rsa-sha2-256",
    ]);
    expect(logger.complaints).toEqual([]);
  });

  it("does not count revoked keys, and prefers certificates only if an authority is named", async () => {
    expect(await setUp({ "/user": `@revoked ${known}` }).verifier.preferredAlgorithms()).toEqual([]);
    const authority = `@revoked ${known}@cert-authority ${host} ${keyText(ecdsaBlob(1))}\n`;
    const first = async (text: string): Promise<readonly string[]> =>
      (await setUp({ "/user": text }).verifier.preferredAlgorithms()).slice(0, 2);
    const [ed25519, ecdsa] = ["ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com"];
    expect(await first(authority)).toEqual([ed25519, ecdsa]);
    // The certificate of a known key comes first: if it is ignored, that key counts.
    expect(await first(`${authority}${host} ${keyText(ecdsaBlob(2))}\n`)).toEqual([ecdsa, ed25519]);
    const two = `${authority}${host} ${keyText(rsaBlob(2))}\n${host} ${keyText(ecdsaBlob(2))}\n`;
    expect(await first(two)).toEqual([ecdsa, "rsa-sha2-512-cert-v01@openssh.com"]);
    expect(await first(authority.replaceAll(host, "other.example.org"))).toEqual([]);
    const all = await setUp({ "/user": `${authority}${known}` }).verifier.preferredAlgorithms();
    expect(all).toEqual([...new Set(all)]);
  });

  it("falls back to the bare name on another port", async () => {
    const { verifier } = setUp({ "/user": `${host} ${keyText(rsaBlob(1))}` }, { port: 2222 });
    expect(await verifier.preferredAlgorithms()).toEqual(["rsa-sha2-512", "rsa-sha2-256"]);
  });

  it("on another port, a key of that port counts in place of those of the bare name", async () => {
    const text = `[${host}]:2222 ${keyText(ecdsaBlob(1))}\n${host} ${keyText(rsaBlob(1))}\n`;
    const { verifier } = setUp({ "/user": text }, { port: 2222 });
    expect(await verifier.preferredAlgorithms()).toEqual(["ecdsa-sha2-nistp256"]);
  });

  it("contains nothing that HostKeyAlgorithms excludes", async () => {
    const { verifier } = setUp(
      { "/user": `${known}${host} ${keyText(rsaBlob(1))}` },
      { hostKeyAlgorithms: ["rsa-sha2-256", "ecdsa-sha2-nistp256"] },
    );
    expect(await verifier.preferredAlgorithms()).toEqual(["rsa-sha2-256"]);
  });
});

describe("a key that no question can make trusted", () => {
  for (const strict of ["ask", "accept-new", "no"] as const) {
    it(`an RSA key below RequiredRSASize is refused under ${strict}, and not recorded`, async () => {
      const changes = { strictHostKeyChecking: strict } as const;
      for (const [bits, required] of [
        [512, 1024],
        [1016, 1024],
        [2048, 3072],
      ] as const) {
        const { verify, storage, questions } = setUp({}, { ...changes, requiredRsaSize: required });
        expect((await refusal(verify(rsaBlob(1, bits)))).reason).toBe("short");
        expect([storage.files.size, questions]).toEqual([0, []]);
      }
      await setUp({}, { ...changes, requiredRsaSize: 2048 }).verify(rsaBlob(1, 2048));
    });
  }

  it("a known RSA key below RequiredRSASize is refused", async () => {
    const { verify } = setUp(
      { "/user": `${host} ${keyText(rsaBlob(1, 1024))}\n` },
      { requiredRsaSize: 2048 },
    );
    expect((await refusal(verify(rsaBlob(1, 1024)))).reason).toBe("short");
  });

  it("an incomplete key is refused", async () => {
    for (const key of [Buffer.alloc(0), Buffer.from("ssh-ed25519"), presented.subarray(0, 40)]) {
      const { verify, storage } = setUp({}, { strictHostKeyChecking: "no" });
      expect((await refusal(verify(key))).reason).toBe("malformed");
      expect(storage.files.size).toBe(0);
    }
  });
});

describe("an unreadable line that names the host", () => {
  const damaged = `# c\n${host} ssh-rsa AAAA\n`;

  for (const strict of ["accept-new", "no"] as const) {
    it(`prevents ${strict} from accepting a key, and is named`, async () => {
      for (const file of ["/user", "/user2", "/global"]) {
        const { verify, storage } = setUp({ [file]: damaged }, { strictHostKeyChecking: strict });
        expect(await refusal(verify())).toMatchObject({ reason: "unreadable", file, line: 2 });
        expect([...storage.files]).toEqual([[file, damaged]]);
      }
    });
  }

  it("the short RSA key of an earlier version counts as such a line", async () => {
    const text = `${host} ${keyText(rsaBlob(1, 512))}\n`;
    const { verify } = setUp({ "/user": text }, { strictHostKeyChecking: "accept-new" });
    expect(await refusal(verify())).toMatchObject({ reason: "unreadable", line: 1 });
  });

  it("leaves the decision to the user", async () => {
    const { verify, questions } = setUp({ "/user": damaged });
    await verify();
    expect(questions).toHaveLength(1);
  });

  it("is the reason of the refusal under BatchMode", async () => {
    const { verify } = setUp({ "/user": damaged }, { batchMode: true });
    expect(await refusal(verify())).toMatchObject({ reason: "unreadable", file: "/user", line: 2 });
  });

  it("has no effect if the key is known, or if the line is another host's", async () => {
    await setUp({ "/user": damaged + known }, { strictHostKeyChecking: "yes" }).verify();
    await setUp({ "/user": "other ssh-rsa AAAA\n" }, { strictHostKeyChecking: "accept-new" }).verify();
  });

  it("a whole file that can't be read prevents accept-new from accepting a key", async () => {
    const { verify, storage } = setUp({}, { strictHostKeyChecking: "accept-new" });
    storage.unreadable = "/global";
    expect(await refusal(verify())).toMatchObject({ reason: "unreadable", file: "/global" });
    expect(storage.files.size).toBe(0);
  });
});

describe("NoHostAuthenticationForLocalhost", () => {
  const changes = { noHostAuthenticationForLocalhost: true, strictHostKeyChecking: "yes" } as const;
  const verifyAt = (address: string | undefined, more: Partial<HostConfig> = {}): Promise<void> =>
    setUp({}, { ...changes, ...more }).verifier.verify(presented, address, new AbortController().signal);

  it.each(["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])(
    "accepts any key at %s",
    async (address) => {
      await verifyAt(address);
      expect((await refusal(verifyAt(address, { noHostAuthenticationForLocalhost: false }))).reason).toBe(
        "unknown",
      );
    },
  );

  it.each(["192.0.2.1", "::2", "128.0.0.1", undefined])("does not apply to %s", async (address) => {
    expect((await refusal(verifyAt(address))).reason).toBe("unknown");
  });

  it("does not apply with HostKeyAlias, nor to a short key", async () => {
    expect((await refusal(verifyAt("127.0.0.1", { hostKeyAlias: "x" }))).reason).toBe("unknown");
    const { verifier } = setUp({}, changes);
    const verifying = verifier.verify(rsaBlob(1, 768), "127.0.0.1", new AbortController().signal);
    expect((await refusal(verifying)).reason).toBe("short");
  });
});

describe("HostKeyAlias", () => {
  it.each(["*", "a,b", "!x", "a b", "new\nline", "|1|x", "@revoked"])(
    "%j is recorded so that it is found again and matches no other host",
    async (hostKeyAlias) => {
      const { verify, storage } = setUp({}, { hostKeyAlias, strictHostKeyChecking: "accept-new" });
      await verify();
      await verify();
      const text = storage.files.get("/user") ?? "";
      expect(text).toMatch(/^\|1\|[^\n]*\n$/);
      expect((await refusal(verify(ed25519Blob(2)))).reason).toBe("changed");
      const other = setUp({ "/user": text }, { strictHostKeyChecking: "yes" });
      expect((await refusal(other.verify())).reason).toBe("unknown");
    },
  );

  it("a name that no line can contain is refused without a question", async () => {
    const { verify, questions } = setUp({}, { hostKeyAlias: "x".repeat(2000) });
    expect((await refusal(verify())).reason).toBe("unrecordable");
    expect(questions).toEqual([]);
  });
});

describe("a server that announces its keys after the login", () => {
  const fresh = ed25519Blob(9);
  const announce = async (made: ReturnType<typeof setUp>) => {
    await made.verify();
    const announcement = { keys: [presented, fresh], prove: async () => true };
    await made.verifier.announced?.(announcement, new AbortController().signal);
  };

  it("is followed if its key is in a file of the user", async () => {
    const made = setUp({ "/user": known }, { updateHostKeys: "yes" });
    await announce(made);
    expect(made.storage.files.get("/user")).toBe(`${known}${host} ${keyText(fresh)}\n`);
  });

  it("is followed if the user has just accepted its key", async () => {
    const made = setUp({}, { updateHostKeys: "yes" });
    await announce(made);
    expect(made.questions).toHaveLength(1);
    expect(made.storage.files.get("/user")).toBe(`${known}${host} ${keyText(fresh)}\n`);
  });

  it("changes nothing if its key was recorded without a question", async () => {
    const made = setUp({}, { updateHostKeys: "yes", strictHostKeyChecking: "accept-new" });
    await announce(made);
    expect(made.storage.files.get("/user")).toBe(known);
  });

  it("changes nothing if only another key of it is in a file of the user", async () => {
    const files = { "/user": `${host} ${keyText(ecdsaBlob(2))}\n`, "/global": known };
    const made = setUp(files, { updateHostKeys: "yes" });
    await announce(made);
    expect(Object.fromEntries(made.storage.files)).toEqual(files);
  });

  it.each([
    ["the machine's file knows its key", "/global", { updateHostKeys: "yes" }],
    ["only the name without the port is known", "/user", { updateHostKeys: "yes", port: 2222 }],
    ["UpdateHostKeys is off", "/user", { updateHostKeys: "no" }],
    ["UpdateHostKeys is not set", "/user", {}],
  ] as const)("changes nothing if %s", async (_name, file, changes) => {
    const others = `other.example.org ${keyText(rsaBlob(1))}\n`;
    const files = { "/user2": others, [file]: known };
    const made = setUp(files, changes);
    await announce(made);
    expect(Object.fromEntries(made.storage.files)).toEqual(files);
  });
});
