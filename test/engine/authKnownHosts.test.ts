import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { HostKeyError } from "../../src/trust/hostKeyErrors.ts";
import { createHostKeyVerifier } from "../../src/trust/hostKeyVerifier.ts";
import { findKnownHosts, formatKnownHost } from "../../src/trust/knownHosts.ts";
import { createKnownHostsStorage } from "../../src/trust/knownHostsStorage.ts";
import { sha256Fingerprint } from "../../src/trust/publicKeyBlob.ts";
import { makeSeparationFolder } from "../lab/sshdServer.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { keyText } from "../support/publicKeys.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";

const run = promisify(execFile);

/** The output of a program, whatever its exit code. */
async function output(program: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  try {
    return await run(program, args);
  } catch (error) {
    return error as { stdout: string; stderr: string };
  }
}

let folder: string;
const keys: Record<"ed25519" | "ed25519b" | "ecdsa" | "rsa", Buffer> = {
  ed25519: Buffer.alloc(0),
  ed25519b: Buffer.alloc(0),
  ecdsa: Buffer.alloc(0),
  rsa: Buffer.alloc(0),
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "auth-known-hosts-"));
  const makes = {
    ed25519: ["-t", "ed25519"],
    ed25519b: ["-t", "ed25519"],
    ecdsa: ["-t", "ecdsa", "-b", "384"],
    rsa: ["-t", "rsa", "-b", "2048"],
  } as const;
  for (const [name, options] of Object.entries(makes)) {
    const file = join(folder, name);
    await run("ssh-keygen", ["-q", "-N", "", "-C", "", "-f", file, ...options]);
    const text = await readFile(`${file}.pub`, "latin1");
    keys[name as keyof typeof keys] = Buffer.from(text.split(" ")[1] ?? "", "base64");
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Line numbers that `ssh-keygen -F` finds. */
async function keygenFinds(file: string, host: string): Promise<readonly number[]> {
  const { stdout } = await output("ssh-keygen", ["-F", host, "-f", file]);
  return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map((match) => Number(match[1]));
}

describe("known_hosts, compared with ssh-keygen", () => {
  it("finds the same lines for every host", async () => {
    const ed = keyText(keys.ed25519);
    const hashed = formatKnownHost("hashed.example.org", "ssh-ed25519", keys.ed25519, true);
    const text = [
      `plain.example.org ${ed}`,
      `Plain.Example.ORG,192.0.2.7 ${keyText(keys.rsa)} comment`,
      "",
      "# comment",
      `   indented.example.org\t${ed}`,
      `*.example.org,!secret.example.org ${keyText(keys.ecdsa)}`,
      `!secret.example.org,*.example.org ${ed}`,
      `[ported.example.org]:2222 ${ed}`,
      `[*.example.org]:* ${ed}`,
      hashed,
      formatKnownHost("[hashed.example.org]:2222", "ssh-ed25519", keys.ed25519, true),
      `|1|broken ${ed}`,
      `@revoked revoked.example.org ${ed}`,
      `@cert-authority *.ca.example.org ${ed}`,
      `@unknown plain.example.org ${ed}`,
      "plain.example.org",
      "plain.example.org ssh-ed25519",
      `crlf.example.org ${ed}\r`,
      `??.example.org ${ed}`,
      `plain.example.org,${hashed?.split(" ")[0]} ${ed}`,
    ].join("\n");
    const file = join(folder, "table");
    await writeFile(file, `${text}\n`);
    const hosts = [
      "plain.example.org",
      "PLAIN.example.org",
      "192.0.2.7",
      "indented.example.org",
      "secret.example.org",
      "[ported.example.org]:2222",
      "[ported.example.org]:2223",
      "ported.example.org",
      "hashed.example.org",
      "[hashed.example.org]:2222",
      "revoked.example.org",
      "a.ca.example.org",
      "crlf.example.org",
      "ab.example.org",
      "example.org",
      "nobody",
    ];
    for (const host of hosts) {
      const ours = (await findKnownHosts(file, await readFile(file, "latin1"), host)).entries.map(
        (entry) => entry.line,
      );
      expect({ host, lines: ours }).toEqual({ host, lines: await keygenFinds(file, host) });
    }
  });

  it("finds lines hashed by ssh-keygen -H, and ssh-keygen finds the hashed lines that we write", async () => {
    const file = join(folder, "hashes");
    await writeFile(file, `one.example.org,[two.example.org]:2222 ${keyText(keys.ed25519)}\n`);
    await run("ssh-keygen", ["-H", "-f", file]);
    const text = await readFile(file, "latin1");
    expect(text).not.toContain("example.org");
    for (const host of ["one.example.org", "[two.example.org]:2222"]) {
      expect((await findKnownHosts(file, text, host)).entries).toHaveLength(1);
    }

    const written = join(folder, "written");
    const storage = createKnownHostsStorage(folder);
    for (const host of ["one.example.org", "[two.example.org]:2222"]) {
      await storage.append(written, formatKnownHost(host, "ssh-ed25519", keys.ed25519, true) ?? "");
    }
    expect(await keygenFinds(written, "one.example.org")).toEqual([1]);
    expect(await keygenFinds(written, "[two.example.org]:2222")).toEqual([2]);
  });

  it("prints the same fingerprints", async () => {
    for (const [name, key] of Object.entries(keys)) {
      const { stdout } = await run("ssh-keygen", ["-l", "-f", join(folder, `${name}.pub`)]);
      expect(stdout.split(" ")[1]).toBe(sha256Fingerprint(key));
    }
  });
});

/**
 * The decision of the system's `ssh` about a server (an `sshd -i` behind ProxyCommand) that has only the ed25519 key.
 */
async function sshSays(knownHosts: string, port: number, alias: string | undefined): Promise<string> {
  const config = join(folder, "sshd_config");
  await makeSeparationFolder();
  await writeFile(config, `HostKey ${join(folder, "ed25519")}\nPidFile none\nUsePAM no\n`);
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${knownHosts}`,
    "GlobalKnownHostsFile=none",
    "PreferredAuthentications=none",
    `ProxyCommand=/usr/sbin/sshd -i -f ${config}`,
    ...(alias === undefined ? [] : [`HostKeyAlias=${alias}`]),
  ];
  const { stderr } = await output("ssh", [
    "-F",
    "none",
    "-p",
    String(port),
    ...options.flatMap((option) => ["-o", option]),
    "server.example.org",
    "true",
  ]);
  if (/WARNING: REVOKED HOST KEY/.test(stderr)) {
    return "revoked";
  }
  const offending = /Offending \S+ key in .*:(\d+)/.exec(stderr);
  if (offending !== null) {
    return `changed, line ${offending[1]}`;
  }
  if (/No \S+ host key is known/.test(stderr)) {
    return "unknown";
  }
  return /Permission denied/.test(stderr) ? "accepted" : stderr;
}

async function weSay(knownHosts: string, changes: Partial<HostConfig>): Promise<string> {
  const verifier = createHostKeyVerifier({
    config: testHostConfig({
      strictHostKeyChecking: "yes",
      userKnownHostsFiles: [knownHosts],
      ...changes,
    }),
    prompter: { confirmUnknown: () => Promise.reject(new Error("asked")) },
    logger: new RecordingLogger(),
  });
  try {
    await verifier.verify(keys.ed25519, undefined, new AbortController().signal);
    return "accepted";
  } catch (error) {
    if (!HostKeyError.is(error)) {
      throw error;
    }
    return error.reason === "changed" ? `changed, line ${error.line}` : error.reason;
  }
}

describe("decisions about host keys, compared with ssh", () => {
  const cases: readonly (readonly [what: string, text: () => string, port?: number, alias?: string])[] = [
    ["nothing known", () => ""],
    ["the key known", () => `server.example.org ${keyText(keys.ed25519)}`],
    ["another key of the type", () => `server.example.org ${keyText(keys.ed25519b)}`],
    ["another type only", () => `server.example.org ${keyText(keys.rsa)}`],
    [
      "two other types",
      () => `server.example.org ${keyText(keys.rsa)}\nserver.example.org ${keyText(keys.ecdsa)}`,
    ],
    [
      "another and the right one",
      () => `server.example.org ${keyText(keys.ed25519b)}\nserver.example.org ${keyText(keys.ed25519)}`,
    ],
    ["revoked", () => `@revoked * ${keyText(keys.ed25519)}\nserver.example.org ${keyText(keys.ed25519)}`],
    [
      "revoked behind a tab",
      () => `@revoked\t* ${keyText(keys.ed25519)}\nserver.example.org ${keyText(keys.ed25519)}`,
    ],
    ["authority only", () => `@cert-authority * ${keyText(keys.ed25519)}`],
    ["a port", () => `[server.example.org]:2222 ${keyText(keys.ed25519)}`, 2222],
    ["a port, bare name known", () => `server.example.org ${keyText(keys.ed25519)}`, 2222],
    ["a port, bare name has another key", () => `server.example.org ${keyText(keys.ed25519b)}`, 2222],
    ["a port, pattern", () => `*.example.org ${keyText(keys.ed25519)}`, 2222],
    ["an alias with a port", () => `the-alias ${keyText(keys.ed25519)}`, 2222, "The-Alias"],
    ["an alias that is not known", () => `server.example.org ${keyText(keys.ed25519)}`, 22, "The-Alias"],
    [
      "a broken line before",
      () => `server.example.org ssh-rsa AAAA\nserver.example.org ${keyText(keys.ed25519)}`,
    ],
    ["a negation", () => `*.example.org,!server.example.org ${keyText(keys.ed25519)}`],
  ];
  for (const [what, text, port = 22, alias] of cases) {
    it(what, async () => {
      const file = join(folder, "decision");
      await writeFile(file, `${text()}\n`);
      const theirs = await sshSays(file, port, alias);
      expect(theirs).toMatch(/^(?:accepted|unknown|revoked|changed, line \d+)$/);
      expect(await weSay(file, { port, ...(alias === undefined ? {} : { hostKeyAlias: alias }) })).toBe(
        theirs,
      );
    });
  }
});
