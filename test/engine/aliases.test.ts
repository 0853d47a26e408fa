import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { testStack } from "../support/testStack.ts";

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

describe("two aliases of one server, of which one is connected", () => {
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
  ])("with %s the other gets in where `ssh` does: %s; connections: %d", async (line, getsIn, connections) => {
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
      expect(stack.service.masters().filter(({ state }) => state.kind === "ready")).toHaveLength(connections);
    } finally {
      await stack[Symbol.asyncDispose]();
      await ssh.stop();
    }
  });
});
