import { describe, expect, it } from "vitest";
import { defaultJudgeLimits } from "../../../src/remote/hungJudge.ts";
import { buildSessions } from "../../../src/remote/remoteModel.ts";
import type { RemoteSession } from "../../../src/remote/remoteSession.ts";
import { fixtureFacts } from "./fixtureFacts.ts";

function sessions(system: string): RemoteSession[] {
  return buildSessions(fixtureFacts(system), { limits: defaultJudgeLimits });
}

/** `KIND USER TTY FROM idle STATE OURS [REASONS] first program -> target pids`, `-` for unknown values. */
function row(session: RemoteSession): string {
  const { kind, user, tty, from, idleSeconds, state, ours, hung, programs, targets } = session;
  const words = [kind, user, tty, from, idleSeconds, state, ours].map((word) => word ?? "-").join(" ");
  const reasons = hung.map((reason) => reason.kind).join(" ");
  return `${words} [${reasons}] ${programs[0] ?? "-"} -> ${targets.map(({ pid }) => pid).join(" ")}`.trimEnd();
}

const expected: Record<string, readonly string[]> = {
  debian12Root: [
    "terminal alicia pts/0 127.0.0.1 7201 sleeping - [idle] bash -i -> 29117 29116",
    "terminal alicia pts/1 127.0.0.1 2 sleeping - [] vi /etc/hostname -> 29122 29121",
    "command root - 127.0.0.1 - sleeping - [] sleep 1000 -> 29127 29124",
    "terminal root pts/2 127.0.0.1 2 sleeping - [] sleep 999 -> 29131 29129",
    "terminal root pts/3 127.0.0.1 2 stopped - [stopped] sleep 998 -> 29135 29133",
    "connection alicia - 127.0.0.1 - sleeping - [] - -> 29142",
    "connection root - 127.0.0.1 - running carrier [] - ->",
    "connection alicia - 127.0.0.1 - sleeping - [] - -> 29172",
  ],
  debian12User: [
    "terminal alicia pts/0 127.0.0.1 7201 sleeping - [idle] bash -i -> 29117 29116",
    "terminal alicia pts/1 127.0.0.1 2 sleeping - [] vi /etc/hostname -> 29122 29121",
    "command root - - - sleeping - [] sleep 1000 -> 29127 29124",
    "terminal root pts/2 127.0.0.1 2 sleeping - [] sleep 999 -> 29131 29129",
    "terminal root pts/3 127.0.0.1 2 stopped - [stopped] sleep 998 -> 29135 29133",
    "connection alicia - - - sleeping - [] - -> 29142",
    "connection root - - - sleeping - [] - -> 29157",
    "connection alicia - 127.0.0.1 - running carrier [] - ->",
  ],
  busybox135: [
    "terminal alicia pts/0 127.0.0.1 7202 sleeping - [idle] bash -i -> 29117 29116",
    "terminal alicia pts/1 127.0.0.1 3 sleeping - [] vi /etc/hostname -> 29122 29121",
    "command root - - - sleeping - [] sleep 1000 -> 29127 29124",
    "terminal root pts/2 127.0.0.1 3 sleeping - [] sleep 999 -> 29131 29129",
    "terminal root pts/3 127.0.0.1 3 stopped - [stopped] sleep 998 -> 29135 29133",
    "connection alicia - - - sleeping - [] - -> 29142",
    "connection root - - - sleeping - [] - -> 29157",
    "connection alicia - 127.0.0.1 - sleeping carrier [] - ->",
  ],
  busyboxDropbear: [
    "terminal alicia pts/0 127.0.0.1 2 sleeping - [] sh -i -> 29406 29405",
    "connection alicia - 127.0.0.1 - sleeping carrier [] - ->",
  ],
  // Without stat, who and w the idle time of a terminal is unknown, so nothing is hung for it.
  openwrt1907: [
    "terminal root pts/0 192.168.1.11 - sleeping - [] -ash -> 2101 2100",
    "connection root - 192.168.1.10 - sleeping carrier [] - ->",
  ],
  ubuntu1804: [
    "terminal ada pts/1 192.0.2.9 3600 sleeping - [idle] vim notes.txt -> 15102 15101",
    "terminal kim pts/0 192.0.2.7 1 sleeping carrier [] -bash -> 17060",
    "login kim ttyS0 - 872 sleeping - [] -bash -> 2010",
  ],
  // Input 50 min ago, output 4 s ago: a log that is being watched is not hung.
  ubuntu2404: [
    "terminal ubuntu pts/1 198.51.100.9 4 sleeping - [] tail -f /var/log/syslog -> 8201 8200",
    "connection ubuntu - 198.51.100.4 - sleeping carrier [] - ->",
  ],
  centos77: [
    "terminal kim pts/0 192.0.2.8 1920 sleeping - [peer-closed idle] -bash -> 4319 4318",
    "terminal ada pts/1 192.0.2.9 1200 running - [unanswered] top -> 4416 4415",
    "connection root - 192.0.2.7 - sleeping carrier [] - ->",
    "orphan eve - - - sleeping - [orphan no-connection] - -> 4500",
    "login kim ttyS0 - 1936 sleeping - [] -bash -> 1300",
    "login bob pts/2 192.0.2.10 8700 sleeping - [no-connection idle] -bash -> 3950",
  ],
  openssh10: [
    "terminal aidor pts/0 192.0.2.4 2000 sleeping carrier [] -bash -> 129",
    "authenticating unknown - - - sleeping - [] - -> 150",
  ],
  macos1014: [
    "terminal ada ttys002 192.0.2.65 111960 sleeping - [idle] less notes.txt -> 41402 41401",
    "terminal kelly ttys000 192.0.2.64 120 sleeping carrier [] -bash -> 51217",
    "login kelly console - 86400 unknown - [] - ->",
  ],
  freebsd14: [
    "terminal ada pts/0 2001:db8::1 34800 sleeping - [peer-closed idle] -sh (sh) -> 70105 70104",
    "terminal jo pts/1 192.0.2.1 1 sleeping carrier [] -sh (sh) -> 82205",
  ],
  openbsd76: [
    "terminal doug ttyp0 192.0.2.5 0 sleeping carrier [] -ksh (ksh) -> 20045",
    "terminal ada ttyp1 2001:db8::9 11520 sleeping - [idle] mutt -> 50021 50020",
    "login root ttyC0 - 86400 sleeping - [] -ksh (ksh) -> 1200",
  ],
};

