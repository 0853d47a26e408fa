import { describe, expect, it } from "vitest";
import type { SessionKillOutcome } from "../../../../src/remote/killRemote.ts";
import { RemoteViewError } from "../../../../src/remote/remoteErrors.ts";
import type { HungReason, RemoteSession } from "../../../../src/remote/remoteSession.ts";
import type { RemoteSnapshot } from "../../../../src/remote/remoteViewService.ts";
import { killQuestion, killTold } from "../../../../src/text/remoteKillText.ts";
import {
  inShownOrder,
  presentFold,
  presentRemoteNote,
  presentRemoteSession,
  remoteNotes,
} from "../../../../src/vscode/views/remotePresentation.ts";

const stopped: HungReason = { kind: "stopped", pid: 42, program: "vim" };

function remoteSession(over: Partial<RemoteSession> = {}): RemoteSession {
  return {
    id: "42@1",
    kind: "terminal",
    user: "alice",
    tty: "pts/3",
    from: "192.0.2.7",
    since: 1_767_268_800,
    idleSeconds: 130,
    state: "sleeping",
    programs: ["vim notes.txt", "-bash"],
    ours: undefined,
    hung: [],
    targets: [{ pid: 42, startKey: "ticks:1" }],
    ...over,
  };
}

function snapshot(over: Partial<RemoteSnapshot> = {}): RemoteSnapshot {
  return {
    masterId: "m1",
    takenAt: 0,
    system: "Linux 6.1",
    sudo: "not-allowed",
    sessions: [remoteSession()],
    gaps: [],
    ...over,
  };
}

