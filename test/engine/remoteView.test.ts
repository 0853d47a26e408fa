import { execFile, execFileSync } from "node:child_process";
import { utimesSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { defaultJudgeLimits } from "../../src/remote/hungJudge.ts";
import { killRemoteSessions } from "../../src/remote/killRemote.ts";
import { parseProbe } from "../../src/remote/parse/probeOutput.ts";
import { probeScript } from "../../src/remote/probeScript.ts";
import type { RemoteExec } from "../../src/remote/remoteExec.ts";
import { buildSessions } from "../../src/remote/remoteModel.ts";
import { runScript } from "../../src/remote/remoteScript.ts";
import type { RemoteSession } from "../../src/remote/remoteSession.ts";
import { RemoteViewService } from "../../src/remote/remoteViewService.ts";
import { canMakeUsers, labUser } from "../lab/labUser.ts";
import { Netns, netnsAvailable } from "../lab/netns.ts";
import { isRunning, processTable } from "../lab/processTree.ts";
import { nextOutput, SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { needProgram } from "../setup/needProgram.ts";
import { sshRemoteExec } from "./remoteSshExec.ts";

const run = promisify(execFile);
const gently = { force: false, onlyHung: false };

/** A client of `host` as `user`; the lab accepts the same key for every user of the machine. */
function clientFor(host: SshdHost, user: string): Promise<SshClient> {
  return SshClient.for({ ...host.via(host), user });
}

/** A permanent connection of `client` that runs commands. */
async function carrierFor(client: SshClient): Promise<RemoteExec> {
  client.spawn("", ["-N", "-M", "-S", client.controlPath]);
  await until(async () => {
    const check = await run("ssh", [
      "-F",
      client.configFile,
      "-S",
      client.controlPath,
      "-O",
      "check",
      "lab",
    ]).catch(() => undefined);
    return check !== undefined;
  }, "the carrier");
  return sshRemoteExec(["-F", client.configFile, "-S", client.controlPath, "lab"]);
}

/** Opens a session that prints its own pid, then runs `program`. Returns the pid once the program runs. */
async function sessionOf(client: SshClient, program: string, tty = true, before = ""): Promise<number> {
  const child = client.spawn(`${before}echo pid $$; exec ${program}`, tty ? ["-tt"] : []);
  // The login's shell may print a complaint first: the lab's home folder belongs to another user.
  for (let said = ""; ; said += await nextOutput(child)) {
    const pid = /pid (\d+)/.exec(said)?.[1];
    if (pid !== undefined) {
      const [name = ""] = program.split(" ");
      await until(() => processNamed(name, Number(pid)), program);
      return Number(pid);
    }
  }
}

function processNamed(name: string, pid: number): boolean {
  return processTable().some((process) => process.pid === pid && process.name === name);
}

function viewOf(exec: RemoteExec, hungAfterSeconds: number, sudo = false): RemoteViewService {
  return new RemoteViewService({
    access: () => ({ exec, sudo }),
    hungAfterSeconds: () => hungAfterSeconds,
    clock: systemClock,
  });
}

/** Reads as the service does, with limits that a test can wait for. */
async function readQuickly(exec: RemoteExec): Promise<RemoteSession[]> {
  const facts = parseProbe(await runScript(exec, probeScript, { sudo: false }));
  const limits = { ...defaultJudgeLimits, settlingSeconds: 0, unansweredRetransmits: 3 };
  return buildSessions(facts, { limits });
}

function find(sessions: readonly RemoteSession[], pid: number): RemoteSession {
  const found = sessions.find((session) => session.targets.some((target) => target.pid === pid));
  if (found === undefined) {
    throw new Error(`no session of ${pid}`);
  }
  return found;
}

describe.runIf(canMakeUsers())("the server's own view of a real sshd with several users", () => {
  let host: SshdHost;
  let ada: SshClient;
  let bob: SshClient;
  let root: SshClient;
  let bobName: string;
  let exec: RemoteExec;
  let rootExec: RemoteExec;

  beforeAll(async () => {
    bobName = (await labUser("sshlab2")).name;
    host = await startSshd({ user: "throwaway" });
    [ada, bob, root] = await Promise.all([
      clientFor(host, host.user),
      clientFor(host, bobName),
      clientFor(host, "root"),
    ]);
    [exec, rootExec] = await Promise.all([carrierFor(ada), carrierFor(root)]);
  });

  afterAll(async () => {
    await Promise.all([ada?.stop(), bob?.stop(), root?.stop()]);
    await host?.stop();
  });

  it("shows users, terminals, origins, programs, and which session is ours", async () => {
    const shell = await sessionOf(bob, "sleep 1001");
    const command = await sessionOf(ada, "sleep 1002", false);
    const { sessions, gaps } = await viewOf(exec, 1800).refresh("m1");
    expect(gaps).toEqual([]);
    expect(find(sessions, shell)).toMatchObject({
      kind: "terminal",
      user: bobName,
      state: "sleeping",
      programs: ["sleep 1001"],
      ours: undefined,
      hung: [],
    });
    expect(find(sessions, shell).tty).toMatch(/^pts\/\d+$/);
    expect(find(sessions, command)).toMatchObject({
      kind: "command",
      user: host.user,
      tty: undefined,
      from: "127.0.0.1",
      programs: ["sleep 1002"],
    });
    expect(sessions.filter((session) => session.ours === "carrier")).toMatchObject([
      { kind: "connection", user: host.user, from: "127.0.0.1", programs: [], targets: [] },
    ]);
  });

  it("finds an idle terminal and ends it without affecting others", async () => {
    const idle = await sessionOf(ada, "sleep 1003");
    const busy = await sessionOf(ada, "sleep 1004");
    const view = viewOf(exec, 1800);
    const tty = find((await view.refresh("m1")).sessions, idle).tty ?? "";
    const longAgo = Date.now() / 1000 - 7200;
    utimesSync(`/dev/${tty}`, longAgo, longAgo);
    const { sessions } = await view.refresh("m1");
    expect(find(sessions, idle).hung).toMatchObject([{ kind: "idle", limitSeconds: 1800 }]);
    expect(find(sessions, busy).hung).toEqual([]);
    const report = await view.kill("m1", [find(sessions, idle).id], { force: false, onlyHung: true });
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
    expect([isRunning(idle), isRunning(busy)]).toEqual([false, true]);
    // The terminal's number may have been reused.
    const pids = view.snapshot("m1")?.sessions.flatMap(({ targets }) => targets.map(({ pid }) => pid));
    expect(pids).not.toContain(idle);
  });

  it("finds a stopped session and ends it", async () => {
    const stopped = await sessionOf(ada, "sleep 1005");
    process.kill(stopped, "SIGSTOP");
    const view = viewOf(exec, 1800);
    const session = find((await view.refresh("m1")).sessions, stopped);
    expect(session).toMatchObject({ state: "stopped", hung: [{ kind: "stopped", pid: stopped }] });
    const report = await view.kill("m1", [session.id], { force: false, onlyHung: true });
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
    expect(isRunning(stopped)).toBe(false);
  });

  it("finds a session whose sshd is stopped while its client has disconnected, and ends it", async () => {
    const client = await clientFor(host, host.user);
    const program = await sessionOf(client, "sleep 1006");
    const parent = processTable().find((process) => process.pid === program)?.parent ?? 0;
    process.kill(parent, "SIGSTOP");
    await client.stop();
    let session: RemoteSession | undefined;
    await until(async () => {
      session = find(await readQuickly(exec), program);
      return session.hung.some(({ kind }) => kind === "peer-closed");
    }, "the half-closed socket");
    expect(session?.hung.map(({ kind }) => kind)).toEqual(["stopped", "peer-closed"]);
    const view = viewOf(exec, 1800);
    await view.refresh("m1");
    const report = await view.kill("m1", [session?.id ?? ""], { force: false, onlyHung: true });
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
    expect([isRunning(program), isRunning(parent)]).toEqual([false, false]);
  });

  it("finds a privileged sshd whose child was killed, and ends it", async () => {
    const program = await sessionOf(bob, "sleep 1011");
    const parent = processTable().find((process) => process.pid === program)?.parent ?? 0;
    const monitor = processTable().find((process) => process.pid === parent)?.parent ?? 0;
    process.kill(monitor, "SIGSTOP");
    process.kill(parent, "SIGKILL");
    await until(
      async () =>
        (await readQuickly(rootExec)).some(
          ({ kind, targets }) => kind === "orphan" && targets.some(({ pid }) => pid === monitor),
        ),
      "the orphaned monitor",
    );
    const fresh = await readQuickly(rootExec);
    const orphan = find(fresh, monitor);
    expect(orphan).toMatchObject({ user: bobName, targets: [{ pid: monitor }] });
    expect(orphan.hung.map(({ kind }) => kind)).toContain("orphan");
    const report = await killRemoteSessions({ exec: rootExec, sudo: false }, [orphan], fresh, gently);
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
    expect(isRunning(monitor)).toBe(false);
  });

  it("reports that a process survives HUP and TERM, so that it needs KILL", async () => {
    const program = await sessionOf(ada, "sleep 1000", true, "trap '' HUP TERM; ");
    const view = viewOf(exec, 1800);
    const session = find((await view.refresh("m1")).sessions, program);
    const first = await view.kill("m1", [session.id], gently);
    expect(first.sessions.map(({ outcome }) => outcome)).toEqual(["alive"]);
    expect(isRunning(program)).toBe(true);
    process.kill(program, "SIGKILL");
  });

  it("KILL ends a process that ignores the other signals", async () => {
    const program = await sessionOf(ada, "sleep 1000", true, "trap '' HUP TERM; ");
    const view = viewOf(exec, 1800);
    const session = find((await view.refresh("m1")).sessions, program);
    const report = await view.kill("m1", [session.id], { force: true, onlyHung: false });
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
    expect(isRunning(program)).toBe(false);
  });

  it("refuses to kill the sshd of its own connection, also in the script", async () => {
    const view = viewOf(exec, 1800);
    const { sessions } = await view.refresh("m1");
    const carrier = sessions.find((session) => session.ours === "carrier");
    const report = await view.kill("m1", [carrier?.id ?? ""], { force: true, onlyHung: false });
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["own"]);

    const facts = parseProbe(await runScript(exec, probeScript, { sudo: false }));
    const pids = new Map(facts.processes.map((process) => [process.pid, process]));
    const shell = pids.get(facts.probePid);
    const sshd = pids.get(shell?.ppid ?? 0);
    const forged = {
      ...carrier,
      targets: [{ pid: sshd?.pid ?? 0, startKey: sshd?.startKey ?? "" }],
    } as RemoteSession;
    const script = await killRemoteSessions({ exec, sudo: false }, [forged], [forged], {
      force: true,
      onlyHung: false,
    });
    expect(script.sessions.map(({ outcome }) => outcome)).toEqual(["own"]);
    expect(isRunning(sshd?.pid ?? 0)).toBe(true);
  });

  it("reports that it may not end another user's session", async () => {
    const program = await sessionOf(root, "sleep 1007");
    const view = viewOf(exec, 1800);
    const session = find((await view.refresh("m1")).sessions, program);
    const report = await view.kill("m1", [session.id], { force: true, onlyHung: false });
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["denied"]);
    expect(isRunning(program)).toBe(true);
  });

  it("refuses if the pid now belongs to another process", async () => {
    const program = await sessionOf(root, "sleep 1008");
    const before = find(await readQuickly(rootExec), program);
    process.kill(program, "SIGKILL");
    await until(() => !isRunning(program), "the end");
    const other = await withPid(program);
    try {
      // As if the list had been read just before the pid was reused.
      const report = await killRemoteSessions({ exec: rootExec, sudo: false }, [before], [before], {
        force: true,
        onlyHung: false,
      });
      expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["changed"]);
      expect(isRunning(program)).toBe(true);
      // And after the list was read again.
      const view = viewOf(rootExec, 1800);
      await view.refresh("m1");
      const fresh = await view.kill("m1", [before.id], { force: true, onlyHung: false });
      expect(fresh.sessions).toEqual([]);
    } finally {
      other.kill("SIGKILL");
    }
  });

  it("ends another user's session with sudo -n if that is allowed", async () => {
    await needProgram("sudo");
    const rule = `/etc/sudoers.d/ssh-sessions-lab-${process.pid}`;
    writeFileSync(rule, `${host.user} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
    try {
      const program = await sessionOf(bob, "sleep 1009");
      const view = viewOf(exec, 1800, true);
      const { sessions, sudo } = await view.refresh("m1");
      expect(sudo).toBe("used");
      const report = await view.kill("m1", [find(sessions, program).id], gently);
      expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
      expect(isRunning(program)).toBe(false);
    } finally {
      execFileSync("rm", ["-f", rule]);
    }
  });

  it("shows and ends sessions on a server that has only busybox's tools", async () => {
    await needProgram("busybox");
    const folder = `${host.folder}/busybox`;
    execFileSync("mkdir", ["-p", folder]);
    execFileSync("busybox", ["--install", "-s", folder]);
    const only: RemoteExec = (_command, options) =>
      exec(`exec ${folder}/ash -s`, {
        ...options,
        stdin: options.stdin.replace(/^PATH=.*$/m, `PATH=${folder}`).replaceAll("/bin/sh", `${folder}/ash`),
      });
    const program = await sessionOf(ada, "sleep 1010");
    const view = viewOf(only, 1800);
    const session = find((await view.refresh("m1")).sessions, program);
    expect(session).toMatchObject({ kind: "terminal", user: host.user, programs: ["sleep 1010"] });
    const report = await view.kill("m1", [session.id], gently);
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
    expect(isRunning(program)).toBe(false);
  });
});

describe.runIf(canMakeUsers() && netnsAvailable())("a session whose client lost its network", () => {
  it("is detected by unacknowledged data, and ended", async () => {
    const network = await Netns.start();
    const host = await startSshd({ wrap: network.wrap, address: network.innerAddress });
    const away = await clientFor(host, host.user);
    const inside = await clientFor(host, host.user);
    try {
      const program = await sessionOf(away, "sh -c 'while :; do echo tick; sleep 0.2; done'");
      const reach = sshRemoteExec(["-F", inside.configFile, "lab"]);
      const exec = insideOf(network, inside);
      expect(find(await readQuickly(reach), program).hung).toEqual([]);
      // Packets on the cable are dropped: the client has vanished without notice.
      const [command = "", ...args] = network.wrap;
      await run(command, [...args, "nft", "add rule inet lab incoming iifname inner drop"]);
      let session: RemoteSession | undefined;
      await until(async () => {
        session = find(await readQuickly(exec), program);
        return session.hung.length > 0;
      }, "the verdict");
      expect(session?.hung.map(({ kind }) => kind)).toEqual(["unanswered"]);
      const fresh = await readQuickly(exec);
      const report = await killRemoteSessions({ exec, sudo: false }, [find(fresh, program)], fresh, gently);
      expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
      expect(isRunning(program)).toBe(false);
    } finally {
      await Promise.all([away.stop(), inside.stop()]);
      await host.stop();
      await network.stop();
    }
  });
});

/** `ssh` runs inside the network, where the cut cable does not matter. */
function insideOf(network: Netns, client: SshClient): RemoteExec {
  return sshRemoteExec(["-F", client.configFile, "lab"], network.wrap);
}

/** A process with exactly this pid, as can happen by chance (proc(5), ns_last_pid). */
async function withPid(pid: number): Promise<ReturnType<typeof execFile>> {
  for (let attempt = 0; attempt < 100; attempt++) {
    writeFileSync("/proc/sys/kernel/ns_last_pid", String(pid - 1));
    const child = execFile("sleep", ["1000"]);
    if (child.pid === pid) {
      return child;
    }
    child.kill("SIGKILL");
  }
  throw new Error(`pid ${pid} was never free`);
}
