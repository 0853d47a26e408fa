import { describe, expect, it } from "vitest";
import { presentSession } from "../../../../src/vscode/views/sessionPresentation.ts";
import { masterSnapshot, sessionSnapshot, start } from "./snapshots.ts";

const home = "/home/a";
const later = start + 185_000;

describe("a session in the tree", () => {
  it("reads the same for its first minute", () => {
    for (let second = 0; second < 60; second++) {
      const now = start + second * 1000;
      expect(presentSession(sessionSnapshot(), masterSnapshot(), now, home).description).toBe("");
    }
  });

  it("shows its age, and its silence from a minute on", () => {
    expect(
      presentSession(sessionSnapshot({ lastActivity: later - 59_000 }), masterSnapshot(), later, home)
        .description,
    ).toBe("open 3 min");
    expect(
      presentSession(sessionSnapshot({ lastActivity: later - 60_000 }), masterSnapshot(), later, home)
        .description,
    ).toBe("idle 1 min · open 3 min");
  });

  it("shows the alias with which it was opened if that differs from the master's", () => {
    const shown = presentSession(
      sessionSnapshot({ spec: "alias2", lastActivity: later }),
      masterSnapshot(),
      later,
      home,
    );
    expect(shown.description).toBe("open 3 min · alias2");
  });

  it("can be revealed only with a terminal, and ended only while it is open", () => {
    const context = (over: Parameters<typeof sessionSnapshot>[0]): string =>
      presentSession(sessionSnapshot(over), undefined, later, home).contextValue;
    expect(context({})).toBe("session terminal live");
    expect(context({ kind: "command" })).toBe("session live");
    const limits = [{ kind: "time", seconds: 60, endsAt: later, source: { kind: "default" } }] as const;
    expect(context({ limits })).toBe("session terminal live limited");
    const outcome = { kind: "exited", code: 3 } as const;
    expect(context({ state: { kind: "ended", since: later, outcome }, outcome })).toBe("session terminal");
  });

  it("tells a screen reader the remaining time and that EOF was sent, as its row does", () => {
    const limits = [
      { kind: "time", seconds: 7200, endsAt: start + 7_200_000, source: { kind: "default" } },
    ] as const;
    const shown = presentSession(
      sessionSnapshot({ limits, eofSent: true }),
      masterSnapshot(),
      start + 1000,
      home,
    );
    expect(shown.description).toMatch(/^EOF sent · (.* left)$/);
    expect(shown.accessibleLabel).toBe(`web1, terminal, open, ${shown.description.replace(" · ", ", ")}`);
  });

  it("shows how it ended", () => {
    const outcome = { kind: "lost", reason: "unresponsive" } as const;
    const shown = presentSession(
      sessionSnapshot({ state: { kind: "ended", since: later, outcome }, outcome }),
      undefined,
      later,
      home,
    );
    expect(shown.description).toContain("stopped responding");
  });

  it("shows its limits with the remaining time and their sources, or that it has none", () => {
    const limited = presentSession(
      sessionSnapshot({
        folder: "api",
        limits: [
          {
            ...{ kind: "idle", seconds: 600, endsAt: later + 125_000 },
            source: { kind: "setting", setting: "x", layer: "workspaceFolder", folder: "api" },
          },
          { kind: "time", seconds: 7200, endsAt: later + 7_015_000, source: { kind: "commandLine" } },
        ],
      }),
      masterSnapshot(),
      later,
      home,
    );
    expect(limited.description).toBe("2 min 30 s left · idle 3 min");
    expect(limited.hover).toContain("| Idle limit | 2 min 30 s left of 10 min: *folder setting of api* |");
    expect(limited.hover).toContain("| Time limit | 1 h 57 min left of 2 h: *set for this session* |");
    expect(limited.hover).toContain("| Folder | api |");
    const free = presentSession(sessionSnapshot(), masterSnapshot(), later, home);
    expect(free.hover).toContain("| Limit | none |");
    expect(free.lasting).not.toBe(limited.lasting);
  });
});

describe("a terminal whose input has ended", () => {
  it("shows it in its row and its hover", () => {
    const shown = presentSession(sessionSnapshot({ eofSent: true }), undefined, start, home);
    expect(shown.description).toMatch(/^EOF sent/);
    expect(shown.hover).toContain("EOF sent");
  });

  it("does not apply to a command, which always gets an EOF", () => {
    const shown = presentSession(sessionSnapshot({ eofSent: true, kind: "command" }), undefined, start, home);
    expect(shown.description).not.toContain("EOF");
  });
});

describe("a session that another alias of the connection opened", () => {
  it.each([
    ["web2", "", "web2, terminal, open"],
    ["web2 (2)", "", "web2 (2), terminal, open"],
    ["build log", "web2", "build log, terminal, open, web2"],
  ])("shows its host once: %s", (title, description, accessibleLabel) => {
    const session = sessionSnapshot({ title, spec: "web2", since: later, lastActivity: later });
    expect(presentSession(session, masterSnapshot(), later, home)).toMatchObject({
      label: title,
      description,
      accessibleLabel,
    });
  });
});
