import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAgentClient } from "../../src/auth/agent/agentClient.ts";
import { AuthError } from "../../src/auth/authErrors.ts";
import { createAuthenticator } from "../../src/auth/authenticator.ts";
import { KeyRing } from "../../src/auth/keys/keyRing.ts";
import { CancelledError } from "../../src/base/errors.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { createKeyReader } from "../../src/engine/ssh2/keyReader.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { HostKeyError } from "../../src/trust/hostKeyErrors.ts";
import { createHostKeyVerifier } from "../../src/trust/hostKeyVerifier.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { FakePrompter, MemorySecrets } from "../support/authFakes.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";

const run = promisify(execFile);
let folder: string;
let host: SshdHost;
let made = 0;

/** One user in one window who logs in to the lab host. */
class Person {
  readonly prompter = new FakePrompter();
  readonly secrets = new MemorySecrets();
  readonly logger = new RecordingLogger();
  readonly reader = createKeyReader();
  readonly keyRing = new KeyRing(this.reader, this.secrets, this.logger);
  agentPath: string | undefined;

  /** Logs in and disconnects. @returns the method that succeeded */
  async login(changes: Partial<HostConfig> = {}): Promise<string> {
    const config = testHostConfig({
      hostName: host.host,
      port: host.port,
      user: host.user,
      strictHostKeyChecking: "yes",
      userKnownHostsFiles: [host.knownHostsFile],
      ...changes,
    });
    const abort = new AbortController();
    const connection = await new Ssh2Engine().connect(
      {
        config,
        tcpKeepAlive: true,
        verifier: createHostKeyVerifier({
          config,
          prompter: { confirmUnknown: () => Promise.reject(new Error("not expected")) },
          logger: this.logger,
        }),
        authenticator: createAuthenticator({
          config,
          prompter: this.prompter,
          secrets: this.secrets,
          agent: createAgentClient(),
          reader: this.reader,
          keyRing: this.keyRing,
          logger: this.logger,
          signal: abort.signal,
          pause: (work) => work(),
          env: { SSH_AUTH_SOCK: this.agentPath },
        }),
        logger: this.logger,
      },
      abort.signal,
    );
    connection.close();
    return connection.info.authMethod;
  }

  async refused(changes: Partial<HostConfig> = {}): Promise<AuthError> {
    const error: unknown = await this.login(changes).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(AuthError);
    return error as AuthError;
  }
}

let person: Person;

async function makeKey(options: readonly string[], authorized = true): Promise<string> {
  const file = join(folder, `key${made++}`);
  await run("ssh-keygen", ["-q", "-N", "", "-C", file, "-f", file, ...options]);
  if (authorized) {
    await host.authorize((await readFile(`${file}.pub`, "utf8")).trim());
  }
  return file;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "auth-login-"));
  host = await startSshd({
    user: "throwaway",
    hostKeys: ["ed25519", "ecdsa-256", "rsa-2048"],
    // Without PAM, which delays each reply to a wrong password by some seconds.
    sshd: { PasswordAuthentication: "yes" },
  });
});

afterAll(async () => {
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  person = new Person();
});

function password(): string {
  return host.password ?? expect.unreachable("the lab's user has a password");
}

/** Fingerprints of the keys that the server refused while `login` ran, in order, from its log. */
async function offeredDuring(login: () => Promise<void>): Promise<readonly string[]> {
  const before = host.log().length;
  await login();
  await host.waitForLog(/(?:Connection closed|Disconnected) .*\[preauth\]\s*$/);
  return [
    ...host
      .log()
      .slice(before)
      .matchAll(/Failed publickey for .* (SHA256:\S+)/g),
  ].map((match) => match[1] ?? "");
}

