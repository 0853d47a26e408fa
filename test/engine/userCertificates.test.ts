import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuthError } from "../../src/auth/authErrors.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { type LabAgent, startAgent } from "../lab/agent.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { LoginPerson } from "../support/loginPerson.ts";

const run = promisify(execFile);

const kinds = {
  ed25519: ["-t", "ed25519"],
  "ecdsa-256": ["-t", "ecdsa", "-b", "256"],
  "ecdsa-384": ["-t", "ecdsa", "-b", "384"],
  "ecdsa-521": ["-t", "ecdsa", "-b", "521"],
  rsa: ["-t", "rsa", "-b", "2048"],
} as const;

let folder: string;
let host: SshdHost;
let agent: LabAgent;
let person: LoginPerson;
const file = (name: string): string => join(folder, name);

async function sign(name: string, ...options: readonly string[]): Promise<string> {
  const args = options.length > 0 ? options : ["-n", host.user];
  await run("ssh-keygen", ["-q", "-s", file("ca"), "-I", `id of ${name}`, ...args, file(`${name}.pub`)]);
  return file(`${name}-cert.pub`);
}

/** A key pair, and its certificate in another folder, so that nothing is beside the key. */
async function makeKey(name: string, options: readonly string[], passphrase = ""): Promise<string> {
  await run("ssh-keygen", ["-q", "-N", passphrase, "-C", name, "-a", "1", "-f", file(name), ...options]);
  return file(name);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "user-certificates-"));
  await makeKey("ca", kinds.ed25519);
  host = await startSshd({ sshd: { TrustedUserCAKeys: file("ca.pub"), MaxAuthTries: 20 } });
});

afterAll(async () => {
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  person = new LoginPerson();
  agent = await startAgent();
});

afterEach(() => agent.stop());

describe("a user certificate logs in", () => {
  describe.each(Object.entries(kinds))("for a key of type %s", (kind, options) => {
    let key: string;
    let certificate: string;

    beforeAll(async () => {
      key = await makeKey(`kind-${kind}`, options);
      certificate = await sign(`kind-${kind}`);
    });

    it("beside the key's file", async () => {
      expect(await person.login(host, { identityFiles: [key] })).toEqual([
        `publickey: ${key}`,
        `publickey: ${certificate}`,
      ]);
    });

    it("by CertificateFile, before the key", async () => {
      const config = { identityFiles: [key], certificateFiles: [certificate] };
      expect(await person.login(host, config)).toEqual([`publickey: ${certificate}`]);
    });

    it("from the agent", async () => {
      await agent.add(key);
      person.agentPath = agent.socket;
      expect((await person.login(host)).at(-1)).toBe(`publickey: agent key kind-${kind}`);
    });

    it("by CertificateFile, with the key only in the agent", async () => {
      await copyFile(key, file("elsewhere"));
      await run("chmod", ["600", file("elsewhere")]);
      await agent.add(file("elsewhere"));
      person.agentPath = agent.socket;
      expect(await person.login(host, { certificateFiles: [certificate] })).toEqual([
        `publickey: ${certificate} (agent)`,
      ]);
    });

    it("for an encrypted key, whose passphrase is requested once the server accepts the certificate", async () => {
      const locked = file(`locked-${kind}`);
      await copyFile(key, locked);
      await run("chmod", ["600", locked]);
      await run("ssh-keygen", ["-q", "-p", "-P", "", "-N", "secret", "-a", "1", "-f", locked]);
      await copyFile(certificate, `${locked}-cert.pub`);
      person.prompter.passphrases = ["secret"];
      await person.login(host, { identityFiles: [locked] });
      expect(person.prompter.asked).toHaveLength(1);
    });
  });

  it("for an old encrypted key without a public half beside it", async () => {
    const key = await makeKey("old", ["-t", "rsa", "-m", "PEM"], "secret");
    await sign("old");
    await rm(`${key}.pub`);
    person.prompter.passphrases = ["secret"];
    expect((await person.login(host, { identityFiles: [key] })).at(-1)).toBe(`publickey: ${key}-cert.pub`);
    expect(person.prompter.asked).toHaveLength(1);
  });

  it("for a key that is only in the agent, with the certificate in a file", async () => {
    const key = await makeKey("only-certificate", kinds.ed25519);
    await agent.add(key);
    await sign("only-certificate");
    await rm(key);
    await rm(`${key}.pub`);
    person.agentPath = agent.socket;
    const tried = await person.login(host, { identityFiles: [key], identitiesOnly: true });
    expect(tried.at(-1)).toBe(`publickey: ${key}-cert.pub (agent)`);
  });

  it("that was renewed since the last login", async () => {
    const key = await makeKey("renewed", kinds.ed25519);
    const certificate = await sign("renewed", "-n", host.user, "-V", "20200101:20210101");
    const config = { identityFiles: [key], certificateFiles: [certificate] };
    await expect(person.login(host, config)).rejects.toBeInstanceOf(AuthError);
    await sign("renewed", "-n", host.user, "-V", "-1m:+1h");
    expect(await person.login(host, config)).toEqual([`publickey: ${certificate}`]);
  });
});

