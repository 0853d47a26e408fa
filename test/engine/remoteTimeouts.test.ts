import { type ChildProcess, type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { readServerTimeouts } from "../../src/remote/readTimeouts.ts";
import type { OurTimeouts, ServerTimeouts } from "../../src/remote/timeoutFacts.ts";
import { type Prediction, predictEnds, type Situation } from "../../src/remote/timeoutPredictions.ts";
import { timeoutDocument } from "../../src/text/timeoutDocument.ts";
import { startDropbear } from "../lab/dropbearHost.ts";
import { canMakeUsers } from "../lab/labUser.ts";
import { Netns, netnsAvailable } from "../lab/netns.ts";
import { processTable } from "../lab/processTree.ts";
import { nextOutput, SshClient } from "../lab/sshClient.ts";
import { type SshdHost, type SshdHostOptions, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { needProgram } from "../setup/needProgram.ts";
import { sshRemoteExec } from "./remoteSshExec.ts";

const run = promisify(execFile);

/** Our own limits are off, so that only the server is predicted. */
const passive: OurTimeouts = {
  host: "lab",
  serverAliveInterval: { value: 0, source: "test" },
  serverAliveCountMax: { value: 3, source: "test" },
  tcpKeepAlive: { value: true, source: "test" },
  probesIgnored: false,
  channelTimeouts: { value: [], source: "test" },
  idleLimit: { value: 0, source: "test" },
  timeLimit: { value: 0, source: "test" },
  linger: { value: Number.POSITIVE_INFINITY, source: "test" },
  serverVersion: undefined,
};

/** Longer than any limit in these tests: whatever survives it is not ended by them. */
const outlives = 6000;

interface Lab {
  readonly host: SshdHost;
  readonly client: SshClient;
  readonly server: ServerTimeouts;
}

async function withLab(options: SshdHostOptions, work: (lab: Lab) => Promise<void>): Promise<void> {
  const host = await startSshd(options);
  const client = await SshClient.for(host);
  try {
    const server = await readServerTimeouts({
      exec: sshRemoteExec(["-F", client.configFile, "lab"]),
      sudo: false,
    });
    await until(() => host.connections().length === 0, "the end of the reading's own connection");
    await work({ host, client, server });
  } finally {
    await client.stop();
    await host.stop();
  }
}

function first(server: ServerTimeouts, situation: Situation): Prediction | undefined {
  return predictEnds(server, passive).find((prediction) => prediction.situation === situation);
}

/**
 * The event came as predicted: not before (servers that count whole seconds may be one early, and our record of the
 * start is slightly late), and not long after (a busy machine is slow).
 */
function expectAfter(prediction: Prediction | undefined, seconds: number): void {
  expect(seconds).toBeGreaterThan((prediction?.afterSeconds ?? 0) - 1.5);
  expect(seconds).toBeLessThan((prediction?.afterSeconds ?? 0) + 12);
}

async function secondsUntil(event: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await event();
  return (performance.now() - began) / 1000;
}

function exitOf(child: ChildProcess): () => Promise<unknown> {
  const exit = once(child, "exit");
  return () => exit;
}

/** A client that neither receives nor sends, although its machine keeps its sockets. */
async function frozenClient(client: SshClient, host: SshdHost): Promise<void> {
  const child = client.spawn("echo here; exec sleep 1000");
  await nextOutput(child);
  child.kill("SIGSTOP");
  expect(host.connections()).toHaveLength(1);
}

const asUser: SshdHostOptions = canMakeUsers() ? { user: "throwaway" } : {};

describe("each prediction comes true on a real sshd", () => {
  it("ClientAliveInterval 1, ClientAliveCountMax 2: a silent client is disconnected", async () => {
    const sshd = { ClientAliveInterval: 1, ClientAliveCountMax: 2, TCPKeepAlive: "no" };
    await withLab({ ...asUser, sshd }, async ({ host, client, server }) => {
      const predicted = first(server, "client-gone");
      expect(predicted).toMatchObject({ by: "server", afterSeconds: 3, ends: "connection" });
      expect(first(server, "idle-terminal")).toBeUndefined();
      const idle = client.spawn("echo here; exec sleep 1000", ["-tt"]);
      await nextOutput(idle);
      await until(() => host.connections().length === 1, "the idle one");
      const frozen = await SshClient.for(host);
      const child = frozen.spawn("echo here; exec sleep 1000");
      await nextOutput(child);
      child.kill("SIGSTOP");
      const seconds = await secondsUntil(() => until(() => host.connections().length === 1, "the drop"));
      expectAfter(predicted, seconds);
      // An idle client that responds is not.
      expect(idle.exitCode).toBeNull();
      await frozen.stop();
    });
  });

  it("ClientAliveCountMax 0: a silent client is not disconnected", async () => {
    const sshd = { ClientAliveInterval: 1, ClientAliveCountMax: 0, TCPKeepAlive: "no" };
    await withLab({ ...asUser, sshd }, async ({ host, client, server }) => {
      expect(first(server, "client-gone")).toBeUndefined();
      await frozenClient(client, host);
      await delay(outlives);
      expect(host.connections()).toHaveLength(1);
    });
  });

  it("TMOUT=2 in a startup file ends the shell, but not a command", async () => {
    const host = await startSshd(asUser);
    const client = await SshClient.for(host);
    try {
      await writeFile(join(host.home, ".bash_profile"), "# idle shells leave\nTMOUT=2\n", { mode: 0o644 });
      const exec = sshRemoteExec(["-F", client.configFile, "lab"]);
      const server = await readServerTimeouts({ exec, sudo: false });
      expect(server.tmout).toEqual({ value: 2, source: `${host.home}/.bash_profile:2` });
      const predicted = first(server, "idle-terminal");
      expect(predicted).toMatchObject({ by: "shell", afterSeconds: 2, ends: "shell" });
      expect(first(server, "idle-command")).toBeUndefined();
      const command = client.spawn("echo here; exec sleep 1000");
      await nextOutput(command);
      const shell = client.spawn("", ["-tt"]);
      const exit = exitOf(shell);
      await nextOutput(shell);
      expectAfter(predicted, await secondsUntil(exit));
      expect(command.exitCode).toBeNull();
    } finally {
      await client.stop();
      await host.stop();
    }
  });

  it("ChannelTimeout session:*=2s closes silent sessions, but not one that prints", async () => {
    await withLab({ ...asUser, sshd: { ChannelTimeout: "session:*=2s" } }, async ({ client, server }) => {
      const predicted = first(server, "idle-command");
      expect(predicted).toMatchObject({ by: "server", afterSeconds: 2, ends: "session" });
      expect(first(server, "idle-terminal")).toMatchObject({ by: "server", afterSeconds: 2 });
      const talker = client.spawn("while :; do echo here; sleep 0.2; done");
      talker.stdout.resume();
      const silent = client.spawn("echo here; exec sleep 1000", ["-o", "ServerAliveInterval=1"]);
      const exit = exitOf(silent);
      await nextOutput(silent);
      expectAfter(predicted, await secondsUntil(exit));
      expect(talker.exitCode).toBeNull();
    });
  });

  it("ChannelTimeout session=2s matches no session and ends none", async () => {
    await withLab({ ...asUser, sshd: { ChannelTimeout: "session=2s" } }, async ({ client, server }) => {
      expect(server.channelTimeouts.value).toEqual([{ pattern: "session", seconds: 2 }]);
      expect(first(server, "idle-command")).toBeUndefined();
      const silent = client.spawn("echo here; exec sleep 1000");
      await nextOutput(silent);
      await delay(outlives);
      expect(silent.exitCode).toBeNull();
    });
  });

  it("UnusedConnectionTimeout 2s: a connection without a session is closed", async () => {
    await withLab({ ...asUser, sshd: { UnusedConnectionTimeout: "2s" } }, async ({ client, server }) => {
      const predicted = first(server, "no-session");
      expect(predicted).toMatchObject({ by: "server", afterSeconds: 2, ends: "connection" });
      const used = client.spawn("echo here; exec sleep 1000");
      await nextOutput(used);
      const unused = client.spawn("", ["-N", "-o", "ServerAliveInterval=1"]);
      const exit = exitOf(unused);
      expectAfter(predicted, await secondsUntil(exit));
      expect(used.exitCode).toBeNull();
    });
  });

  it("without settings, an idle terminal is not ended", async () => {
    await withLab({ ...asUser, sshd: {} }, async ({ client, server }) => {
      expect(first(server, "idle-terminal")).toBeUndefined();
      expect(first(server, "no-session")).toBeUndefined();
      const shell = client.spawn("", ["-tt"]);
      await nextOutput(shell);
      await delay(outlives);
      expect(shell.exitCode).toBeNull();
    });
  });

  it.runIf(canMakeUsers())("a Match block for this user applies, read from an included file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-include-"));
    try {
      await chmod(folder, 0o755);
      const lines = [
        "Match User nobody-else",
        "  ClientAliveInterval 900",
        "Match User sshlab",
        "  ClientAliveInterval 1",
        "  ClientAliveCountMax 1",
        "Match Address 192.0.2.0/24",
        "  ClientAliveInterval 700",
      ];
      await writeFile(join(folder, "match.conf"), lines.join("\n"));
      const options: SshdHostOptions = {
        user: "throwaway",
        sshd: { ClientAliveInterval: 500, TCPKeepAlive: "no" },
        sshdTail: `Include ${folder}/*.conf`,
      };
      await withLab(options, async ({ host, client, server }) => {
        expect(server.basis).toBe("files");
        expect(server.clientAliveInterval).toEqual({ value: 1, source: `${folder}/match.conf:4` });
        expect(server.perhaps).toMatchObject([
          { line: "clientaliveinterval 700", criteria: "Address 192.0.2.0/24" },
        ]);
        const predicted = first(server, "client-gone");
        expect(predicted).toMatchObject({ by: "server", afterSeconds: 2 });
        await frozenClient(client, host);
        const seconds = await secondsUntil(() => until(() => host.connections().length === 0, "the drop"));
        expectAfter(predicted, seconds);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.runIf(canMakeUsers())("sshd itself reports the values to root, with the same result", async () => {
    const sshd = { ClientAliveInterval: "1m", ClientAliveCountMax: 4, ChannelTimeout: "session:shell=90s" };
    const tail = "Match User root\n  ClientAliveInterval 30";
    await withLab({ user: "self", sshd, sshdTail: tail }, async ({ server }) => {
      expect(server.basis).toBe("effective");
      expect(server.clientAliveInterval).toEqual({ value: 30, source: "sshd -T" });
      expect(first(server, "client-gone")?.afterSeconds).toBe(150);
      expect(first(server, "idle-terminal")).toMatchObject({ by: "server", afterSeconds: 90 });
      expect(first(server, "idle-command")).toBeUndefined();
      expect(timeoutDocument(server, passive)).toContain("**sshd ends the session after 1 min 30 s.**");
    });
  });

  it.runIf(netnsAvailable())(
    "TCPKeepAlive: the server's kernel ends a client whose network has vanished",
    async () => {
      const network = await Netns.start();
      try {
        const [program = "", ...before] = network.wrap;
        const times = ["time=2", "intvl=1", "probes=2"].map((value) => `net.ipv4.tcp_keepalive_${value}`);
        await run(program, [...before, "sysctl", "-q", "-w", ...times]);
        const options = { wrap: network.wrap, address: network.innerAddress, sshd: { TCPKeepAlive: "yes" } };
        await withLab(options, async ({ host, client, server }) => {
          const predicted = first(server, "client-gone");
          expect(predicted).toMatchObject({ by: "server-kernel", afterSeconds: 4, ends: "connection" });
          await nextOutput(client.spawn("echo here; exec sleep 1000"));
          expect(host.connections()).toHaveLength(1);
          const seconds = await secondsUntil(async () => {
            await network.dropPackets();
            await until(() => host.connections().length === 0, "the drop");
          });
          expectAfter(predicted, seconds);
        });
      } finally {
        await network.stop();
      }
    },
  );
});

describe.runIf(canMakeUsers())("each prediction comes true on a real Dropbear", () => {
  beforeAll(() => needProgram("dropbear"));

  it("-I 3: an idle connection is closed, whatever our keepalive sends", async () => {
    await withDropbear(["-I", "3"], async ({ ssh, server }) => {
      const predicted = first(server, "idle-terminal");
      expect(predicted).toMatchObject({ by: "server", afterSeconds: 3, ends: "connection" });
      const idle = ssh(["-tt", "-o", "ServerAliveInterval=1"], "echo here; exec sleep 1000");
      const exit = exitOf(idle);
      await once(idle.stdout, "data");
      expectAfter(predicted, await secondsUntil(exit));
    });
  });

  it("-K 1: a silent client is disconnected", async () => {
    await withDropbear(["-K", "1"], async ({ ssh, server, connections }) => {
      const predicted = first(server, "client-gone");
      expect(predicted).toMatchObject({ by: "server", afterSeconds: 3, ends: "connection" });
      expect(first(server, "idle-terminal")).toBeUndefined();
      await until(() => connections() === 0, "the end of the reading's own connection");
      const frozen = ssh([], "echo here; exec sleep 1000");
      await once(frozen.stdout, "data");
      frozen.kill("SIGSTOP");
      expect(connections()).toBe(1);
      expectAfter(predicted, await secondsUntil(() => until(() => connections() === 0, "the drop")));
    });
  });
});

interface DropbearLab {
  /** Starts `ssh` with these options. */
  readonly ssh: (options: readonly string[], command: string) => ChildProcessWithoutNullStreams;
  readonly connections: () => number;
  readonly server: ServerTimeouts;
}

async function withDropbear(
  options: readonly string[],
  work: (lab: DropbearLab) => Promise<void>,
): Promise<void> {
  const dropbear = await startDropbear("sshlab2", options);
  const children: ChildProcess[] = [];
  try {
    const login = ["-F", "none", "-i", dropbear.keyFile, "-p", String(dropbear.port)];
    const quiet = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
    const to = [...login, ...quiet.flatMap((option) => ["-o", option]), `${dropbear.user}@${dropbear.host}`];
    const server = await readServerTimeouts({ exec: sshRemoteExec(to), sudo: false });
    await work({
      server,
      connections: () => processTable().filter(({ parent }) => parent === dropbear.pid).length,
      ssh: (more, command) => {
        const child = spawn("ssh", [...more, ...to, command], { stdio: "pipe" });
        children.push(child);
        return child;
      },
    });
  } finally {
    for (const child of children) {
      child.kill("SIGKILL");
    }
    await dropbear.stop();
  }
}
