import { describe, expect, it } from "vitest";
import { defaultJudgeLimits, type Evidence, judgeHung } from "../../../src/remote/hungJudge.ts";
import type {
  LoginRecord,
  RemoteFacts,
  RemoteProcess,
  RemoteSocket,
} from "../../../src/remote/remoteFacts.ts";
import { buildSessions } from "../../../src/remote/remoteModel.ts";
import { describeHungReason } from "../../../src/text/remoteWords.ts";
import { fixtureFacts } from "./fixtureFacts.ts";

const shell: RemoteProcess = {
  pid: 100,
  ppid: 99,
  pgid: 100,
  foregroundPgid: 100,
  sessionLeader: true,
  foreground: true,
  uid: 1000,
  user: "ada",
  tty: "pts/0",
  state: "S",
  startedAt: 1000,
  startKey: "ticks:1",
  args: "-bash",
};
const socket: RemoteSocket = {
  state: "ESTAB",
  localAddress: "192.0.2.1",
  localPort: 22,
  peerAddress: "192.0.2.2",
  peerPort: 50_000,
  pids: [],
  retransmits: 0,
};
const record: LoginRecord = {
  ...{ user: "ada", tty: "pts/0", from: "192.0.2.2", pid: 99 },
  ...{ at: undefined, idleSeconds: undefined, what: undefined },
};
const alive: Evidence = {
  kind: "terminal",
  ageSeconds: 5000,
  idleSeconds: 4000,
  ...{ record, recordEnded: false, seesEverybody: true },
  carrier: { ...shell, pid: 99, args: "sshd: ada@pts/0" },
  leaders: [shell],
  members: [shell],
  connection: { kind: "socket", socket },
};

function reasons(change: Partial<Evidence>, idleSeconds = 1800): string[] {
  return judgeHung({ ...alive, ...change }, { ...defaultJudgeLimits, idleSeconds }).map(({ kind }) => kind);
}

describe("a session is hung", () => {
  it("if idle beyond the limit while everything in it sleeps", () => {
    expect(reasons({})).toEqual(["idle"]);
    expect(reasons({ idleSeconds: 1800 })).toEqual(["idle"]);
  });

  it("if its leader or its sshd is stopped", () => {
    const stopped: RemoteProcess = { ...shell, state: "T" };
    expect(reasons({ idleSeconds: 0, leaders: [shell, stopped] })).toEqual(["stopped"]);
    expect(reasons({ idleSeconds: 0, carrier: stopped })).toEqual(["stopped"]);
  });

  it("if its connection is gone", () => {
    expect(reasons({ idleSeconds: 0, connection: { kind: "none" } })).toEqual(["no-connection"]);
  });

  it("if the client has closed and sshd has not noticed", () => {
    const closed = { ...socket, state: "CLOSE-WAIT" };
    expect(reasons({ idleSeconds: 0, connection: { kind: "socket", socket: closed } })).toEqual([
      "peer-closed",
    ]);
  });

  it("if the client has not answered many retransmissions", () => {
    const silent = { ...socket, retransmits: defaultJudgeLimits.unansweredRetransmits };
    expect(reasons({ idleSeconds: 0, connection: { kind: "socket", socket: silent } })).toEqual([
      "unanswered",
    ]);
  });
});

describe("a session is not hung", () => {
  it("below the limit, or if its idle time is unknown", () => {
    expect(reasons({ idleSeconds: 1799 })).toEqual([]);
    expect(reasons({ idleSeconds: undefined })).toEqual([]);
  });

  it("for being idle if the limit is off", () => {
    expect(reasons({}, 0)).toEqual([]);
  });

  it("for being idle while something in it runs or waits for a disk", () => {
    expect(reasons({ members: [shell, { ...shell, state: "R" }] })).toEqual([]);
    expect(reasons({ members: [shell, { ...shell, state: "D" }] })).toEqual([]);
  });

  it("because its shell has stopped a job", () => {
    expect(reasons({ idleSeconds: 0, members: [shell, { ...shell, pid: 101, state: "T" }] })).toEqual([]);
  });

  it("without a connection in its first minute", () => {
    expect(reasons({ idleSeconds: 0, ageSeconds: 59, connection: { kind: "none" } })).toEqual([]);
  });

  it("if its connection is unknown, or retransmits now and then", () => {
    expect(reasons({ idleSeconds: 0, connection: { kind: "unknown" } })).toEqual([]);
    const busy = { ...socket, retransmits: 3 };
    expect(reasons({ idleSeconds: 0, connection: { kind: "socket", socket: busy } })).toEqual([]);
  });
});