describe("a certificate that can't log in is named", () => {
  async function failure(config: Partial<HostConfig>): Promise<AuthError> {
    const error: unknown = await person.login(host, config).catch((thrown: unknown) => thrown);
    return AuthError.is(error) ? error : expect.unreachable(String(error));
  }

  it("with its date, if it has expired or is not valid yet", async () => {
    const key = await makeKey("dated", kinds.ed25519);
    const certificate = await sign("dated", "-n", host.user, "-V", "20200101000000Z:20210101000000Z");
    const { tried } = await failure({ identityFiles: [key], certificateFiles: [certificate] });
    expect(tried[0]).toBe(`publickey: ${certificate} (expired on 2021-01-01 00:00 UTC)`);
    await sign("dated", "-n", host.user, "-V", "20990101000000Z:21000101000000Z");
    const later = await failure({ identityFiles: [key], certificateFiles: [certificate] });
    expect(later.tried[0]).toBe(`publickey: ${certificate} (not valid before 2099-01-01 00:00 UTC)`);
  });

  it("once, if it is damaged, for a host, missing, no certificate, or for a missing key", async () => {
    const key = await makeKey("bad", kinds.ed25519);
    const good = await readFile(await sign("bad"), "latin1");
    const [type, base64 = ""] = good.split(" ");
    const bytes = Buffer.from(base64, "base64");
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    await writeFile(file("damaged"), `${type} ${bytes.toString("base64")}\n`);
    await writeFile(file("cut"), good.slice(0, 300));
    await run("ssh-keygen", ["-q", "-s", file("ca"), "-h", "-I", "h", "-n", "x", `${key}.pub`]);
    await copyFile(`${key}-cert.pub`, file("of-host"));
    const stranger = await makeKey("stranger", kinds.ed25519);
    const strange = await sign("stranger");
    await rm(stranger);
    const names = ["damaged", "cut", "of-host", "missing", "bad.pub"];
    const { problems } = await failure({
      identityFiles: [key],
      certificateFiles: [...names.map(file), strange],
    });
    expect(problems).toEqual([
      `${file("damaged")}: the certificate is damaged, or its authority has not signed it`,
      `${file("cut")}: it is not a certificate`,
      `${file("of-host")}: it is a certificate of a host, not of a user`,
      `${file("missing")}: there is no such certificate`,
      `${file("bad.pub")}: it is not a certificate`,
      `${strange}: neither the agent nor a file has the private key of this certificate`,
    ]);
  });

  it("if PubkeyAcceptedAlgorithms excludes it", async () => {
    const key = await makeKey("left-out", kinds.ed25519);
    const certificate = await sign("left-out");
    const { problems } = await failure({
      identityFiles: [key],
      certificateFiles: [certificate],
      pubkeyAcceptedAlgorithms: ["ssh-ed25519"],
    });
    expect(problems[0]).toContain(
      `${certificate}: PubkeyAcceptedAlgorithms and the server leave no signature`,
    );
  });
});

