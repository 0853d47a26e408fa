import { describe, expect, it } from "vitest";
import { killScript } from "../../../src/remote/killScript.ts";
import { RemoteViewError } from "../../../src/remote/remoteErrors.ts";
import { RemoteViewService } from "../../../src/remote/remoteViewService.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { FakeServer, fixtureText, killAnswer } from "./fakeServer.ts";

const root = fixtureText("debian12Root");
const leave = { force: false, onlyHung: false };

function serviceFor(server: FakeServer, sudo = false): { service: RemoteViewService; events: string[] } {
  const service = new RemoteViewService({
    access: (masterId) => (masterId === "m1" ? { exec: server.exec, sudo } : undefined),
    hungAfterSeconds: () => 1800,
    clock: new ManualClock(),
  });
  const events: string[] = [];
  service.onDidChange((masterId) => events.push(masterId));
  return { service, events };
}

function idOf(service: RemoteViewService, tty: string): string {
  const found = service.snapshot("m1")?.sessions.find((session) => session.tty === tty);
  if (found === undefined) {
    throw new Error(`no session on ${tty}`);
  }
  return found.id;
}

describe("reading a server's view", () => {
  it("is one round trip, and concurrent readers share it", async () => {
    const server = new FakeServer(root);
    const { service, events } = serviceFor(server);
    const [first, second] = await Promise.all([service.refresh("m1"), service.refresh("m1")]);
    expect(first).toBe(second);
    expect(server.commands).toEqual(["exec /bin/sh -s"]);
    expect(events).toEqual(["m1"]);
    expect(service.snapshot("m1")?.sessions).toHaveLength(8);
  });

  it("uses another boundary each time, which is never in the command", async () => {
    const server = new FakeServer(root);
    const { service } = serviceFor(server);
    await service.refresh("m1");
    await service.refresh("m1");
    const boundaries = server.scripts.map((script) => /ssh-sessions-[0-9a-f]{32}/.exec(script)?.[0]);
    expect(new Set(boundaries).size).toBe(2);
    expect(server.commands.join()).not.toContain("ssh-sessions-");
  });

  it("requests sudo only if it is allowed", async () => {
    const server = new FakeServer(root);
    await serviceFor(server, false).service.refresh("m1");
    await serviceFor(server, true).service.refresh("m1");
    expect(server.scripts.map((script) => script.includes("if [ 1 = 1 ]"))).toEqual([false, true]);
  });

  it("ignores the output of a profile before it, and a forged boundary", async () => {
    const forged = root.replace("1 root", "ssh-sessions-00000000000000000000000000000000 ps full\n1 root");
    const server = new FakeServer(`Welcome!\n${forged}`);
    const { service } = serviceFor(server);
    expect((await service.refresh("m1")).sessions).toHaveLength(8);
  });

  it("reports that no POSIX shell answered, with its output made printable", async () => {
    const server = new FakeServer("");
    server.stderr = "'exec' is not recognized\u001b[2J";
    const { service } = serviceFor(server);
    const error = await service.refresh("m1").catch((thrown: unknown) => thrown);
    expect(RemoteViewError.is(error) && error.reason).toBe("no-shell");
    expect(String(error)).toContain("'exec' is not recognized\\u{1b}[2J");
  });

  it("reports output that is truncated or ends early", async () => {
    const server = new FakeServer(root.slice(0, 900), root);
    const { service } = serviceFor(server);
    await expect(service.refresh("m1")).rejects.toMatchObject({ reason: "incomplete" });
    server.truncated = true;
    await expect(service.refresh("m1")).rejects.toMatchObject({ reason: "too-much" });
  });

  it("keeps the last list and the reason when a later read fails", async () => {
    const server = new FakeServer(root, "");
    const { service, events } = serviceFor(server);
    await service.refresh("m1");
    await expect(service.refresh("m1")).rejects.toBeInstanceOf(RemoteViewError);
    expect(service.snapshot("m1")?.sessions).toHaveLength(8);
    expect(service.failure("m1")).toBeInstanceOf(RemoteViewError);
    expect(events).toEqual(["m1", "m1"]);
  });

  it("refuses a master that is not connected", async () => {
    await expect(serviceFor(new FakeServer(root)).service.refresh("m9")).rejects.toMatchObject({
      reason: "not-connected",
    });
  });

  it("names what the server lacks", async () => {
    const { service } = serviceFor(new FakeServer(fixtureText("openssh10")));
    expect((await service.refresh("m1")).gaps).toEqual(["logins", "sockets"]);
  });

  it("reports that other users' processes are hidden", async () => {
    const hidden = root.replace(/^1 \(init\).*\n/m, "").replace(/^ +1 +0 .*\/sbin\/init\n/m, "");
    expect((await serviceFor(new FakeServer(hidden)).service.refresh("m1")).gaps).toEqual(["other-users"]);
  });

  it("marks sessions on another master of ours on the same server", async () => {
    const other = root
      .replace("pid 29211", "pid 29117")
      .replace("connection 127.0.0.1 51812", "connection 127.0.0.1 54014");
    const servers = { m1: new FakeServer(root), m2: new FakeServer(other) };
    const service = new RemoteViewService({
      access: (masterId) => ({ exec: servers[masterId as "m1" | "m2"].exec, sudo: false }),
      hungAfterSeconds: () => 1800,
      clock: new ManualClock(),
    });
    await service.refresh("m2");
    const ours = (await service.refresh("m1")).sessions.filter((session) => session.ours === "ours");
    expect(ours.map(({ tty }) => tty)).toEqual(["pts/0"]);
  });

  it("is cancelled when the master is forgotten, and its listeners are informed", async () => {
    const server = new FakeServer(root);
    let release = (): void => {};
    server.gate = new Promise((resolve) => {
      release = resolve;
    });
    const { service, events } = serviceFor(server);
    const reading = service.refresh("m1");
    service.forget("m1");
    release();
    await expect(reading).rejects.toMatchObject({ reason: "cancelled" });
    expect(service.snapshot("m1")).toBeUndefined();
    expect(events).toEqual(["m1"]);
  });

  it("ends with the service", async () => {
    const server = new FakeServer(root);
    const { service, events } = serviceFor(server);
    await service.refresh("m1");
    service.dispose();
    service.dispose();
    expect(service.snapshot("m1")).toBeUndefined();
    await expect(service.refresh("m1")).rejects.toMatchObject({ reason: "not-connected" });
    expect(events).toEqual(["m1"]);
  });
});

