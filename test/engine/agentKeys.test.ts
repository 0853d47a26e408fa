import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuthError } from "../../src/auth/authErrors.ts";
import { type LabAgent, startAgent } from "../lab/agent.ts";
import { type KeyKind, makeKey } from "../lab/keys.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { LoginPerson } from "../support/loginPerson.ts";

let folder: string;
let host: SshdHost;
let agent: LabAgent;
let person: LoginPerson;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-keys-"));
  host = await startSshd();
});

afterAll(async () => {
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  agent = await startAgent();
  person = new LoginPerson();
  person.agentPath = agent.socket;
});

afterEach(() => agent.stop());

describe("a key that was added to the agent for one host only (ssh-add -h)", () => {
  it("logs in there, because the agent receives the proof of the server's key", async () => {
    const place = `[${host.host}]:${host.port}`;
    await agent.add(host.keyFile, { args: ["-H", host.knownHostsFile, "-h", place] });
    const connection = await person.connect(host);
    // Later key exchanges don't change it.
    connection.rekey();
    connection.destroy();
    expect(person.tried).toHaveLength(1);
  });

  it("is not offered to other hosts", async () => {
    const other = join(folder, "other_hosts");
    const key = await makeKey(join(folder, "other"));
    await writeFile(other, `other.example.org ${key.publicLine}\n`);
    await agent.add(host.keyFile, { args: ["-H", other, "-h", "other.example.org"] });
    await expect(person.login(host)).rejects.toBeInstanceOf(AuthError);
    expect(person.tried).toEqual([]);
  });
});

describe("an agent with 50 keys", () => {
  beforeEach(async () => {
    for (let index = 0; index < 49; index++) {
      const file = join(folder, `many${index}`);
      if (!existsSync(file)) {
        await makeKey(file);
      }
      await agent.add(file);
    }
    await agent.add(host.keyFile);
  });

  it("logs in to a server that allows 6 attempts if IdentityFile names the key, as in ssh", async () => {
    const files = { identityFiles: [`${host.keyFile}.pub`] };
    expect(await person.login(host, files)).toEqual([`publickey: ${host.keyFile}.pub (agent)`]);
    expect(await person.login(host, { ...files, identitiesOnly: true })).toHaveLength(1);
  });

  it("fails there otherwise, and the error says so", async () => {
    await expect(person.login(host)).rejects.toMatchObject({ reason: "too-many-failures" });
    expect(person.tried.length).toBeLessThanOrEqual(7);
  });
});

describe("AddKeysToAgent", () => {
  const kinds: readonly KeyKind[] = ["ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-2048"];

  it.each(kinds)(
    "yes: a key of type %s is in the agent after its login, and serves the next one",
    async (kind) => {
      const key = await makeKey(join(folder, `add-${kind}`), { kind, comment: `my ${kind}` });
      await host.authorize(key.publicLine);
      const config = { identityFiles: [key.file], addKeysToAgent: { mode: "yes" } as const };
      await person.login(host, config);
      expect((await agent.list()).map((line) => line.split(" ").slice(2, -1).join(" "))).toEqual([
        `my ${kind}`,
      ]);
      expect(await person.login(host, config)).toEqual([`publickey: ${key.file} (agent)`]);
    },
  );

  it("an encrypted key asks for its passphrase once", async () => {
    const key = await makeKey(join(folder, "add-locked"), { passphrase: "secret", rounds: 1 });
    await host.authorize(key.publicLine);
    person.prompter.passphrases = ["secret"];
    await person.login(host, { identityFiles: [key.file], addKeysToAgent: { mode: "yes" } });
    expect(await agent.list()).toHaveLength(1);
  });

  it("ask: adds the key only with consent", async () => {
    const config = { identityFiles: [host.keyFile], addKeysToAgent: { mode: "ask" } as const };
    await person.login(host, config);
    expect(await agent.list()).toEqual([]);
    Object.assign(person.prompter, { addToAgent: async () => true });
    await person.login(host, config);
    expect(await agent.list()).toHaveLength(1);
  });

  it("a time: the agent drops the key after it", async () => {
    const addKeysToAgent = { mode: "yes", seconds: 1 } as const;
    await person.login(host, { identityFiles: [host.keyFile], addKeysToAgent });
    // There is no event for it; the test's own time limit ends a failure.
    while ((await agent.list()).length > 0) {
      await delay(50);
    }
  });

  it("confirm: the agent asks before it signs; without an answer the login fails", async () => {
    const config = { identityFiles: [host.keyFile], addKeysToAgent: { mode: "confirm" } as const };
    await person.login(host, config);
    expect(await agent.list()).toHaveLength(1);
    await expect(person.login(host, config)).rejects.toBeInstanceOf(AuthError);
  });

  it("a locked agent does not prevent the login", async () => {
    await agent.lock("x");
    await person.login(host, { identityFiles: [host.keyFile], addKeysToAgent: { mode: "yes" } });
    expect(person.logger.complaints.join("\n")).toContain("could not be added to the agent");
  });
});