describe("a login without a connection of its own", () => {
  const login = { kind: "login", carrier: undefined, connection: { kind: "unknown" } } as const;

  it("is hung when idle only if it came from another host", () => {
    expect(reasons(login)).toEqual(["idle"]);
    for (const from of [undefined, ":0", "(login screen)", "tmux(123).%0", "web1 via mosh [123]"]) {
      expect(reasons({ ...login, record: { ...record, from } }), from).toEqual([]);
    }
    expect(reasons({ ...login, record: undefined })).toEqual([]);
  });

  it("is left over if the sshd in its record has ended, or init has adopted its shell", () => {
    const rested = { ...login, idleSeconds: 0 };
    expect(reasons(rested)).toEqual([]);
    expect(reasons({ ...rested, recordEnded: true })).toEqual(["no-connection"]);
    expect(reasons({ ...rested, leaders: [{ ...shell, ppid: 1 }] })).toEqual(["no-connection"]);
    expect(reasons({ ...rested, recordEnded: true, leaders: [], members: [] })).toEqual(["stale-record"]);
    expect(reasons({ ...rested, leaders: [], members: [] })).toEqual([]);
  });

  it("is not left over if only the user's own processes are visible, or it is on the console", () => {
    const ended = { ...login, idleSeconds: 0, recordEnded: true };
    expect(reasons({ ...ended, seesEverybody: false })).toEqual([]);
    expect(reasons({ ...ended, record: { ...record, from: ":0" } })).toEqual([]);
  });
});

describe("a connection counts as gone", () => {
  const facts = fixtureFacts("debian12Root");
  const hungOf = (changed: RemoteFacts, tty: string): string[] =>
    buildSessions(
      { ...changed, now: changed.now + 600 },
      { limits: { ...defaultJudgeLimits, idleSeconds: 0 } },
    )
      .find((session) => session.tty === tty)
      ?.hung.map(({ kind }) => kind) ?? ["absent"];

  it("if root's list of sockets has none for that sshd", () => {
    const without = facts.sockets?.filter(({ peerPort }) => peerPort !== 54_014);
    expect(hungOf({ ...facts, sockets: without }, "pts/0")).toEqual(["no-connection"]);
    expect(hungOf(facts, "pts/0")).toEqual([]);
  });

  it("if a user's list lacks the connection in SSH_CONNECTION", () => {
    const user = fixtureFacts("debian12User");
    const without = user.sockets?.filter(({ peerPort }) => peerPort !== 54_014);
    expect(hungOf({ ...user, sockets: without }, "pts/0")).toEqual(["no-connection"]);
  });

  it("never for another user's session whose environment can't be read", () => {
    const user = fixtureFacts("debian12User");
    const without = user.sockets?.filter(({ peerPort }) => peerPort !== 51_768);
    expect(hungOf({ ...user, sockets: without }, "pts/2")).toEqual([]);
  });

  it("never if our own connection is not listed either: these are the sockets of another network", () => {
    expect(hungOf({ ...facts, sockets: [] }, "pts/0")).toEqual([]);
  });

  it("never for the sshd of a container, whose sockets are elsewhere", () => {
    const inside = facts.processes.map((process) =>
      process.pid === 29_114 ? { ...process, ppid: 5000 } : process,
    );
    const without = facts.sockets?.filter(({ peerPort }) => peerPort !== 54_014);
    expect(hungOf({ ...facts, processes: inside, sockets: without }, "pts/0")).toEqual([]);
  });
});

it("each reason has a text without remote text", () => {
  expect(describeHungReason({ kind: "idle", idleSeconds: 7201, limitSeconds: 1800 })).toBe(
    "no input or output for 2 h, and all its processes sleep (limit 30 min)",
  );
  expect(describeHungReason({ kind: "stopped", pid: 7, program: "\u001b[31mrm" })).toBe(
    "process 7, which leads or carries the session, is stopped (state T)",
  );
  expect(describeHungReason({ kind: "peer-closed", socketState: "CLOSE-WAIT" })).toContain("CLOSE-WAIT");
});
