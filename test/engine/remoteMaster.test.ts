import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { ChannelError } from "../../src/engine/engineErrors.ts";
import { masterExec } from "../../src/remote/masterExec.ts";
import { readServerTimeouts } from "../../src/remote/readTimeouts.ts";
import { RemoteViewService } from "../../src/remote/remoteViewService.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { shell } from "../support/fakeStack.ts";
import { type TestStack, Transcript, testStack } from "../support/testStack.ts";

describe("the server's own view over our master", () => {
  let host: SshdHost;
  let config: string;

  beforeAll(async () => {
    host = await startSshd({ sshd: { ClientAliveInterval: 33 } });
    config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
  });

  afterAll(() => host.stop());

  function viewOf(stack: TestStack): RemoteViewService {
    return new RemoteViewService({
      access: (id) => ({ exec: masterExec(stack.service, id, "lab"), sudo: false }),
      hungAfterSeconds: () => 1800,
      clock: systemClock,
    });
  }

  it("is one more session on the existing connection, and marks our terminal", async () => {
    await using stack = await testStack(config);
    const terminal = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    terminal.send("echo pid-$$-here\n");
    await terminal.waitFor(/pid-(\d+)-here/);
    const logins = host.logins();
    const view = viewOf(stack);
    const { id } = stack.master();
    const { sessions } = await view.refresh(id);
    await view.refresh(id);
    expect(host.logins()).toBe(logins);
    const ours = sessions.filter((session) => session.ours !== undefined);
    expect(ours).toMatchObject([{ kind: "terminal", ours: "carrier", hung: [] }]);
    expect(ours[0]?.targets).toHaveLength(1);
    expect(stack.service.history()).toEqual([]);
  });

  it("ends our own terminal on its server without ending its connection", async () => {
    await using stack = await testStack(config);
    const terminal = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    terminal.send("echo pid-$$-here\n");
    await terminal.waitFor(/pid-(\d+)-here/);
    const view = viewOf(stack);
    const { id } = stack.master();
    const { sessions } = await view.refresh(id);
    const ours = sessions.find((session) => session.ours === "carrier");
    const report = await view.kill(id, [ours?.id ?? ""], { force: false, onlyHung: false });
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
    await terminal.ended;
    // A hang-up may announce the server's shutdown: the connection is kept for a moment before it lingers.
    expect(["ready", "lingering"]).toContain(stack.master(id).state.kind);
  });

  it("reads the server's timeouts over it", async () => {
    await using stack = await testStack(config);
    const id = await stack.service.connect("lab");
    const server = await readServerTimeouts({ exec: masterExec(stack.service, id, "lab"), sudo: false });
    expect(server.server).toBe("openssh");
    expect(server.clientAliveInterval.value).toBe(33);
  });

  it("never logs in again when the master has ended", async () => {
    await using stack = await testStack(config);
    const id = await stack.service.connect("lab");
    const view = viewOf(stack);
    await view.refresh(id);
    stack.service.kill(id);
    const logins = host.logins();
    await expect(view.refresh(id)).rejects.toBeInstanceOf(ChannelError);
    expect(host.logins()).toBe(logins);
    expect(view.failure(id)).toBeInstanceOf(ChannelError);
  });
});
