import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { HostKeyError } from "../../src/trust/hostKeyErrors.ts";
import { createHostKeyVerifier } from "../../src/trust/hostKeyVerifier.ts";
import { checkRevoked } from "../../src/trust/revokedKeys.ts";
import { isRunning } from "../lab/processTree.ts";
import { makeSeparationFolder } from "../lab/sshdServer.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { keyText } from "../support/publicKeys.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";

const run = promisify(execFile);

let folder: string;

function path(name: string): string {
  return join(folder, name);
}

async function blob(name: string): Promise<Buffer> {
  const [, base64 = ""] = (await readFile(path(name), "latin1")).split(" ");
  return Buffer.from(base64, "base64");
}

async function keygen(...args: readonly string[]): Promise<void> {
  await run("ssh-keygen", ["-q", ...args], { cwd: folder });
}

const plainKeys = ["ed", "other", "ecdsa", "rsa"] as const;
const certificates = ["one", "two", "three"] as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "auth-revoked-"));
  for (const [name, ...options] of [
    ["ca", "-t", "ed25519"],
    ["otherca", "-t", "ed25519"],
    ["ed", "-t", "ed25519"],
    ["other", "-t", "ed25519"],
    ["ecdsa", "-t", "ecdsa", "-b", "521"],
    ["rsa", "-t", "rsa", "-b", "2048"],
  ] as const) {
    await keygen("-N", "", "-C", "", "-f", name, ...options);
  }
  for (const [name, ca, key, ...options] of [
    ["one", "ca", "ed", "-z", "7", "-I", "first"],
    ["two", "ca", "ecdsa", "-z", "1000", "-I", "second"],
    ["three", "otherca", "rsa", "-z", "7", "-I", "first"],
  ] as const) {
    await keygen("-h", "-s", ca, "-n", "server.example.org", ...options, `${key}.pub`);
    await run("mv", [path(`${key}-cert.pub`), path(`${name}.pub`)]);
  }
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Makes a key revocation list with ssh-keygen. */
async function list(name: string, specification: string, ...args: readonly string[]): Promise<string> {
  await writeFile(path(`${name}.spec`), specification);
  await keygen("-k", "-f", path(name), ...args, path(`${name}.spec`));
  return path(name);
}

/** The verdict of `ssh-keygen -Q` about a key. */
async function theirs(file: string, key: string): Promise<string> {
  try {
    await run("ssh-keygen", ["-Q", "-f", file, path(`${key}.pub`)]);
    return "clear";
  } catch (error) {
    return (error as { code: number; stdout: string }).stdout.includes("REVOKED") ? "revoked" : "unknown";
  }
}

async function ours(file: string, key: string): Promise<string> {
  return (await checkRevoked([file], await blob(`${key}.pub`))).status;
}

describe("key revocation lists, compared with ssh-keygen -Q", () => {
  const sections: [what: string, specification: () => Promise<string>, ca?: string][] = [
    ["nothing", async () => ""],
    ["an explicit key", async () => `key: ${keyText(await blob("ed.pub"))}`],
    ["a key by its SHA-1 fingerprint", async () => `sha1: ${keyText(await blob("ecdsa.pub"))}`],
    ["a key by its SHA-256 fingerprint", async () => `sha256: ${keyText(await blob("rsa.pub"))}`],
    ["one serial number", async () => "serial: 7", "ca"],
    ["a range of serial numbers", async () => "serial: 900-1100", "ca"],
    ["many single serial numbers, written as a list", async () => serials([7, 100_000, 9_000_000_000]), "ca"],
    ["many near serial numbers, written as a bitmap", async () => serials([1, 3, 5, 7, 9, 12, 15]), "ca"],
    ["another bit of a bitmap", async () => serials([1, 3, 5, 8, 9, 12, 15, 1001, 1003]), "ca"],
    ["serial numbers of another authority", async () => "serial: 7", "otherca"],
    ["key ids", async () => "id: second\nid: third", "ca"],
    ["an authority's key", async () => `key: ${keyText(await blob("ca.pub"))}`],
    ["an authority's fingerprint", async () => `sha256: ${keyText(await blob("otherca.pub"))}`],
    ["a mixture", async () => `serial: 7\nid: second\nkey: ${keyText(await blob("other.pub"))}`, "otherca"],
  ];
  it.each<[string, () => Promise<string>, string?]>(sections)("%s", async (_, specification, ca) => {
    const file = await list("krl", await specification(), ...(ca === undefined ? [] : ["-s", `${ca}.pub`]));
    for (const key of [...plainKeys, ...certificates]) {
      expect([key, await ours(file, key)]).toEqual([key, await theirs(file, key)]);
    }
  });

  it("without an authority, serial numbers and ids apply to all authorities", async () => {
    const file = await list("wild", "serial: 7", "-s", "none");
    expect(await ours(file, "one")).toBe("revoked");
    expect(await ours(file, "three")).toBe("revoked");
    expect(await ours(file, "two")).toBe("clear");
  });

  it("a truncated list refuses every key", async () => {
    const whole = await readFile(
      await list("cut", `key: ${keyText(await blob("other.pub"))}\nserial: 1-5\nid: x`, "-s", "ca.pub"),
    );
    // After the header, a list cut between two sections is a valid list with fewer sections.
    const clear: number[] = [];
    for (let length = 1; length < whole.length; length++) {
      await writeFile(path("cut"), whole.subarray(0, length));
      const status = await ours(path("cut"), "ed");
      expect(["clear", "unknown"]).toContain(status);
      if (status === "clear") {
        clear.push(length);
      }
    }
    for (const length of [...clear, 3, 8, 20, 44, whole.length - 1]) {
      await writeFile(path("cut"), whole.subarray(0, length));
      expect([length, await ours(path("cut"), "ed")]).toEqual([length, await theirs(path("cut"), "ed")]);
    }
    expect(clear.length).toBeLessThan(4);
  });
});