describe("killing remote sessions", () => {
  it("reads the list, signals shell and connection by pid and start, and reads it again", async () => {
    const server = new FakeServer(root, root, killAnswer("29117 ended HUP", "29116 ended HUP"), root);
    const { service } = serviceFor(server);
    await service.refresh("m1");
    const report = await service.kill("m1", [idOf(service, "pts/0")], leave);
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["ended"]);
    expect(server.scripts).toHaveLength(4);
    expect(server.scripts[2]).toContain("rest='29117=ticks:300095 29116=ticks:300091'");
    expect(server.scripts[2]).toContain("for sig in HUP TERM; do");
  });

  it("sends KILL only on request", async () => {
    const server = new FakeServer(root, root, killAnswer("29117 ended KILL", "29116 ended KILL"), root);
    const { service } = serviceFor(server);
    await service.refresh("m1");
    await service.kill("m1", [idOf(service, "pts/0")], { force: true, onlyHung: false });
    expect(server.scripts[2]).toContain("for sig in HUP TERM KILL; do");
  });

  it("sends nothing if the pid has another start time now", async () => {
    const reused = root.replace("0 0 20 0 1 0 300095 ", "0 0 20 0 1 0 999999 ");
    expect(reused).not.toBe(root);
    const server = new FakeServer(root, reused);
    const { service } = serviceFor(server);
    await service.refresh("m1");
    const report = await service.kill("m1", [idOf(service, "pts/0")], leave);
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["changed"]);
    expect(server.scripts.some((script) => script.includes("for sig in"))).toBe(false);
  });

  it("sends nothing to one that is no longer hung if only hung ones are to end", async () => {
    const awake = root.replace("/dev/pts/0 1795222776 1795222776", "/dev/pts/0 1795229976 1795222776");
    const server = new FakeServer(root, awake);
    const { service } = serviceFor(server);
    await service.refresh("m1");
    const report = await service.kill("m1", [idOf(service, "pts/0")], { force: false, onlyHung: true });
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["not-hung"]);
    expect(server.scripts).toHaveLength(3);
  });

  it("refuses the sshd of its own connection", async () => {
    const server = new FakeServer(root);
    const { service } = serviceFor(server);
    const { sessions } = await service.refresh("m1");
    const carrier = sessions.find((session) => session.ours === "carrier")?.id ?? "";
    const report = await service.kill("m1", [carrier], leave);
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["own"]);
    expect(server.scripts.some((script) => script.includes("for sig in"))).toBe(false);
  });

  it("reports which process was not permitted, survived, or was replaced", async () => {
    const answer = killAnswer(
      "29117 ended HUP",
      "29116 denied",
      "29131 alive TERM",
      "29129 ended HUP",
      "29135 changed",
      "29133 gone",
    );
    const server = new FakeServer(root, root, answer, root);
    const { service } = serviceFor(server);
    await service.refresh("m1");
    const ids = ["pts/0", "pts/2", "pts/3"].map((tty) => idOf(service, tty));
    const report = await service.kill("m1", ids, leave);
    expect(report.sessions.map(({ outcome }) => outcome)).toEqual(["denied", "alive", "changed"]);
  });

  it("never puts server text into the script unchecked", () => {
    const script = killScript(
      [
        { pid: 5, startKey: "ticks:1'; id; '" },
        { pid: 6, startKey: "lstart:$(id)" },
        { pid: 7.5, startKey: "ticks:1" },
        { pid: 1, startKey: "ticks:1" },
        { pid: 8, startKey: "lstart:Sun Mar 1 16:58:00 2020" },
      ],
      false,
    );
    expect(/^rest='(.*)'$/m.exec(script)?.[1]).toBe("8=lstart:Sun_Mar_1_16:58:00_2020");
  });
});
