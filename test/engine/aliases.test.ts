import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { Transcript, testStack } from "../support/testStack.ts";

const run = promisify(execFile);
let host: SshdHost;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ssh-sessions-aliases-"));
  host = await startSshd();
});

afterAll(async () => {
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

const nothing = { kind: "command", request: { type: "exec", command: "true" } } as const;

describe("two aliases of one server, one of which is connected", () => {
  test.each([
    ["PubkeyAuthentication no", false, 1],
    ["PreferredAuthentications password", false, 1],
    ["PubkeyAcceptedAlgorithms rsa-sha2-256", false, 1],
    ["AddressFamily inet6", false, 1],
    ["Compression yes", true, 2],
    ["RekeyLimit 1M", true, 2],
    ["ConnectTimeout 5", true, 1],
    ["ProxyJump none", true, 1],
    ["SetEnv LAB_A=2", true, 1],
  ])(
    "with %s the other one logs in exactly if `ssh` does: %s; connections: %d",
    async (line, getsIn, connections) => {
      const ssh = await SshClient.for(host, [line]);
      const file = join(folder, "config");
      await writeFile(file, host.sshConfigText("one") + host.sshConfigText("two", [line]));
      const stack = await testStack(file);
      try {
        await stack.service.open({ host: "one", ...nothing });
        const succeeds = (work: Promise<unknown>): Promise<boolean> =>
          work.then(
            () => true,
            () => false,
          );
        expect(await succeeds(ssh.run("true"))).toBe(getsIn);
        expect(await succeeds(stack.service.open({ host: "two", ...nothing }))).toBe(getsIn);
        expect(stack.service.masters().filter(({ state }) => state.kind === "ready")).toHaveLength(
          connections,
        );
      } finally {
        await stack[Symbol.asyncDispose]();
        await ssh.stop();
      }
    },
  );
});

test("names that differ in case, and a typed port, reach the same machine as with `ssh`, and their `spec` resolves to it again", async () => {
  const other = await startSshd();
  const file = join(folder, "config");
  await writeFile(
    file,
    host.sshConfigText("web", [`IdentityFile "${other.keyFile}"`, "StrictHostKeyChecking no"]) +
      other.sshConfigText("WEB"),
  );
  const stack = await testStack(file);
  const cases: readonly (readonly [string, readonly string[], SshdHost])[] = [
    ["web", ["web"], host],
    ["WEB", ["WEB"], other],
    [`web:${other.port}`, ["-p", String(other.port), "web"], other],
    [`ssh://${host.user}@web:${host.port}/`, [`ssh://${host.user}@web:${host.port}/`], host],
  ];
  /** The port of the server that answers, and the connection's `spec`. */
  const reach = async (typed: string): Promise<readonly [string, string]> => {
    const session = await stack.service.open({
      ...{ host: typed, kind: "command" },
      request: { type: "exec", command: "echo $SSH_CONNECTION" },
    });
    const transcript = new Transcript(session);
    await transcript.ended;
    return [serverPort(transcript.text), stack.master(session.snapshot().masterId).spec];
  };
  try {
    for (const [typed, args, server] of cases) {
      const options = ["-F", file, "-o", "BatchMode=yes", "-o", "IdentityAgent=none"];
      const { stdout } = await run("ssh", [...options, ...args, "echo $SSH_CONNECTION"]);
      const [port, spec] = await reach(typed);
      expect([serverPort(stdout), port]).toEqual([String(server.port), String(server.port)]);
      expect((await reach(spec))[0]).toBe(port);
    }
  } finally {
    await stack[Symbol.asyncDispose]();
    await other.stop();
  }
});

function serverPort(connection: string): string {
  return connection.trim().split(" ")[3] ?? "";
}
