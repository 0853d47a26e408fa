import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { shell } from "../support/fakeStack.ts";
import { outcomeOf, type SharedConnection, sharedConnection } from "../support/sharedConnection.ts";
import { testStack } from "../support/testStack.ts";

describe("our own calls of ssh in an editor that was started in a terminal of an editor", () => {
  let host: SshdHost;
  let config: string;
  let shared: SharedConnection;

  beforeAll(async () => {
    host = await startSshd();
    config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    shared = await sharedConnection(config);
    // A user's shortcut to our connection: only while its socket exists, and never for our own calls.
    const condition = `test \${SSH_SESSIONS_DIRECT:-0} = 0 && test -S ${shared.socket}`;
    const block = `Match originalhost lab exec "${condition}"\n  HostName meets-ourselves.invalid\n`;
    await writeFile(config, `${block}${host.sshConfigText("lab")}`);
  });

  afterEach(() => vi.unstubAllEnvs());

  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
    await host.stop();
  });

  test("ssh in a terminal uses the shortcut to our connection", async () => {
    const { stdout } = await outcomeOf("ssh", ["-F", config, "-G", "lab"], shared.env);
    expect(stdout).toMatch(/^hostname meets-ourselves\.invalid$/m);
  });

  test.each(["ssh2", "openssh"])("the engine %s resolves the host itself and logs in", async (engine) => {
    for (const [name, value] of Object.entries(shared.env)) {
      vi.stubEnv(name, value);
    }
    await using stack = await testStack(config);
    stack.settings.layers = { user: { reconnect: "never", engine } };
    const before = host.logins();
    await stack.service.open({ host: "lab", ...shell });
    const [master] = stack.service.masters();
    expect(master).toMatchObject({ engine, destination: { hostName: host.host } });
    await host.waitForLogins(before + 1);
  });
});