describe("the order of keys and certificates, compared with ssh", () => {
  beforeAll(async () => {
    for (const name of ["a", "b", "c"]) {
      await makeKey(name, kinds.ed25519);
      await sign(name, "-n", "somebody-else");
    }
  });

  const cases: readonly (readonly [what: string, config: Partial<HostConfig>, inAgent: readonly string[]])[] =
    [
      ["two files with certificates beside them", { identityFiles: ["a", "b"] }, []],
      [
        "a CertificateFile of another file",
        { identityFiles: ["a", "b"], certificateFiles: ["b-cert.pub"] },
        [],
      ],
      ["two of them", { identityFiles: ["a", "b"], certificateFiles: ["b-cert.pub", "a-cert.pub"] }, []],
      ["one key in the agent", { identityFiles: ["a", "b"] }, ["c", "a"]],
      [
        "a key in the agent, and a CertificateFile",
        { identityFiles: ["a"], certificateFiles: ["c-cert.pub"] },
        ["c", "b"],
      ],
      ["IdentitiesOnly", { identityFiles: ["a", "b"], identitiesOnly: true }, ["c", "b"]],
      [
        "IdentitiesOnly and a CertificateFile",
        { identityFiles: ["b"], certificateFiles: ["b-cert.pub"], identitiesOnly: true },
        ["c", "b"],
      ],
      ["only the agent", {}, ["b", "a"]],
    ];

  it.each(cases)("%s", async (_, config, inAgent) => {
    for (const name of inAgent) {
      await agent.add(file(name));
    }
    person.agentPath = agent.socket;
    const paths = (names: readonly string[] | undefined): string[] => (names ?? []).map(file);
    const identityFiles = paths(config.identityFiles);
    const certificateFiles = paths(config.certificateFiles);
    const options = [
      ...["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "User=nobody-here"],
      ...["PreferredAuthentications=publickey", `IdentityAgent=${agent.socket}`],
      ...(identityFiles.length === 0
        ? ["IdentityFile=none"]
        : identityFiles.map((name) => `IdentityFile=${name}`)),
      ...certificateFiles.map((name) => `CertificateFile=${name}`),
      ...(config.identitiesOnly === true ? ["IdentitiesOnly=yes"] : []),
    ].flatMap((option) => ["-o", option]);
    const args = ["-v", "-F", "none", "-p", String(host.port), ...options, host.host, "true"];
    const { stderr } = await run("ssh", args).catch((error: { stderr: string }) => error);
    const theirs = [...stderr.matchAll(/Offering public key: (\S+) ED25519(-CERT)?.*?( agent)?$/gm)].map(
      ([, name = "", certificate, fromAgent]) => {
        const path = certificate === undefined || name.endsWith("-cert.pub") ? name : `${name}-cert.pub`;
        return `${path.replace(`${folder}/`, "")}${fromAgent === undefined ? "" : " (agent)"}`;
      },
    );
    const rejected = await person
      .login(host, { ...config, user: "nobody-here", identityFiles, certificateFiles })
      .catch((error: unknown) => error);
    expect(rejected).toBeInstanceOf(AuthError);
    let last = "";
    const ours = person.tried.map((text) => {
      const name = text.replace("publickey: ", "").replace(`${folder}/`, "");
      const comment = /^agent key (.*)$/.exec(name)?.[1];
      // The agent's certificate has the comment of its key, which precedes it.
      const shown = comment === undefined ? name : `${comment}${last === comment ? "-cert.pub" : ""} (agent)`;
      last = comment ?? "";
      return shown;
    });
    // ssh does not name there what signs for a CertificateFile.
    const who = (names: readonly string[]): string[] =>
      names.map((name) =>
        certificateFiles.length > 0 ? name.replace(/(-cert\.pub) \(agent\)$/, "$1") : name,
      );
    expect(theirs.length).toBeGreaterThan(0);
    // `ssh` offers a certificate twice if a file and the agent have it; we offer nothing twice.
    expect(who(ours)).toEqual([...new Set(who(theirs))]);
  });
});
