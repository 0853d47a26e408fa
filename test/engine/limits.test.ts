import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseForward } from "../../src/config/forwardSpec.ts";
import { freePort } from "../lab/freePort.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { shell } from "../support/fakeStack.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

/** Debian 12's ssh does not support ChannelTimeout, which the client got later. */
const ownReading = { ssh: false } as const;

describe("limits, with a real server", () => {
  let host: SshdHost;
  let config: string;

  beforeAll(async () => {
    host = await startSshd();
    config = join(host.folder, "config");
    await writeFile(
      config,
      [
        host.sshConfigText("session", ["ChannelTimeout session=2"]),
        host.sshConfigText("first", ["ChannelTimeout session:command=0 session:shell=2 *=1h"]),
        host.sshConfigText("other", ["ChannelTimeout direct-tcpip=1 session:command=1"]),
        host.sshConfigText("prod-db"),
      ].join("\n"),
    );
  });

  afterAll(() => host.stop());

  async function outcome(stack: TestStack, alias: string) {
    const session = await stack.service.open({ host: alias, ...shell });
    session.resume();
    return await session.ended;
  }

  it.each(["session", "first"])("ssh_config's ChannelTimeout ends an idle shell of %s", async (alias) => {
    await using stack = await testStack(config, {}, ownReading);
    expect(await outcome(stack, alias)).toMatchObject({
      kind: "limit",
      limit: "channel-timeout",
      seconds: 2,
    });
  });

  it("a ChannelTimeout for other channels does not limit a shell", async () => {
    await using stack = await testStack(config, {}, ownReading);
    const session = await stack.service.open({ host: "other", ...shell });
    expect(session.snapshot().limits).toEqual([]);
  });

  it("a ChannelTimeout for direct-tcpip closes an idle connection of a local forward at both ends", async () => {
    await using stack = await testStack(config, {}, ownReading);
    await using target = createServer();
    target.listen(0, "127.0.0.1");
    await once(target, "listening");
    const address = target.address();
    const [targetPort, port] = [typeof address === "object" ? address?.port : 0, await freePort()];
    const origin = { kind: "person" } as const;
    const forward = await stack.forwards.start({
      host: "other",
      spec: parseForward(`${port}:127.0.0.1:${targetPort}`),
      origin,
    });
    const accepted = once(target, "connection");
    const client = connect({ port, host: "127.0.0.1" });
    client.on("error", () => {});
    client.resume();
    const [served] = await accepted;
    served.on("error", () => {});
    served.resume();
    await Promise.all([once(client, "close"), once(served, "close")]);
    // The forward itself continues.
    expect(stack.forwards.forward(forward.id)?.state.kind).toBe("listening");
  });

  it("a host's own timeLimit ends its terminals, and those of no other host", async () => {
    await using stack = await testStack(config, {}, ownReading);
    stack.settings.hosts = [{ pattern: "prod-*", timeLimit: 1 }];
    const other = await stack.service.open({ host: "other", ...shell });
    expect(await outcome(stack, "prod-db")).toMatchObject({ kind: "limit", limit: "time", seconds: 1 });
    expect(other.state.kind).toBe("open");
  });

  it("a host's own idleLimit ends an idle terminal", async () => {
    await using stack = await testStack(config, {}, ownReading);
    stack.settings.hosts = [{ pattern: "prod-*", idleLimit: 1 }];
    expect(await outcome(stack, "prod-db")).toMatchObject({ kind: "limit", limit: "idle", seconds: 1 });
  });
});
