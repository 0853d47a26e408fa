import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAgentClient } from "../../src/auth/agent/agentClient.ts";
import { collectIdentities } from "../../src/auth/identities.ts";
import { createKeyReader } from "../../src/engine/ssh2/keyReader.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { verifySignature } from "../support/signatures.ts";

const run = promisify(execFile);
const never = new AbortController().signal;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "auth-agent-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a real ssh-agent", () => {
  const socket = (): string => join(folder, "agent");
  const files: string[] = [];
  let agent: ChildProcess;

  async function sshAdd(...args: readonly string[]): Promise<void> {
    await run("ssh-add", ["-q", ...args], { env: { ...process.env, SSH_AUTH_SOCK: socket() } });
  }

  beforeAll(async () => {
    // In the foreground it prints its socket as soon as it listens.
    agent = spawn("ssh-agent", ["-D", "-a", socket()], { stdio: ["ignore", "pipe", "inherit"] });
    await once(agent.stdout ?? agent, "data");
    const kinds = [
      ["-t", "ed25519"],
      ["-t", "ecdsa", "-b", "256"],
      ["-t", "ecdsa", "-b", "521"],
      ["-t", "rsa", "-b", "2048"],
    ];
    for (const [index, options] of kinds.entries()) {
      const file = join(folder, `key${index}`);
      await run("ssh-keygen", ["-q", "-N", "", "-C", `comment ${index}`, "-f", file, ...options]);
      await sshAdd(file);
      files.push(file);
    }
  });

  afterAll(async () => {
    const ended = once(agent, "exit");
    agent.kill();
    await ended;
  });

  it("lists its keys with their comments, and signs with each", async () => {
    const keys = await createAgentClient().list(socket(), never);
    expect(keys.map((key) => key.comment)).toEqual(["comment 0", "comment 1", "comment 2", "comment 3"]);
    for (const [index, key] of keys.entries()) {
      const pub = await readFile(`${files[index]}.pub`, "latin1");
      expect(`${key.type} ${key.publicKey.toString("base64")}`).toBe(pub.split(" ").slice(0, 2).join(" "));
      const data = Buffer.from("to be signed");
      for (const algorithm of key.type === "ssh-rsa" ? ["rsa-sha2-256", "rsa-sha2-512"] : [key.type]) {
        expect(verifySignature(key.publicKey, data, await key.sign(data, algorithm))).toBe(true);
      }
    }
  });

  it("never signs RSA with SHA-1", async () => {
    const rsa = (await createAgentClient().list(socket(), never)).find((key) => key.type === "ssh-rsa");
    await expect(rsa?.sign(Buffer.from("x"), "rsa-sha2-1024")).rejects.toMatchObject({ reason: "refused" });
  });

  it("refuses a key that was removed in the meantime", async () => {
    const [key] = await createAgentClient().list(socket(), never);
    await sshAdd("-d", files[0] ?? "");
    try {
      await expect(key?.sign(Buffer.from("x"), "ssh-ed25519")).rejects.toMatchObject({ reason: "refused" });
    } finally {
      await sshAdd(files[0] ?? "");
    }
  });

  it("offers keys named by files first, with real files", async () => {
    const onlyFile = join(folder, "only-file");
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-a", "1", "-f", onlyFile]);
    const identities = await collectIdentities({
      config: testHostConfig({ identityFiles: [onlyFile, `${files[2]}.pub`, files[1] ?? ""] }),
      agent: createAgentClient(),
      agentPath: socket(),
      reader: createKeyReader(),
      unlock: () => Promise.reject(new Error("not needed")),
      signal: never,
      logger: new RecordingLogger(),
      securityKey: () => () => Promise.reject(new Error("not needed")),
      onProblem: (problem) => expect.unreachable(problem),
    });
    const rest = ["comment 0", "comment 3"].sort();
    const origins = identities.map((identity) => identity.origin);
    expect(origins.slice(0, 2).sort()).toEqual([`${files[1]} (agent)`, `${files[2]}.pub (agent)`].sort());
    expect(origins.slice(2, 4).sort()).toEqual(rest.map((comment) => `agent key ${comment}`));
    expect(origins.slice(4)).toEqual([onlyFile]);
  });
});