function serials(numbers: readonly number[]): string {
  return numbers.map((number) => `serial: ${number}`).join("\n");
}

/**
 * The decision of the system's `ssh` about a server (an `sshd -i` behind ProxyCommand) that has only the ed25519 key.
 */
async function sshSays(options: readonly string[]): Promise<string> {
  const config = path("sshd_config");
  await makeSeparationFolder();
  await writeFile(config, `HostKey ${path("ed")}\nPidFile none\nUsePAM no\n`);
  // The first value of an option applies.
  const all = [
    ...options,
    "BatchMode=yes",
    "StrictHostKeyChecking=accept-new",
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    "PreferredAuthentications=none",
    `ProxyCommand=/usr/sbin/sshd -i -f ${config}`,
  ];
  try {
    await run("ssh", [
      "-F",
      "none",
      ...all.flatMap((option) => ["-o", option]),
      "server.example.org",
      "true",
    ]);
    return "accepted";
  } catch (error) {
    return /Permission denied/.test((error as { stderr: string }).stderr) ? "accepted" : "refused";
  }
}

async function weSay(changes: Partial<HostConfig>): Promise<string> {
  const verifier = createHostKeyVerifier({
    config: testHostConfig({
      strictHostKeyChecking: "accept-new",
      userKnownHostsFiles: ["/dev/null"],
      globalKnownHostsFiles: ["/dev/null"],
      ...changes,
    }),
    prompter: { confirmUnknown: () => Promise.reject(new Error("asked")) },
    logger: new RecordingLogger(),
    mayRunCommands: true,
  });
  try {
    await verifier.verify(await blob("ed.pub"), undefined, new AbortController().signal);
    return "accepted";
  } catch (error) {
    if (!HostKeyError.is(error)) {
      throw error;
    }
    return "refused";
  }
}

describe("RevokedHostKeys, compared with ssh", () => {
  const cases: readonly (readonly [what: string, make: (file: string) => Promise<void>])[] = [
    ["an empty file", (file) => writeFile(file, "")],
    ["no file", (file) => rm(file, { force: true })],
    ["a folder", (file) => mkdir(file)],
    ["another key", async (file) => writeFile(file, `${keyText(await blob("other.pub"))}\n`)],
    ["the key", async (file) => writeFile(file, `# c\n\n  ${keyText(await blob("ed.pub"))} comment\n`)],
    [
      "the key behind another",
      async (file) => writeFile(file, `${keyText(await blob("rsa.pub"))}\n${keyText(await blob("ed.pub"))}`),
    ],
    ["a key with CRLF", async (file) => writeFile(file, `${keyText(await blob("other.pub"))} c\r\n`)],
    ["a certificate of the key", async (file) => writeFile(file, await readFile(path("one.pub")))],
    [
      "a key that is cut short",
      async (file) => writeFile(file, keyText(await blob("rsa.pub")).slice(0, -40)),
    ],
    ["a key that is cut in its type", (file) => writeFile(file, "ssh-ed2")],
    ["words", (file) => writeFile(file, "no keys here\n")],
    [
      "a line with an option before the key",
      async (file) => writeFile(file, `x=y ${keyText(await blob("ed.pub"))}\n`),
    ],
    [
      "a list of the key",
      async (file) => {
        await list("made", `key: ${keyText(await blob("ed.pub"))}`);
        await writeFile(file, await readFile(path("made")));
      },
    ],
    [
      "a list of another key",
      async (file) => {
        await list("made", `sha256: ${keyText(await blob("other.pub"))}`);
        await writeFile(file, await readFile(path("made")));
      },
    ],
    [
      "a list that is cut short",
      async (file) => {
        await list("made", `key: ${keyText(await blob("other.pub"))}`);
        await writeFile(file, await readFile(path("made")));
        await truncate(file, 60);
      },
    ],
  ];
  it.each(cases)("%s", async (_, make) => {
    const file = path("revoked");
    await rm(file, { recursive: true, force: true });
    await make(file);
    expect(await weSay({ revokedHostKeysFiles: [file] })).toBe(await sshSays([`RevokedHostKeys=${file}`]));
    await rm(file, { recursive: true, force: true });
  });

  it("the error names an unreadable file, and a revoked key names its line", async () => {
    const key = await blob("ed.pub");
    expect(await checkRevoked([path("none")], key)).toMatchObject({ status: "unknown", file: path("none") });
    await writeFile(path("listed"), `# c\n${keyText(key)}\n`);
    expect(await checkRevoked(["/dev/null", path("listed")], key)).toEqual({
      status: "revoked",
      file: path("listed"),
      line: 2,
    });
  });
});

