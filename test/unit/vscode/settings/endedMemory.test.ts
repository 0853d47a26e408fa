import { describe, expect, it } from "vitest";
import { ConnectError } from "../../../../src/engine/engineErrors.ts";
import type { SessionOutcome } from "../../../../src/session/sessionTypes.ts";
import { describeOutcome } from "../../../../src/text/sessionDetails.ts";
import { userMessage } from "../../../../src/text/userMessages.ts";
import { EndedMemory } from "../../../../src/vscode/settings/endedMemory.ts";
import { endedRecord, endedSession } from "../../../../src/vscode/settings/endedRecord.ts";
import { fakeStack, shell } from "../../../support/fakeStack.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { sessionSnapshot, start } from "../views/snapshots.ts";

const day = 24 * 60 * 60 * 1000;

/** What VS Code stores: as text. */
class FakeMemento {
  text: string | undefined;
  writes = 0;
  get<T>(_key: string, fallback?: T): T {
    return (this.text === undefined ? fallback : JSON.parse(this.text)) as T;
  }
  async update(_key: string, value: unknown): Promise<void> {
    this.writes++;
    this.text = JSON.stringify(value);
  }
}

/** A window: it reads what the one before it stored. */
function windowWith(memento: FakeMemento, clock = new ManualClock()) {
  const memory = new EndedMemory(memento, clock, "/home/a");
  return { ...fakeStack(undefined, undefined, {}, { clock, endedStorage: memory }), memory };
}

function throughStorage(outcome: SessionOutcome, isTitledByCommand = false, title = "web1") {
  const snapshot = sessionSnapshot({ title, outcome, state: { kind: "ended", since: start + 5, outcome } });
  const record: unknown = JSON.parse(
    JSON.stringify(endedRecord({ snapshot, channel: undefined, isTitledByCommand }, "/home/a")),
  );
  return { record: JSON.stringify(record), session: endedSession(record, "before0")?.snapshot };
}

describe("sessions that ended before a reload of the window", () => {
  it("are listed after it, newest first, with the details of their channels", async () => {
    const memento = new FakeMemento();
    const first = windowWith(memento);
    for (const [title, code] of [
      ["build", 0],
      ["test", 3],
    ] as const) {
      const session = await first.manager.open({ host: "web1", ...shell, title });
      first.engine.connection().channels.at(-1)?.end({ code });
      await session.ended;
      await first.clock.advance(1000);
    }
    const [newest] = first.manager.history();
    const next = windowWith(memento);
    const after = next.manager.history();
    expect(after.map(({ title, outcome }) => [title, outcome && describeOutcome(outcome)])).toEqual([
      ["test", "exit code 3"],
      ["build", "exit code 0"],
    ]);
    expect(after[0]).toEqual({ ...newest, id: after[0]?.id, masterId: undefined });
    expect(next.manager.channelDetails(after[0]?.id ?? "")).toMatchObject({
      ...{ type: "session", closeReceived: true },
    });
    // The ids of a new window's sessions begin again.
    const session = await next.manager.open({ host: "web1", ...shell });
    next.engine.connection().channels[0]?.end({ code: 0 });
    await session.ended;
    const ids = next.manager.history().map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([3, 3]);
  });

  it("are gone once they were cleared, and after a week", async () => {
    const memento = new FakeMemento();
    const first = windowWith(memento);
    const session = await first.manager.open({ host: "web1", ...shell });
    first.engine.connection().channels[0]?.end({ code: 0 });
    await session.ended;
    await first.clock.advance(60);
    const at = (later: number): number => {
      const clock = new ManualClock();
      clock.sleep(later);
      return windowWith(memento, clock).manager.history().length;
    };
    expect([at(6 * day), at(8 * day)]).toEqual([1, 0]);
    first.manager.clearHistory();
    await first.clock.advance(60);
    expect(at(0)).toBe(0);
  });

  it("are stored together if many end at once; those that end with the window are not", async () => {
    const memento = new FakeMemento();
    const { manager, engine, clock, memory } = windowWith(memento);
    const opened = await Promise.all(
      Array.from({ length: 60 }, () => manager.open({ host: "web1", ...shell })),
    );
    for (const channel of engine.connection().channels.slice(0, 58)) {
      channel.end({ code: 0 });
    }
    await Promise.all(opened.slice(0, 58).map((session) => session.ended));
    await clock.advance(60);
    manager.dispose();
    memory.dispose();
    expect([memento.writes, windowWith(memento).manager.history().length]).toEqual([1, 50]);
    expect(memento.text?.length).toBeLessThan(100_000);
  });
});

