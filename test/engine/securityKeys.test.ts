import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuthError } from "../../src/auth/authErrors.ts";
import { CancelledError } from "../../src/base/errors.ts";
import { startAgent } from "../lab/agent.ts";
import { processTable } from "../lab/processTree.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { ensureNextOpenSsh } from "../setup/nextOpenSsh.ts";
import { LoginPerson } from "../support/loginPerson.ts";

const run = promisify(execFile);

let folder: string;
let host: SshdHost;
let provider: string;
let person: LoginPerson;
let pins: (string | undefined)[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "security-keys-"));
  // The software security key of OpenSSH's own tests.
  provider = (await ensureNextOpenSsh()).securityKeyProvider;
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "ca")]);
  host = await startSshd({ sshd: { TrustedUserCAKeys: join(folder, "ca.pub") } });
});

afterAll(async () => {
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  person = new LoginPerson();
  pins = [];
  Object.assign(person.prompter, {
    pin: async () => {
      person.prompter.asked.push("pin");
      return pins.shift();
    },
  });
});

/** @param options in authorized_keys; undefined: the key alone may not log in */
async function makeKey(
  name: string,
  type: "ed25519-sk" | "ecdsa-sk",
  options: string | undefined,
  args: readonly string[] = [],
  passphrase = "",
): Promise<string> {
  const file = join(folder, name);
  await run("ssh-keygen", [
    "-q",
    "-t",
    type,
    "-w",
    provider,
    "-N",
    passphrase,
    "-C",
    name,
    "-f",
    file,
    ...args,
  ]);
  if (options !== undefined) {
    await host.authorize(`${options} ${(await readFile(`${file}.pub`, "utf8")).trim()}`.trim());
  }
  return file;
}

const login = (file: string): Promise<readonly string[]> =>
  person.login(host, { identityFiles: [file], securityKeyProvider: provider });

describe.each(["ed25519-sk", "ecdsa-sk"] as const)("a key of type %s in a file", (type) => {
  it("logs in", async () => {
    const file = await makeKey(`${type}-plain`, type, "");
    expect(await login(file)).toEqual([`publickey: ${file}`]);
    expect(person.prompter.asked).toEqual([]);
  });

  it("logs in after its passphrase was entered", async () => {
    const file = await makeKey(`${type}-locked`, type, "", ["-a", "1"], "secret");
    person.prompter.passphrases = ["wrong", "secret"];
    await login(file);
    expect(person.prompter.asked).toHaveLength(2);
  });

  it("logs in if the server requires user verification", async () => {
    const file = await makeKey(`${type}-pin`, type, "verify-required", ["-O", "verify-required"]);
    await login(file);
  });

  it("logs in without a touch if the server allows it", async () => {
    const file = await makeKey(`${type}-quick`, type, "no-touch-required", ["-O", "no-touch-required"]);
    await login(file);
  });

  it("logs in with the certificate beside it", async () => {
    const file = await makeKey(`${type}-certified`, type, undefined);
    const args = ["-q", "-s", join(folder, "ca"), "-I", "id", "-n", host.user, `${file}.pub`];
    await run("ssh-keygen", args);
    expect(await login(file)).toEqual([`publickey: ${file}`, `publickey: ${file}-cert.pub`]);
  });

  it("logs in from an agent, also with its certificate", async () => {
    const file = await makeKey(`${type}-agent`, type, undefined);
    await run("ssh-keygen", ["-q", "-s", join(folder, "ca"), "-I", "id", "-n", host.user, `${file}.pub`]);
    const agent = await startAgent(["-P", provider]);
    try {
      await agent.add(file, { args: ["-S", provider] });
      person.agentPath = agent.socket;
      expect((await person.login(host)).at(-1)).toBe(`publickey: agent key ${type}-agent`);
    } finally {
      await agent.stop();
    }
  });
});

describe("the PIN of a security key", () => {
  const path = process.env["PATH"];

  afterEach(() => {
    process.env["PATH"] = path;
  });

  /** The software key needs none: an `ssh-add` that asks for it, as OpenSSH's agent does, replaces the real one. */
  async function askingProgram(): Promise<string> {
    const programs = await mkdtemp(join(folder, "bin-"));
    const answer = join(programs, "answer");
    const lines = [
      "#!/bin/sh",
      `"$SSH_ASKPASS" "Enter PIN for ED25519-SK key SHA256:abc: " >"${answer}" || exit 1`,
      'SSH_ASKPASS_PROMPT=none "$SSH_ASKPASS" "Confirm user presence for key" & notice=$!',
      `PATH='${path}' ssh-add "$@"; code=$?`,
      "kill $notice",
      "exit $code",
    ];
    await writeFile(join(programs, "ssh-add"), `${lines.join("\n")}\n`, { mode: 0o755 });
    process.env["PATH"] = `${programs}:${path}`;
    return answer;
  }

  it("is requested as a PIN and passed to the program that asks; a notice to touch the key asks nothing", async () => {
    const file = await makeKey("asks-pin", "ed25519-sk", "");
    const answer = await askingProgram();
    pins = ["12 $34'"];
    await login(file);
    expect(person.prompter.asked).toEqual(["pin"]);
    expect(await readFile(answer, "utf8")).toBe("12 $34'\n");
  });

  it("is requested by a program whose secret is in no argument and no environment variable", async () => {
    const file = await makeKey("secret-token", "ed25519-sk", "");
    await askingProgram();
    const tokens: string[] = [];
    let seen = "";
    Object.assign(person.prompter, {
      pin: async () => {
        for (const { pid } of processTable()) {
          const [argv = "", env = ""] = await Promise.all(
            ["cmdline", "environ"].map((name) => readFile(`/proc/${pid}/${name}`, "latin1").catch(() => "")),
          );
          const [, program] = /\0(\/[^\0]*\/ssh-key-[^\0]*\/askpass\.js)\0/.exec(argv) ?? [];
          if (program !== undefined) {
            tokens.push(/token = "([0-9a-f]{48})"/.exec(await readFile(program, "utf8"))?.[1] ?? "");
          }
          seen += argv + env;
        }
        return "1234";
      },
    });
    await login(file);
    expect(tokens[0]).toHaveLength(48);
    for (const token of tokens) {
      expect(seen).not.toContain(token);
    }
  });

  it("dismissing its question ends the login", async () => {
    const file = await makeKey("dismissed-pin", "ed25519-sk", "");
    await askingProgram();
    await expect(login(file)).rejects.toBeInstanceOf(CancelledError);
  });
});

describe("after a login with a security key", () => {
  const ours = async (): Promise<readonly string[]> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith("ssh-key-"));

  it("no folder and no agent remain", async () => {
    const file = await makeKey("traceless", "ed25519-sk", "");
    await login(file);
    expect(await ours()).toEqual([]);
  });

  it("one clear message is shown if the key's library can't be loaded", async () => {
    const file = await makeKey("no-library", "ed25519-sk", "");
    const error: unknown = await person
      .login(host, { identityFiles: [file], securityKeyProvider: "/nowhere/none.so" })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthError);
    expect((error as AuthError).problems).toHaveLength(1);
    expect((error as AuthError).problems[0]).toContain(`${file}: ssh-add could not load it`);
    expect(await ours()).toEqual([]);
  });
});
