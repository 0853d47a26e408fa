import { expect, it } from "vitest";
import { ConnectError } from "../../../../src/engine/engineErrors.ts";
import type { SessionOutcome, SessionSnapshot } from "../../../../src/session/sessionTypes.ts";
import { presentEnded, presentHistory } from "../../../../src/vscode/views/historyPresentation.ts";
import { sessionSnapshot } from "./snapshots.ts";

function ended(
  outcome: SessionOutcome,
  title = "web1",
  kind: SessionSnapshot["kind"] = "terminal",
): SessionSnapshot {
  return sessionSnapshot({
    ...{ title, kind, outcome, since: 0, lastActivity: 5000, bytesIn: 10, bytesOut: 20 },
    state: { kind: "ended", since: 60_000, outcome },
  });
}

it.each([
  [{ kind: "exited", code: 0 }, "exit code 0 · 1 min ago", "pass"],
  [{ kind: "exited", code: 2 }, "exit code 2 · 1 min ago", "circle-outline"],
  [{ kind: "killed", exit: {} }, "killed · 1 min ago", "pass"],
  [{ kind: "lost", reason: "unresponsive" }, "lost: the server stopped responding · 1 min ago", "warning"],
  [
    { kind: "limit", limit: "time", seconds: 300, exit: {} },
    "time limit of 5 min reached · 1 min ago",
    "warning",
  ],
  [
    { kind: "limit", limit: "time", seconds: 300, extended: true, exit: {} },
    "time limit reached, 5 min after it was extended · 1 min ago",
    "warning",
  ],
] as const)("%j reads %j", (outcome, description, icon) => {
  const shown = presentEnded(ended(outcome), 120_000, "/home/me");
  expect([shown.description, shown.icon.id]).toEqual([description, icon]);
});

it("a title from the server can't break out of the hover", () => {
  const shown = presentEnded(ended({ kind: "exited", code: 0 }, "[x](command:evil)\u001b"), 0, "");
  expect(shown.hover).not.toContain("[x](command:evil)");
  expect(shown.label).toBe("[x](command:evil)\\u{1b}");
});

it("a failed open shows the reason in the row, and the advice in the hover", () => {
  const error = new ConnectError("refused", "connect ECONNREFUSED 10.0.0.1:22");
  const shown = presentEnded(ended({ kind: "failed", error }), 60_000, "");
  expect(shown.description).toMatch(/^connection refused · just now$/);
  expect(shown.icon.id).toBe("warning");
  expect(shown.hover).toMatch(/Reason.*web1/);
  expect(shown.hover).not.toMatch(/Duration|Traffic/);
});

it("the fold counts those that did not end as intended", () => {
  const history = [
    ended({ kind: "exited", code: 0 }),
    ended({ kind: "exited", code: 1 }, "false", "command"),
  ];
  expect(presentHistory(history).description).toBe("2 sessions, 1 with errors");
  expect(presentHistory(history.slice(0, 1)).description).toBe("1 session");
  expect(presentHistory(history.slice(1)).description).toBe("1 session with errors");
});

it("an end reads the same for the minute after it", () => {
  const at = (now: number): string => presentEnded(ended({ kind: "exited", code: 0 }), now, "").description;
  expect([at(60_000), at(119_999), at(120_000)]).toEqual([
    "exit code 0 · just now",
    "exit code 0 · just now",
    "exit code 0 · 1 min ago",
  ]);
});

it("a shell's exit status is no error: it is that of the last command", () => {
  expect(presentHistory([ended({ kind: "exited", code: 130 })]).description).toBe("1 session");
});

it("a command shows its host first, then itself, shortened, and its result", () => {
  const long = ended({ kind: "exited", code: 2 }, `echo ${"x".repeat(100)}`, "command");
  const shown = presentEnded(long, 60_000, "");
  expect(shown.label).toBe("web1");
  expect(shown.description).toMatch(/^echo x{15,22}…? · exit code 2 · just now$/);
});