describe("the record of an ended session", () => {
  it.each<SessionOutcome>([
    { kind: "exited", code: undefined },
    { kind: "signalled", signal: "KILL", coreDumped: true },
    { kind: "disconnected", exit: { code: 3 } },
    { kind: "killed", exit: {} },
    { kind: "lost", reason: "closed-by-server", said: "Too many\u001b" },
    { kind: "lost", reason: "jump-lost" },
    { kind: "limit", limit: "idle", seconds: 60, extended: true, exit: { code: 1 } },
    { kind: "failed", error: new ConnectError("refused", "connect ECONNREFUSED") },
  ])("says the same: %j", (outcome) => {
    const { session } = throughStorage(outcome);
    const text = session?.outcome && describeOutcome(session.outcome);
    expect(text).toBe(describeOutcome(outcome));
    expect(session?.state).toEqual({ kind: "ended", since: start + 5, outcome: session?.outcome });
  });

  it("has the whole message of a failure", () => {
    const error = new ConnectError("refused", "connect ECONNREFUSED");
    const { session } = throughStorage({ kind: "failed", error });
    const text = (failure: unknown): string | undefined => userMessage(failure, "web1", "/home/a")?.text;
    expect(session?.outcome?.kind === "failed" && text(session.outcome.error)).toBe(text(error));
  });

  it("has no argument of a command, which may be a secret", async () => {
    const { record, session } = throughStorage(
      { kind: "exited", code: 1 },
      true,
      "  TOKEN=hunter2 mysql -phunter2 shop",
    );
    expect(session?.title).toBe("mysql …");
    expect(record).not.toContain("hunter2");
    expect(throughStorage({ kind: "exited", code: 1 }, true, "uptime").session?.title).toBe("uptime");
    expect(throughStorage({ kind: "exited", code: 1 }, true, "A=hunter2").record).not.toContain("hunter2");

    const memento = new FakeMemento();
    const { manager, engine, clock } = windowWith(memento);
    const opened = await manager.open({
      ...{ host: "web1", kind: "terminal", title: "mysql -phunter2" },
      request: { type: "exec", command: "mysql -phunter2" },
    });
    engine.connection().channels[0]?.end({ code: 0 });
    await opened.ended;
    await clock.advance(60);
    expect(memento.text).toContain("mysql …");
    expect(memento.text).not.toContain("hunter2");
  });

  it("keeps the first and last requests of a channel, and the command of none", () => {
    const requests = Array.from({ length: 100 }, (_, index) => ({
      ...{ name: index === 0 ? "exec" : "window-change", detail: `detail ${index}` },
      ...{ outcome: "no reply asked" as const, at: start + index },
    }));
    const channel = {
      ...{ type: "session", localWindow: 5, bytesIn: 1, bytesOut: 2, requests, moments: [] },
      ...{ eofSent: true, eofReceived: false, closeSent: true, closeReceived: true },
    };
    const outcome = { kind: "exited", code: 0 } as const;
    const snapshot = sessionSnapshot({ outcome, state: { kind: "ended", since: start, outcome } });
    const record = endedRecord({ snapshot, channel, isTitledByCommand: false }, "/home/a");
    const after = endedSession(JSON.parse(JSON.stringify(record)), "before0")?.channel;
    expect(after).toEqual({
      ...channel,
      requests: [{ ...requests[0], detail: "" }, ...requests.slice(1, 12), ...requests.slice(-12)],
    });
  });

  it.each([
    ["nothing", undefined],
    ["a text", "x"],
    ["no host", { title: "a", kind: "terminal", since: 1, ended: 2, outcome: { kind: "killed" } }],
    ["an unknown kind", { spec: "a", title: "a", kind: "toString", since: 1, ended: 2, outcome: {} }],
    [
      "an unknown reason",
      {
        ...{ spec: "a", title: "a", kind: "terminal", since: 1, ended: 2 },
        outcome: { kind: "lost", reason: "constructor" },
      },
    ],
  ])("is left out if it holds %s", (_, record) => {
    expect(endedSession(record, "before0")).toBeUndefined();
  });
});
