import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import type { HostKeyUpdateQuestion } from "../../src/trust/hostKeyPorts.ts";
import { createHostKeyVerifier } from "../../src/trust/hostKeyVerifier.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { ed25519Blob, keyText } from "../support/publicKeys.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { never } from "./contract/channels.ts";
import { loginTo } from "./contract/logins.ts";

let folder: string;
let host: SshdHost;
let name: string;
/** `ssh-ed25519 AAAA…`, `ecdsa-sha2-nistp256 AAAA…`, `ssh-rsa AAAA…` */
let ed: string;
let ec: string;
let rsa: string;
const gone = keyText(ed25519Blob(9));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "update-host-keys-"));
  host = await startSshd({ hostKeys: ["ed25519", "ecdsa-256", "rsa-2048"] });
  name = `[${host.host}]:${host.port}`;
  [ed = "", ec = "", rsa = ""] = host.hostKeyLines.map((line) => line.split(" ").slice(0, 2).join(" "));
});

afterAll(async () => {
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

let questions: HostKeyUpdateQuestion[];
let logger: RecordingLogger;

beforeEach(() => {
  questions = [];
  logger = new RecordingLogger();
});

/** Logs in, and waits until the announced keys were handled. @returns whether there were any */
async function login(file: string, changes: Partial<HostConfig> = {}, answer = true): Promise<boolean> {
  const request = loginTo(host);
  const config = testHostConfig({
    ...request.config,
    strictHostKeyChecking: "yes",
    userKnownHostsFiles: [file],
    updateHostKeys: "yes",
    ...changes,
  });
  const verifier = createHostKeyVerifier({
    config,
    logger,
    prompter: {
      confirmUnknown: async () => true,
      confirmUpdate: async (question) => {
        questions.push(question);
        return answer;
      },
    },
  });
  let dealtWith: (worked: boolean) => void = () => {};
  const done = new Promise<boolean>((resolve) => (dealtWith = resolve));
  const announced: typeof verifier.announced = async (announcement, signal) => {
    await verifier.announced?.(announcement, signal);
    dealtWith(announcement.keys.length > 0);
  };
  const connection = await new Ssh2Engine().connect(
    {
      ...request,
      config,
      logger,
      verifier: {
        preferredAlgorithms: () => verifier.preferredAlgorithms(),
        verify: (...values) => verifier.verify(...values),
        announced,
      },
    },
    never(),
  );
  try {
    return await done;
  } finally {
    connection.destroy();
  }
}

/** The file after `ssh` has used it. */
async function ssh(file: string, strict = "yes"): Promise<void> {
  const options = [
    ...["BatchMode=yes", `StrictHostKeyChecking=${strict}`, `UserKnownHostsFile=${file}`],
    ...["GlobalKnownHostsFile=none", "UpdateHostKeys=yes", "IdentityAgent=none"],
    ...[`IdentityFile=${host.keyFile}`, `User=${host.user}`],
  ].flatMap((option) => ["-o", option]);
  // `cat` ends with its input: not before ssh has handled the keys.
  const child = spawn("ssh", ["-v", "-F", "none", "-p", String(host.port), ...options, host.host, "cat"]);
  const exited = once(child, "exit");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (
      /Learned new hostkey|no new or deprecated|skipping UserKnownHosts|Deprecating|disabling UpdateHost/.test(
        said,
      )
    ) {
      child.stdin.end();
    }
  });
  const [code] = await exited;
  expect(code, said).toBe(0);
}

const lines = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, "latin1"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) =>
      line
        .split(" ")
        .slice(0, line.startsWith("@") ? 4 : 3)
        .join(" "),
    )
    .sort();

