import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChannelError, ConnectError } from "../../src/engine/engineErrors.ts";
import { execute } from "../../src/session/run/execute.ts";
import { limitedCommand, scriptCommand } from "../../src/session/run/remoteCommand.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { shell } from "../support/fakeStack.ts";
import { healthStack } from "../support/healthStack.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { Transcript, testStack } from "../support/testStack.ts";

describe("masters and sessions on a real sshd", () => {
  let host: SshdHost;
  let config: string;

  beforeAll(async () => {
    host = await startSshd({ sshd: { MaxSessions: 100, MaxStartups: "100:30:200", AcceptEnv: "LAB_*" } });
    config = join(host.folder, "config");
    await writeFile(
      config,
      host.sshConfigText("lab") +
        host.sshConfigText("lab-behind", ["ProxyJump lab"]) +
        host.sshConfigText("lab-proxy", [
          `ProxyCommand ssh -F "${config}" -W %h:%p lab`,
          "SetEnv LAB_COLOUR=green",
        ]) +
        host.sshConfigText("lab-broken-proxy", ["ProxyCommand sh -c 'exit 7'"]),
    );
  });

  afterAll(() => host.stop());

  it("fifty concurrent sessions use one login, and the server saw fifty sessions", async () => {
    await using stack = await testStack(config);
    const before = { logins: host.logins(), sessions: host.sessions() };
    const runs = await Promise.all(
      Array.from({ length: 50 }, (_, index) => execute(stack.service, "lab", `echo ${index}`)),
    );
    expect(runs.map((run) => run.stdout.toString())).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index}\n`),
    );
    await host.waitForSessions(before.sessions + 50);
    expect(host.logins() - before.logins).toBe(1);
    expect(stack.service.masters()).toHaveLength(1);
  });

  it("two terminals share the connection; the end of one does not affect the other", async () => {
    await using stack = await testStack(config);
    const before = host.logins();
    const first = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    const session = await stack.service.open({ host: "lab", ...shell });
    const second = new Transcript(session);
    first.send("exit 3\n");
    expect(await first.ended).toEqual({ kind: "exited", code: 3 });
    second.send("stty size; echo still-$((40+2))\n");
    await second.waitFor(/24 80\s[\s\S]*still-42/);
    session.resize({ columns: 100, rows: 30 });
    second.send("stty size\n");
    await second.waitFor(/30 100/);
    expect(host.logins() - before).toBe(1);
    stack.service.kill(session.id);
    expect((await second.ended).kind).toBe("killed");
    await stack.until((masters) => masters[0]?.state.kind === "lingering");
  });

  it("a jump host's master is shared, and its end ends the connections behind it", async () => {
    await using stack = await testStack(config);
    const before = host.logins();
    const session = await stack.service.open({ host: "lab-behind", ...shell });
    await execute(stack.service, "lab", "true");
    expect(host.logins() - before).toBe(2);
    const jump = stack.service.masters().find((master) => master.spec === "lab");
    stack.service.kill(jump?.id ?? "");
    expect(await session.ended).toEqual({ kind: "lost", reason: "jump-lost" });
  });

  it("a ProxyCommand carries the connection, and SetEnv reaches the session", async () => {
    await using stack = await testStack(config);
    const run = await execute(stack.service, "lab-proxy", "echo $LAB_COLOUR");
    expect(run.stdout.toString()).toBe("green\n");
  });

  it("a failing ProxyCommand is reported as such, with its exit code", async () => {
    await using stack = await testStack(config);
    await expect(execute(stack.service, "lab-broken-proxy", "true")).rejects.toSatisfy(
      (error: unknown) =>
        ConnectError.is(error) && error.reason === "proxy-failed" && error.message.includes("exit code 7"),
    );
  });

  it("no ProxyCommand runs in an untrusted workspace", async () => {
    await using stack = await testStack(config);
    stack.settings.isTrusted = false;
    await expect(execute(stack.service, "lab-proxy", "true")).rejects.toMatchObject({
      reason: "not-allowed",
    });
  });

  it("a refused port gives one typed error and leaves nothing open", async () => {
    await using stack = await testStack(config);
    const file = join(stack.folder, "config");
    await writeFile(file, sshConfigBlock("closed", { ...host, port: 1 }));
    stack.settings.configFile = file;
    stack.settings.reload();
    await expect(execute(stack.service, "closed", "true")).rejects.toSatisfy(
      (error: unknown) => ConnectError.is(error) && error.reason === "refused",
    );
    expect(stack.service.masters()).toEqual([]);
  });

  it("a script of five megabytes runs from standard input with its arguments", async () => {
    await using stack = await testStack(config);
    const script = `echo "$1-$#"\n${`: ${"x".repeat(1000)}\n`.repeat(5000)}echo done\n`;
    const run = await execute(stack.service, "lab", scriptCommand(script, ["a b", "c"]), { stdin: script });
    expect(run.stdout.toString()).toBe("a b-2\ndone\n");
    expect(run.outcome).toEqual({ kind: "exited", code: 0 });
  });

  it("two hundred megabytes of output stay within their limit", async () => {
    await using stack = await testStack(config);
    const run = await execute(stack.service, "lab", "head -c 200000000 /dev/zero; echo >&2 end", {
      maxOutputBytes: 1_000_000,
    });
    expect([run.stdout.length, run.truncated, run.stderr.toString()]).toEqual([1_000_000, true, "end\n"]);
  });

  it("a time limit ends the command locally and on the server", async () => {
    await using stack = await testStack(config);
    const mark = `${process.pid}.5151`;
    const run = await execute(stack.service, "lab", limitedCommand(`sleep ${mark}`, 1), {
      timeLimitSeconds: 1,
    });
    expect(run.outcome).toMatchObject({ kind: "limit", limit: "time" });
    const left = `for i in $(seq 100); do pgrep -f '[s]leep ${mark}' >/dev/null || { echo gone; break; }; sleep 0.1; done`;
    expect((await execute(stack.service, "lab", left)).stdout.toString()).toBe("gone\n");
  });

  it("the keepalive detects a silent peer; a changed interval applies to the live master", async () => {
    const proxy = await FaultProxy.start(host);
    try {
      await using stack = await testStack(config);
      const file = join(stack.folder, "config");
      await writeFile(file, sshConfigBlock("frozen", host.via(proxy)));
      stack.settings.configFile = file;
      stack.settings.reload();
      const session = await stack.service.open({ host: "frozen", ...shell });
      session.resume();
      stack.settings.workspace = { serverAliveInterval: 1, serverAliveCountMax: 1 };
      stack.settings.reload();
      expect(stack.master().keepalive.serverAliveInterval).toBe(1);
      proxy.freeze();
      await stack.until((masters) => masters[0]?.state.kind === "suspect");
      expect(await session.ended).toEqual({ kind: "lost", reason: "unresponsive" });
    } finally {
      await proxy.stop();
    }
  });

  it("a changed ssh_config applies to the live master, also after one that ssh refuses", async () => {
    const logger = new RecordingLogger();
    await using stack = await healthStack("", undefined, { logger, localAddresses: () => "" });
    const edit = (...lines: string[]): Promise<void> =>
      writeFile(stack.settings.configFile, host.sshConfigText("lab", lines));
    await edit("ServerAliveInterval 5");
    const session = await stack.service.open({ host: "lab", ...shell });
    expect(stack.master().keepalive.serverAliveInterval).toBe(5);
    await edit("ServerAliveInterval soon");
    await until(() => logger.complaints.length > 0, "the refusal");
    expect(stack.master().keepalive.serverAliveInterval).toBe(5);
    await edit("Port 1", "ServerAliveInterval 7", "ControlPersist 90");
    await stack.until(([master]) => master?.keepalive.serverAliveInterval === 7);
    const lines = (await readFile(stack.settings.configFile, "utf8")).split("\n");
    const sourceOf = (line: string) => ({
      kind: "sshConfig",
      file: stack.settings.configFile,
      line: lines.findIndex((each) => each.trim() === line) + 1,
    });
    expect(stack.master()).toMatchObject({
      keepalive: { sources: { serverAliveInterval: sourceOf("ServerAliveInterval 7") } },
      linger: { seconds: 90, source: sourceOf("ControlPersist 90") },
      destination: { port: host.port },
    });
    expect(session.state.kind).toBe("open");
  });

  it("the next session skips a frozen master, which recovers", async () => {
    const proxy = await FaultProxy.start(host);
    try {
      await using stack = await testStack(config);
      const file = join(stack.folder, "config");
      await writeFile(file, sshConfigBlock("frozen", host.via(proxy)));
      stack.settings.configFile = file;
      stack.settings.reload();
      const first = await stack.service.open({ host: "frozen", ...shell });
      first.resume();
      await stack.until((masters) => masters[0]?.roundTripMs !== undefined);
      proxy.connections[0]?.freeze();
      stack.service.probe();
      await stack.until((masters) => masters[0]?.state.kind === "hung");
      const second = await stack.service.open({ host: "frozen", ...shell });
      expect(
        stack.service.masters().map(({ state, sessions }) => [state.kind, sessions.map(({ id }) => id)]),
      ).toEqual([
        ["hung", [first.id]],
        ["ready", [second.id]],
      ]);
      proxy.thaw();
      await stack.until((masters) => masters[0]?.state.kind === "ready");
      expect([first.state.kind, second.state.kind]).toEqual(["open", "open"]);
    } finally {
      await proxy.stop();
    }
  });
});

describe("a server with MaxSessions 2", () => {
  it("ten terminals open on overflow masters, which end first", async () => {
    const host = await startSshd({ sshd: { MaxSessions: 2 } });
    try {
      const config = join(host.folder, "config");
      await writeFile(config, host.sshConfigText("full"));
      await using stack = await testStack(config);
      const sessions = [];
      for (let count = 0; count < 10; count++) {
        sessions.push(await stack.service.open({ host: "full", ...shell }));
      }
      expect(stack.service.masters().map((master) => [master.overflow, master.sessions.length])).toEqual([
        [false, 2],
        [true, 2],
        [true, 2],
        [true, 2],
        [true, 2],
      ]);
      await Promise.all(sessions.map((session) => session.disconnect()));
      await stack.until((masters) => masters.length === 1);
      expect(stack.master()).toMatchObject({ overflow: false, state: { kind: "lingering" } });
    } finally {
      await host.stop();
    }
  });

  it("ten terminals opened at once open, too, without an unnecessary login", async () => {
    const host = await startSshd({ sshd: { MaxSessions: 2 } });
    try {
      const config = join(host.folder, "config");
      await writeFile(config, host.sshConfigText("full"));
      await using stack = await testStack(config);
      await Promise.all(Array.from({ length: 10 }, () => stack.service.open({ host: "full", ...shell })));
      expect(stack.service.masters().map((master) => master.sessions.length)).toEqual([2, 2, 2, 2, 2]);
      await host.waitForLogins(5);
      expect(host.logins()).toBe(5);
    } finally {
      await host.stop();
    }
  });

  it("a server that accepts no session is reported as such", async () => {
    const host = await startSshd({ sshd: { MaxSessions: 0 } });
    try {
      const config = join(host.folder, "config");
      await writeFile(config, host.sshConfigText("none"));
      await using stack = await testStack(config);
      await expect(stack.service.open({ host: "none", ...shell })).rejects.toSatisfy(
        (error: unknown) => ChannelError.is(error) && error.reason === "refused",
      );
      expect(host.logins()).toBe(1);
    } finally {
      await host.stop();
    }
  });
});