describe("a login on the server, in the tree", () => {
  it("shows user, terminal, program, idle time and origin", () => {
    const shown = presentRemoteSession(remoteSession());
    expect(shown.label).toBe("alice pts/3");
    expect(shown.description).toBe("vim notes.txt · idle 2 min · from 192.0.2.7");
    expect(shown.contextValue).toBe("remoteSession killable");
    expect(shown.icon).toEqual({ id: "terminal" });
  });

  it("marks ours, and offers no kill if there is nothing to signal", () => {
    const shown = presentRemoteSession(
      remoteSession({ kind: "connection", tty: undefined, programs: [], ours: "carrier", targets: [] }),
    );
    expect(shown.description).toBe("ours · no session · idle 2 min · from 192.0.2.7");
    expect(shown.contextValue).toBe("remoteSession");
    expect(shown.icon.color).toBe("testing.iconPassed");
    expect(shown.hover).toContain("on the connection that reads this view");
    expect(shown.hover).toContain("Use Disconnect to end it");
  });

  it.each<[HungReason, string, string]>([
    [{ kind: "idle", idleSeconds: 2730, limitSeconds: 1800 }, "idle 45 min", "no input or output"],
    [{ kind: "orphan" }, "left over from sshd", "waits for a child"],
    [{ kind: "no-connection" }, "connection gone", "its SSH connection is gone"],
    [{ kind: "peer-closed", socketState: "CLOSE-WAIT" }, "client has closed", "CLOSE\\-WAIT"],
    [{ kind: "unanswered", retransmits: 9 }, "client does not reply", "9 times"],
    [stopped, "stopped", "process 42"],
    [{ kind: "stale-record" }, "no processes left", "listed as logged in"],
  ])(
    "starts the row of a hung one with a warning, and gives the whole reason in the hover: %o",
    (reason, short, long) => {
      const shown = presentRemoteSession(remoteSession({ hung: [reason] }));
      expect(shown.icon).toEqual({ id: "warning", color: "list.warningForeground" });
      expect(shown.description.startsWith(`${short} · vim`)).toBe(true);
      expect(shown.hover).toContain(long);
      expect(shown.accessibleLabel).toContain("hung");
    },
  );

  it("reads the same for a minute, so that its hover stays open", () => {
    const at = (idleSeconds: number): string =>
      presentRemoteSession(remoteSession({ idleSeconds })).description;
    expect(at(121)).toBe(at(179));
    expect(at(179)).not.toBe(at(180));
  });

  it("escapes text of others", () => {
    const nasty = "$(error) [x](command:evil)\u001b[2J\u202e<b>";
    const session = remoteSession({ user: nasty, programs: [nasty], from: nasty });
    const shown = presentRemoteSession(session);
    const asked = killQuestion(session, "web1");
    for (const text of [shown.label, shown.description, shown.hover, asked.message, asked.detail]) {
      expect(text).not.toMatch(/[\u0000-\u0009\u001b\u202e]/);
    }
    expect(shown.hover).not.toMatch(/\$\(error|\]\(command|<b>/);
  });

  it("comes first if it is ours, then if it is hung", () => {
    const order = inShownOrder([
      remoteSession({ id: "other" }),
      remoteSession({ id: "hung", hung: [stopped] }),
      remoteSession({ id: "ours", ours: "carrier" }),
      remoteSession({ id: "ours and hung", ours: "ours", hung: [stopped] }),
    ]);
    expect(order.map(({ id }) => id)).toEqual(["ours and hung", "ours", "hung", "other"]);
  });
});

describe("the fold of a server's own view", () => {
  it("counts, hung ones first", () => {
    const sessions = [remoteSession(), remoteSession({ id: "2", hung: [stopped] })];
    const shown = presentFold(snapshot({ sessions }), undefined, true);
    expect(shown.description).toBe("1 hung · 2 sessions");
    expect(shown.contextValue).toBe("onServer open");
    expect(presentFold(undefined, undefined, false)).toMatchObject({
      description: "",
      contextValue: "onServer",
    });
  });

  it("has a row for each thing that can't be read, and for each failure", () => {
    expect(remoteNotes(undefined, undefined)).toEqual(["reading"]);
    expect(remoteNotes(snapshot({ gaps: ["logins", "sockets"], sudo: "unavailable" }), undefined)).toEqual([
      "sudo",
      "logins",
      "sockets",
    ]);
    expect(remoteNotes(snapshot({ sessions: [] }), undefined)).toEqual(["empty"]);
    const failure = new RemoteViewError("no-shell", "The server did not run a POSIX shell: %$(x)");
    expect(remoteNotes(snapshot(), failure)).toEqual(["failed"]);
    const row = presentRemoteNote("failed", failure);
    expect(row.label).toBe("No POSIX shell on the server");
    expect(row.hover).toContain("\\$\\(x\\)");
  });
});

describe("texts about killing on a server", () => {
  it("the question names user, origin, program and reason", () => {
    const { message, detail, action } = killQuestion(remoteSession({ hung: [stopped] }), "web1");
    expect(message).toBe("Kill alice pts/3 on web1?");
    expect(detail).toContain("From: 192.0.2.7");
    expect(detail).toContain("Runs: vim notes.txt and 1 more");
    expect(detail).toContain(
      "Looks hung: process 42, which leads or carries the session, is stopped (state T).",
    );
    expect(action).toBe("Kill");
  });

  it("warn before one that is not hung, and before one of ours", () => {
    expect(killQuestion(remoteSession(), "web1").detail).toContain("it may be in use");
    expect(killQuestion(remoteSession({ ours: "carrier" }), "web1").detail).toContain("your own session");
  });

  const told = (outcomes: readonly SessionKillOutcome[], forced = false, sudo = false) =>
    killTold(
      {
        sessions: outcomes.map((outcome, at) => ({ session: remoteSession({ tty: `pts/${at}` }), outcome })),
      },
      "web1",
      forced,
      sudo,
    );

  it.each<[SessionKillOutcome, string]>([
    ["alive", "alice pts/0 on web1 is still running after HUP and TERM."],
    [
      "denied",
      "alice pts/0 on web1 belongs to another user, and you may not signal it. Log in as that user or as root, or allow sudo for this host in sshSessions.hosts.",
    ],
    ["changed", "alice pts/0 on web1 had already ended or changed, so nothing was sent."],
    ["not-hung", "alice pts/0 on web1 is no longer hung and was left alone."],
    ["own", "alice pts/0 on web1 carries this connection and was left alone."],
    ["nothing-left", "alice pts/0 on web1 has no process left to kill."],
  ])("%s", (outcome, text) => {
    expect(told([outcome])).toMatchObject({ severity: "warning", text });
  });

  it("are omitted for a success", () => {
    expect(told(["ended"])).toEqual({
      severity: "quiet",
      text: "alice pts/0 has ended on web1.",
      alive: [],
    });
    expect(told(["ended", "ended"]).text).toBe("2 sessions have ended on web1.");
  });

  it("name what is left, and offer KILL only once", () => {
    const some = told(["ended", "alive", "changed"]);
    expect(some.alive.map(({ tty }) => tty)).toEqual(["pts/1"]);
    expect(some.text).toMatch(/^alice pts\/0 has ended on web1\. alice pts\/1 is still running/);
    expect(told(["alive"], true)).toMatchObject({
      alive: [],
      text: "alice pts/0 on web1 is still running after KILL.",
    });
    expect(told(["denied"], false, true).text).not.toContain("sudo");
  });
});