/** The system's `ssh`, whose login is refused. */
async function sshLogin(options: {
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly agent: string;
}): Promise<void> {
  const lines = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${host.knownHostsFile}`,
    `IdentitiesOnly=${options.identitiesOnly ? "yes" : "no"}`,
    `IdentityAgent=${options.agent}`,
    ...options.identityFiles.map((file) => `IdentityFile=${file}`),
  ];
  const login = run("ssh", [
    "-F",
    "none",
    "-p",
    String(host.port),
    ...lines.flatMap((line) => ["-o", line]),
    `${host.user}@${host.host}`,
    "true",
  ]);
  await expect(login).rejects.toMatchObject({ code: 255 });
}

describe("keys from files", () => {
  const kinds: readonly (readonly [name: string, options: readonly string[]])[] = [
    ["ed25519", ["-t", "ed25519"]],
    ["ecdsa 256", ["-t", "ecdsa", "-b", "256"]],
    ["ecdsa 384", ["-t", "ecdsa", "-b", "384"]],
    ["ecdsa 521", ["-t", "ecdsa", "-b", "521"]],
    ["rsa", ["-t", "rsa", "-b", "3072"]],
    ["rsa in PEM", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
    ["ecdsa in PKCS#8", ["-t", "ecdsa", "-m", "PKCS8"]],
  ];
  for (const [name, options] of kinds) {
    it(`${name} logs in`, async () => {
      expect(await person.login({ identityFiles: [await makeKey(options)] })).toBe("publickey");
    });

    it(`${name}, encrypted, logs in after one question; the next login asks nothing`, async () => {
      const file = await makeKey([...options, "-N", "secret", "-a", "2"]);
      person.prompter.passphrases = ["wrong", "secret"];
      for (let round = 0; round < 2; round++) {
        expect(await person.login({ identityFiles: [file] })).toBe("publickey");
      }
      expect(person.prompter.asked).toEqual([`passphrase ${file} 1`, `passphrase ${file} 2`]);
    });
  }

  it("a key with 100 rounds of bcrypt logs in", async () => {
    const file = await makeKey(["-t", "ed25519", "-N", "secret", "-a", "100"]);
    person.prompter.passphrases = ["secret"];
    expect(await person.login({ identityFiles: [file] })).toBe("publickey");
  });

  it("finds the accepted key after others that the server refuses", async () => {
    const identityFiles = [
      await makeKey(["-t", "ed25519"], false),
      await makeKey(["-t", "rsa"], false),
      await makeKey(["-t", "ecdsa"]),
    ];
    expect(await person.login({ identityFiles })).toBe("publickey");
  });

  it("does not use a file that others may read, and the error says why", async () => {
    const file = await makeKey(["-t", "ed25519"]);
    await chmod(file, 0o644);
    const error = await person.refused({ identityFiles: [file], batchMode: true });
    expect(error).toMatchObject({ reason: "nothing-to-try", tried: [] });
    expect(error.problems).toEqual([`${file}: its permissions 0644 let others read it; chmod 600 it`]);
    expect(error.methodsLeft).toContain("publickey");
  });

  it("too many wrong keys: the login ends with its own error", async () => {
    const identityFiles: string[] = [];
    for (let count = 0; count < 8; count++) {
      identityFiles.push(await makeKey(["-t", "ed25519"], false));
    }
    const error = await person.refused({ identityFiles });
    expect(error.reason).toBe("too-many-failures");
    expect(error.tried.length).toBeGreaterThan(3);
    expect(new Set(error.tried).size).toBe(error.tried.length);
  });

  it("dismissing the passphrase question cancels the login", async () => {
    const file = await makeKey(["-t", "ed25519", "-N", "secret", "-a", "1"]);
    await expect(person.login({ identityFiles: [file] })).rejects.toBeInstanceOf(CancelledError);
  });

  it("three wrong passphrases: the next key is tried", async () => {
    const identityFiles = [
      await makeKey(["-t", "ed25519", "-N", "secret", "-a", "1"]),
      await makeKey(["-t", "ed25519"]),
    ];
    person.prompter.passphrases = ["1", "2", "3"];
    expect(await person.login({ identityFiles })).toBe("publickey");
  });
});

describe("keys from an agent", () => {
  let agent: ChildProcess;
  let socket: string;

  beforeEach(async () => {
    socket = join(folder, `agent${made++}`);
    agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "inherit"] });
    await once(agent.stdout ?? agent, "data");
    person.agentPath = socket;
  });

  afterEach(async () => {
    const ended = once(agent, "exit");
    agent.kill();
    await ended;
  });

  async function add(file: string): Promise<void> {
    await run("ssh-add", ["-q", file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    await rm(file);
  }

  for (const options of [
    ["-t", "ed25519"],
    ["-t", "ecdsa", "-b", "521"],
    ["-t", "rsa", "-b", "2048"],
  ]) {
    it(`${options[1]} logs in after a key that the server refuses`, async () => {
      await add(await makeKey(["-t", "ed25519"], false));
      await add(await makeKey(options));
      expect(await person.login()).toBe("publickey");
    });
  }

  it("a key named by a .pub file is preferred among more keys than the server allows attempts", async () => {
    for (let count = 0; count < 7; count++) {
      await add(await makeKey(["-t", "ed25519"], false));
    }
    const file = await makeKey(["-t", "ed25519"]);
    await add(file);
    expect((await person.refused()).reason).toBe("too-many-failures");
    expect(await person.login({ identityFiles: [file], identityFilesAreDefault: false })).toBe("publickey");
    expect(await person.login({ identityFiles: [`${file}.pub`], identitiesOnly: true })).toBe("publickey");
  });

  for (const identitiesOnly of [false, true]) {
    it(`keys are offered in the order of ssh (IdentitiesOnly ${identitiesOnly ? "yes" : "no"})`, async () => {
      const [first, both, encrypted, last] = [
        await makeKey(["-t", "ecdsa"], false),
        await makeKey(["-t", "ed25519"], false),
        await makeKey(["-t", "ed25519", "-N", "secret", "-a", "1"], false),
        await makeKey(["-t", "rsa", "-b", "2048"], false),
      ];
      await add(await makeKey(["-t", "ed25519"], false));
      await run("ssh-add", ["-q", both], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      await add(await makeKey(["-t", "ecdsa"], false));
      const identityFiles = [first, both, encrypted, first, last];
      await host.reconfigure({ MaxAuthTries: 20 });
      try {
        const ours = await offeredDuring(async () => {
          await person.refused({
            identityFiles,
            identitiesOnly,
            batchMode: true,
            identityFilesAreDefault: false,
          });
        });
        const theirs = await offeredDuring(() => sshLogin({ identityFiles, identitiesOnly, agent: socket }));
        expect(theirs).toHaveLength(identitiesOnly ? 4 : 6);
        expect(ours).toEqual(theirs);
      } finally {
        await host.reconfigure({});
      }
    });
  }

  it("IdentityAgent none disables the agent", async () => {
    await add(await makeKey(["-t", "ed25519"]));
    expect((await person.refused({ identityAgent: "none", batchMode: true })).reason).toBe("nothing-to-try");
  });

  it("a key file logs in although no agent listens at the path", async () => {
    const file = await makeKey(["-t", "ed25519"]);
    expect(await person.login({ identityAgent: join(folder, "nobody"), identityFiles: [file] })).toBe(
      "publickey",
    );
  });

  it("certificates of ed25519, ecdsa and rsa keys log in", async () => {
    const authority = await makeKey(["-t", "ed25519"], false);
    await host.reconfigure({ TrustedUserCAKeys: `${authority}.pub` });
    try {
      for (const options of [
        ["-t", "ed25519"],
        ["-t", "ecdsa", "-b", "384"],
        ["-t", "rsa", "-b", "2048"],
      ]) {
        const file = await makeKey(options, false);
        await run("ssh-keygen", ["-q", "-s", authority, "-I", "me", "-n", host.user, `${file}.pub`]);
        await add(file);
        expect(await person.login()).toBe("publickey");
        await run("ssh-add", ["-q", "-D"], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      }
    } finally {
      await host.reconfigure({});
    }
  });

  it("RSA with SHA-1 signs only if PubkeyAcceptedAlgorithms allows it, for agent and files", async () => {
    const file = await makeKey(["-t", "rsa", "-b", "2048"]);
    await host.reconfigure({ PubkeyAcceptedAlgorithms: "ssh-rsa" });
    const old = ["ssh-ed25519", "ssh-rsa"];
    try {
      for (const where of ["file", "agent"] as const) {
        const identityFiles = where === "file" ? [file] : [];
        // This server accepts only SHA-1 but announces more.
        await person.refused({ identityFiles, batchMode: true });
        expect(await person.login({ identityFiles, pubkeyAcceptedAlgorithms: old })).toBe("publickey");
        if (where === "file") {
          await add(file);
        }
      }
    } finally {
      await host.reconfigure({});
    }
  });

  it("a key and a second factor log in", async () => {
    await add(await makeKey(["-t", "ed25519"], false));
    await add(await makeKey(["-t", "ed25519"]));
    await host.reconfigure({ AuthenticationMethods: "publickey,password" });
    try {
      person.prompter.passwords = [password()];
      expect(await person.login()).toBe("publickey,password");
    } finally {
      await host.reconfigure({});
    }
  });
});

describe("passwords", () => {
  const key = (): string => `password:${host.user}@${host.host}:${host.port}`;

  it("the right password logs in, and is saved if the user chose to", async () => {
    person.prompter.passwords = ["wrong", { value: password(), remember: true }];
    expect(await person.login()).toBe("password");
    expect([...person.secrets.values]).toEqual([[key(), password()]]);
    expect(await person.login()).toBe("password");
    expect(person.prompter.asked).toEqual(["password 1", "password 2"]);
  });

  it("three wrong passwords end the login without a fourth question", async () => {
    person.prompter.passwords = ["1", "2", "3", password()];
    const error = await person.refused();
    expect(error).toMatchObject({ reason: "refused", tried: ["password", "password", "password"] });
    expect(person.prompter.asked).toHaveLength(3);
    expect(JSON.stringify([error, person.logger.lines])).not.toContain(password());
  });

  it("a wrong stored password is deleted, and the user is asked", async () => {
    person.secrets.values.set(key(), "old");
    person.prompter.passwords = [password()];
    expect(await person.login()).toBe("password");
    expect([...person.secrets.values]).toEqual([]);
  });

  it("a stored password is kept if the server disconnects without a refusal", async () => {
    await host.reconfigure({ MaxAuthTries: 1 });
    try {
      person.secrets.values.set(key(), "old");
      expect((await person.refused()).reason).toBe("too-many-failures");
      expect([...person.secrets.values]).toEqual([[key(), "old"]]);
    } finally {
      await host.reconfigure({});
    }
  });

  it("dismissing the question cancels the login", async () => {
    await expect(person.login()).rejects.toBeInstanceOf(CancelledError);
  });

  it("BatchMode asks nothing", async () => {
    expect((await person.refused({ batchMode: true })).reason).toBe("nothing-to-try");
    expect(person.prompter.asked).toEqual([]);
  });
});

describe("keyboard-interactive, by PAM", () => {
  const byPam = { UsePAM: "yes", PasswordAuthentication: "no", KbdInteractiveAuthentication: "yes" };

  beforeAll(() => host.reconfigure(byPam));
  afterAll(() => host.reconfigure({}));

  it("the right password logs in, and is saved if the user chose to", async () => {
    person.prompter.passwords = ["wrong", { value: password(), remember: true }];
    expect(await person.login()).toBe("keyboard-interactive");
    expect(await person.login()).toBe("keyboard-interactive");
    expect(person.prompter.asked).toEqual(["password 1", "password 2"]);
  });

  it("three wrong passwords end the login", async () => {
    person.prompter.passwords = ["1", "2", "3", password()];
    expect((await person.refused()).tried).toEqual(Array(3).fill("keyboard-interactive"));
  });

  it("dismissing the question cancels the login", async () => {
    await expect(person.login()).rejects.toBeInstanceOf(CancelledError);
  });

  it("a key and then a password", async () => {
    await host.reconfigure({ ...byPam, AuthenticationMethods: "publickey,keyboard-interactive" });
    const file = await makeKey(["-t", "ed25519"]);
    person.prompter.passwords = [password()];
    expect(await person.login({ identityFiles: [file] })).toBe("publickey,keyboard-interactive");
  });
});

describe("several factors", () => {
  afterEach(() => host.reconfigure({}));

  it("two keys", async () => {
    await host.reconfigure({ AuthenticationMethods: "publickey,publickey" });
    const identityFiles = [
      await makeKey(["-t", "ed25519"]),
      await makeKey(["-t", "ed25519"], false),
      await makeKey(["-t", "ecdsa"]),
    ];
    expect(await person.login({ identityFiles })).toBe("publickey,publickey");
  });

  it("password first, then a key", async () => {
    await host.reconfigure({ AuthenticationMethods: "password,publickey" });
    const file = await makeKey(["-t", "ed25519"]);
    person.prompter.passwords = ["wrong", password()];
    expect(await person.login({ identityFiles: [file] })).toBe("password,publickey");
  });

  it("a key and three wrong passwords end the login", async () => {
    await host.reconfigure({ AuthenticationMethods: "publickey,password", MaxAuthTries: 10 });
    const file = await makeKey(["-t", "ed25519"]);
    person.prompter.passwords = ["1", "2", "3", password()];
    expect(await person.refused({ identityFiles: [file] })).toMatchObject({
      reason: "refused",
      methodsLeft: ["password"],
      tried: [`publickey: ${file}`, "password", "password", "password"],
    });
  });
});

describe("host keys", () => {
  it("requests the known key from a server with several keys", async () => {
    const file = await makeKey(["-t", "ed25519"]);
    for (const line of host.hostKeyLines) {
      const knownHosts = join(folder, `known${made++}`);
      await writeFile(knownHosts, `[${host.host}]:${host.port} ${line}\n`);
      await person.login({ identityFiles: [file], userKnownHostsFiles: [knownHosts] });
    }
  });

  it("accept-new records an unknown key in a form that ssh-keygen finds", async () => {
    const file = await makeKey(["-t", "ed25519"]);
    const knownHosts = join(folder, `known${made++}`);
    const changes = { identityFiles: [file], userKnownHostsFiles: [knownHosts], hashKnownHosts: true };
    await person.login({ ...changes, strictHostKeyChecking: "accept-new" });
    await person.login({ ...changes, strictHostKeyChecking: "yes" });
    const { stdout } = await run("ssh-keygen", ["-F", `[${host.host}]:${host.port}`, "-f", knownHosts]);
    expect(stdout).toContain("found: line 1");
  });

  it("a changed key ends the login before anything is sent", async () => {
    const file = await makeKey(["-t", "ed25519"]);
    const other = (await readFile(`${await makeKey(["-t", "ed25519"], false)}.pub`, "utf8")).trim();
    const knownHosts = join(folder, `known${made++}`);
    await writeFile(knownHosts, `# mine\n[${host.host}]:${host.port} ${other}\n`);
    const error: unknown = await person
      .login({ identityFiles: [file], userKnownHostsFiles: [knownHosts], strictHostKeyChecking: "ask" })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HostKeyError);
    expect(error).toMatchObject({ reason: "changed", file: knownHosts, line: 2 });
    expect(person.prompter.asked).toEqual([]);
  });
});