describe("UpdateHostKeys, compared with ssh", () => {
  const cases: readonly (readonly [what: string, text: () => string])[] = [
    ["two keys are new", () => `${name} ${ed}`],
    ["a comment and other hosts stay", () => `# mine\nother.example.org ${gone}\n${name} ${ed} a comment\n`],
    ["one key is gone", () => `${name} ${ed}\n${name} ${ec}\n${name} ${rsa}\n${name} ${gone}`],
    ["one is gone, and two are new", () => `${name} ${gone}\n${name} ${ed}`],
    ["nothing has changed", () => `${name} ${ed}\n${name} ${ec}\n${name} ${rsa}`],
    ["the host has a pattern", () => `[127.*]:* ${ed}`],
    ["the host has three names", () => `${name},a.example.org,b.example.org ${ed}`],
    ["the host has two names", () => `${name},a.example.org ${ed}`],
    ["there is an authority for it", () => `@cert-authority * ${gone}\n${name} ${ed}`],
    ["a new key stands for another host", () => `${name} ${ed}\nother.example.org ${ec}`],
    ["a key that is gone stands for another host", () => `${name} ${ed}\n${name} ${gone}\nother ${gone}`],
    ["the last line has no end", () => `other ${gone}\n${name} ${ed}`],
  ];

  it.each(cases)("%s", async (_, text) => {
    const [theirs, ours] = [join(folder, "theirs"), join(folder, "ours")];
    for (const file of [theirs, ours]) {
      await rm(`${file}.old`, { force: true });
      await writeFile(file, text());
    }
    await ssh(theirs);
    expect(await login(ours)).toBe(true);
    expect(await lines(ours)).toEqual(await lines(theirs));
    expect(logger.complaints).toEqual([]);
  });

  it("does not update a host that was accepted without a question", async () => {
    const [theirs, ours] = [join(folder, "new-theirs"), join(folder, "new-ours")];
    await ssh(theirs, "accept-new");
    await login(ours, { strictHostKeyChecking: "accept-new" });
    expect(await lines(ours)).toEqual(await lines(theirs));
    expect(await lines(ours)).toHaveLength(1);
  });
});

describe("UpdateHostKeys", () => {
  const file = (): string => join(folder, "known_hosts");

  it("updates a host that the user has just accepted", async () => {
    await rm(file(), { force: true });
    await login(file(), { strictHostKeyChecking: "ask" });
    expect(await lines(file())).toEqual([`${name} ${ec}`, `${name} ${ed}`, `${name} ${rsa}`].sort());
  });

  it("`ask` asks, shows all keys, and changes nothing without consent", async () => {
    const text = `${name} ${ed}\n${name} ${gone}\n`;
    await writeFile(file(), text);
    await login(file(), { updateHostKeys: "ask" }, false);
    expect(await readFile(file(), "latin1")).toBe(text);
    expect(questions).toMatchObject([
      {
        host: name,
        added: [{ type: "ecdsa-sha2-nistp256" }, { type: "ssh-rsa" }],
        removed: [{ type: "ssh-ed25519" }],
      },
    ]);
    await login(file(), { updateHostKeys: "ask", batchMode: true });
    expect(questions).toHaveLength(1);
    await login(file(), { updateHostKeys: "ask" });
    expect(await lines(file())).toHaveLength(3);
  });

  it("changes nothing if it is off, or if the host is known by a system file", async () => {
    const text = `${name} ${ed}\n`;
    await writeFile(file(), text);
    await login(file(), { updateHostKeys: "no" });
    await login(join(folder, "none"), { globalKnownHostsFiles: [file()] });
    expect(await readFile(file(), "latin1")).toBe(text);
  });

  it("writes hashes under HashKnownHosts, and accepts only algorithms in HostKeyAlgorithms", async () => {
    await writeFile(file(), `${name} ${ed}\n`);
    await login(file(), { hashKnownHosts: true, hostKeyAlgorithms: ["ssh-ed25519", "rsa-sha2-512"] });
    const [plain, hashed, ...others] = (await readFile(file(), "latin1")).trim().split("\n");
    expect(plain).toBe(`${name} ${ed}`);
    expect(hashed).toMatch(/^\|1\|\S+ ssh-rsa /);
    expect(others).toEqual([]);
  });

  it("keeps the file's mode, a link to it, and its old content as .old", async () => {
    const real = join(folder, "real");
    const link = join(folder, "link");
    const text = `${name} ${ed}\n${name} ${gone}\n`;
    await writeFile(real, text, { mode: 0o640 });
    await symlink(real, link);
    await login(link);
    expect(await lines(real)).toHaveLength(3);
    expect(await readFile(`${real}.old`, "latin1")).toBe(text);
    expect((await stat(real)).mode & 0o777).toBe(0o640);
  });
});
