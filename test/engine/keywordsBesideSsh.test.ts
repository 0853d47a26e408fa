import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askpassEnv } from "../lab/askpass.ts";
import { makeKey } from "../lab/keys.ts";
import { SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { noPrompts, Transcript, testStack } from "../support/testStack.ts";

const run = promisify(execFile);
const sent = ["LAB_ONE", "LAB_TWO"] as const;
const command = "echo from=$SSH_CONNECTION; env | grep ^LAB_ | sort";

let host: SshdHost;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ssh-sessions-keywords-"));
  const authority = await makeKey(join(folder, "authority"));
  host = await startSshd({
    user: "throwaway",
    hostKeys: ["ed25519", "rsa-2048"],
    sshd: { PasswordAuthentication: "yes", TrustedUserCAKeys: `${authority.file}.pub` },
  });
  const certified = await makeKey(join(folder, "certified"), { kind: "rsa-2048" });
  const args = ["-q", "-s", authority.file, "-I", "lab", "-n", host.user, `${certified.file}.pub`];
  await run("ssh-keygen", args);
  for (const name of sent) {
    process.env[name] = name.toLowerCase();
  }
});

afterAll(async () => {
  for (const name of sent) {
    delete process.env[name];
  }
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the server received in one login and one command. */
async function seen(work: Promise<string>): Promise<readonly string[]> {
  const before = host.log().length;
  const output = await work.catch(() => "refused");
  // The client's port differs each time.
  const lines = output
    .trim()
    .split("\n")
    .map((line) => line.replace(/^(from=\S+).*/, "$1"));
  const logged = host
    .log()
    .slice(before)
    .matchAll(/^(Failed \S+|Accepted (?:password|publickey)) for/gm);
  return [...lines, ...[...logged].map(([, what = ""]) => what)];
}

describe("keywords that have the same effect as in `ssh`", () => {
  test.each<readonly [string, readonly string[], string]>([
    ["SendEnv and removed variables", ["SendEnv LAB_*", "SendEnv -LAB_T*"], "right"],
    ["SetEnv before SendEnv", ["SetEnv LAB_ONE=set", "SendEnv LAB_*"], "right"],
    ["SetEnv with quotes, only once", ['SetEnv LAB_Q="a b" "LAB_R=c d"', "SetEnv LAB_S=late"], "right"],
    ["BindAddress", ["BindAddress 127.0.0.5"], "right"],
    ["PreferredAuthentications", ["PreferredAuthentications password,publickey"], "right"],
    ["NumberOfPasswordPrompts", ["NumberOfPasswordPrompts 2", "PubkeyAuthentication no"], "wrong"],
    ["HostKeyAlgorithms without that of the known key", ["HostKeyAlgorithms -ssh-ed25519*"], "right"],
    ["RequiredRSASize", ["HostKeyAlgorithms rsa-sha2-256", "RequiredRSASize 4096"], "right"],
    ["a certificate", ["IdentityFile $KEY", "PasswordAuthentication no"], "right"],
    [
      "a certificate whose signature algorithm is not allowed",
      ["IdentityFile $KEY", "PasswordAuthentication no", "PubkeyAcceptedAlgorithms -*rsa*,*ed25519*"],
      "right",
    ],
  ])("%s", async (_name, lines, password) => {
    const answer = password === "right" ? (host.password ?? "") : password;
    const extra = lines.map((line) => line.replace("$KEY", join(folder, "certified")));
    const client = await SshClient.for(host, extra);
    const file = join(folder, "config");
    await writeFile(file, host.sshConfigText("lab", extra));
    const authPrompter = { ...noPrompts, password: async () => ({ value: answer, remember: false }) };
    const stack = await testStack(file, { authPrompter });
    try {
      const ours = async (): Promise<string> => {
        const transcript = new Transcript(
          await stack.service.open({ host: "lab", kind: "command", request: { type: "exec", command } }),
        );
        await transcript.ended;
        return transcript.text;
      };
      const expected = await seen(client.run(command, [], await askpassEnv(folder, answer)));
      expect(await seen(ours())).toEqual(expected);
    } finally {
      await stack[Symbol.asyncDispose]();
      await client.stop();
    }
  });
});