describe("KnownHostsCommand, compared with ssh", () => {
  async function script(text: string): Promise<string> {
    const file = path("command");
    await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return file;
  }

  const right = async (): Promise<string> => keyText(await blob("ed.pub"));
  const wrong = async (): Promise<string> => keyText(await blob("other.pub"));
  const cases: [what: string, command: () => Promise<string>, differs?: true][] = [
    ["the key", async () => `${await script(`echo "$1 ${await right()}"`)} %H`],
    ["another key", async () => `${await script(`echo "$1 ${await wrong()}"`)} %H`],
    ["the key of another host", async () => script(`echo "elsewhere ${await right()}"`)],
    ["a revoked key", async () => script(`echo "@revoked * ${await right()}"`)],
    ["what it was given", async () => `${await script('echo "$1 $2 $3"')} %H %t %K`],
    ["nothing", async () => script("true")],
    ["an exit code", async () => script(`echo "server.example.org ${await right()}"; exit 1`)],
    [
      "arguments in quotes",
      async () => `${await script(`[ "$1" = "a b" ] && echo "* ${await right()}"`)} "a b"`,
    ],
    // A command that can't be started prints nothing: ssh then treats the host's key as new.
    ["a path that is not absolute", async () => "true", true],
    ["a program that is not there", async () => path("nowhere"), true],
  ];
  describe.each(["yes", "accept-new"] as const)("with StrictHostKeyChecking %s", (strict) => {
    it.each<[string, () => Promise<string>, true?]>(cases)("%s", async (_, command, differs) => {
      const knownHostsCommand = await command();
      const said = await weSay({ strictHostKeyChecking: strict, knownHostsCommand });
      const theirWord = await sshSays([
        `StrictHostKeyChecking=${strict}`,
        `KnownHostsCommand=${knownHostsCommand}`,
      ]);
      expect(said).toBe(differs === true ? "refused" : theirWord);
    });
  });

  it("gets the same tokens in the same order of calls", async () => {
    const tokens = "%% %C %f %H %I %i %K %k %L %l %n %p %r %t %u";
    const log = path("calls");
    const command = `${await script('log=$1; shift; echo "$*" >> "$log"')} ${log} ${tokens}`;
    await sshSays([`KnownHostsCommand=${command}`]);
    const expected = await readFile(log, "utf8");
    await rm(log);
    const [first = ""] = expected.split("\n");
    const user = first.split(" ").at(-3) ?? "";
    const config = testHostConfig({
      ...{ alias: "server.example.org", hostName: "server.example.org", user, port: 22 },
      ...{ strictHostKeyChecking: "accept-new", knownHostsCommand: command },
      userKnownHostsFiles: ["/dev/null"],
    });
    const verifier = createHostKeyVerifier({
      config,
      prompter: { confirmUnknown: () => Promise.reject(new Error("asked")) },
      logger: new RecordingLogger(),
      mayRunCommands: true,
    });
    await verifier.preferredAlgorithms();
    await verifier.verify(await blob("ed.pub"), undefined, new AbortController().signal);
    expect(await readFile(log, "utf8")).toBe(expected);
  });

  it("is ended with all its child processes when the login is cancelled", async () => {
    const pids = path("pids");
    const command = await script(`echo $$ > ${pids}; sleep 600 & echo $! >> ${pids}; wait`);
    const controller = new AbortController();
    const verifier = createHostKeyVerifier({
      config: testHostConfig({ knownHostsCommand: command, userKnownHostsFiles: ["/dev/null"] }),
      prompter: { confirmUnknown: () => Promise.reject(new Error("asked")) },
      logger: new RecordingLogger(),
      mayRunCommands: true,
    });
    const verifying = verifier.verify(await blob("ed.pub"), undefined, controller.signal);
    const given = expect(verifying).rejects.toThrow("given up");
    await expect.poll(async () => (await readFile(pids, "utf8").catch(() => "")).split("\n").length).toBe(3);
    controller.abort(new Error("given up"));
    await given;
    for (const pid of (await readFile(pids, "utf8")).trim().split("\n")) {
      await expect.poll(() => isRunning(Number(pid))).toBe(false);
    }
  });

  it("does not run in an untrusted workspace, and the key is refused", async () => {
    const mark = path("ran");
    const verifier = createHostKeyVerifier({
      config: testHostConfig({
        knownHostsCommand: await script(`touch ${mark}`),
        userKnownHostsFiles: ["/dev/null"],
      }),
      prompter: { confirmUnknown: () => Promise.resolve(true) },
      logger: new RecordingLogger(),
    });
    await verifier.preferredAlgorithms();
    await expect(
      verifier.verify(await blob("ed.pub"), undefined, new AbortController().signal),
    ).rejects.toMatchObject({ reason: "not-allowed" });
    await expect(readFile(mark)).rejects.toThrow();
  });
});
