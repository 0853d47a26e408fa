import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { shell } from "../support/fakeStack.ts";
import { Transcript, testStack } from "../support/testStack.ts";

describe("a host with the engine openssh", () => {
  let host: SshdHost;
  let config: string;

  beforeAll(async () => {
    host = await startSshd();
    config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab") + host.sshConfigText("behind", ["ProxyJump lab"]));
  });

  afterAll(() => host.stop());

  test("runs terminals over one connection of the system's ssh", async () => {
    await using stack = await testStack(config);
    stack.settings.layers = { user: { reconnect: "never", engine: "openssh" } };
    const before = host.logins();
    const first = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    const second = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    second.send("stty size; echo still-$((40+2))\n");
    await second.waitFor(/24 80\s[\s\S]*still-42/);
    first.send("exit 3\n");
    expect(await first.ended).toEqual({ kind: "exited", code: 3 });
    expect(stack.service.masters().map(({ engine }) => engine)).toEqual(["openssh"]);
    expect(host.logins() - before).toBe(1);
  });

  test("is reached through a jump host, which shares its own connection", async () => {
    await using stack = await testStack(config);
    stack.settings.hosts = [{ pattern: "behind", engine: "openssh" }];
    const session = new Transcript(await stack.service.open({ host: "behind", ...shell }));
    session.send("echo be-$((40+2)); exit\n");
    await session.waitFor(/be-42/);
    expect(stack.service.masters().map(({ engine }) => engine)).toEqual(["openssh", "ssh2"]);
  });
});