describe("the sessions of a server", () => {
  for (const [system, rows] of Object.entries(expected)) {
    it(`are read on ${system}`, () => {
      expect(sessions(system).map(row)).toEqual(rows);
    });
  }

  it("start when their leader started, on the server's clock", () => {
    const ages = (system: string): (number | undefined)[] =>
      sessions(system).map(({ since }) => since && fixtureFacts(system).now - since);
    expect(ages("ubuntu1804")).toEqual([7988, 3607, 243_087]);
    expect(ages("macos1014")).toEqual([202_660, 1120, 1_964_680]);
    expect(ages("freebsd14")).toEqual([135_999, 15_999]);
  });

  it("name the start time of each pid that they would signal", () => {
    const keys = (system: string): string[] =>
      sessions(system).flatMap(({ targets }) => targets.map(({ startKey }) => startKey));
    expect(keys("openwrt1907")).toEqual(["ticks:9900100", "ticks:9900000"]);
    expect(keys("freebsd14")).toContain("lstart:Wed Nov 15 20:10:01 2023");
    expect(keys("macos1014")).toContain("lstart:Sun Mar 1 16:58:00 2020");
  });

  it("keep their ids from one read to the next", () => {
    const first = sessions("debian12Root").map(({ id }) => id);
    expect(new Set(first).size).toBe(first.length);
    expect(sessions("debian12Root").map(({ id }) => id)).toEqual(first);
  });

  it("read by root and by a user have the same ids", () => {
    const ids = (system: string): string[] =>
      sessions(system)
        .filter(({ kind }) => kind === "terminal")
        .map(({ id }) => id);
    expect(ids("debian12User")).toEqual(ids("debian12Root"));
    expect(ids("busybox135")).toEqual(ids("debian12Root"));
  });

  it("on another connection of ours are marked by the client's end", () => {
    const built = buildSessions(fixtureFacts("debian12Root"), {
      limits: defaultJudgeLimits,
      otherCarriers: new Set(["127.0.0.1 54014"]),
    });
    const first = built[0];
    expect(first?.ours).toBe("ours");
    expect(first?.hung).toEqual([]);
  });
});
