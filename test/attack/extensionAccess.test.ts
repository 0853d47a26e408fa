import { beforeEach, describe, expect, it } from "vitest";
import type { AccessQuestion } from "../../src/text/extensionAccessText.ts";
import { accessQuestionText } from "../../src/text/extensionAccessText.ts";
import { commandCall } from "../../src/vscode/commands/strangerArguments.ts";
import { ExtensionAccess } from "../../src/vscode/prompts/extensionAccess.ts";
import { commandIds } from "../../src/vscode/settings/contributionIds.ts";
import { ownNode } from "../../src/vscode/views/treeNodes.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { ManualClock } from "../support/manualClock.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";

class Memory {
  readonly values = new Map<string, unknown>();
  keys(): readonly string[] {
    return [...this.values.keys()];
  }
  get<T>(key: string, fallback?: T): T {
    return (this.values.get(key) ?? fallback) as T;
  }
  async update(key: string, value: unknown): Promise<void> {
    this.values.set(key, structuredClone(value));
  }
}

/** Turns of the event loop in which everything that can settle does. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

interface Open {
  readonly question: AccessQuestion;
  answer(allowed: boolean): Promise<void>;
}

describe("consent for other extensions", () => {
  let memory: Memory;
  let clock: ManualClock;
  let logger: RecordingLogger;
  /** Questions in the order in which they came up; `answer` closes the one that is open. */
  let shown: Open[];
  let open: number;
  let mostOpen: number;
  let ports: Record<string, number>;

  function create(): ExtensionAccess {
    return new ExtensionAccess(
      memory,
      {
        resolve: async (host) => {
          if (host.includes("(")) {
            throw new Error("no host name");
          }
          return testHostConfig({ alias: host, hostName: `${host}.example`, port: ports[host] ?? 22 });
        },
      },
      (question) => {
        open++;
        mostOpen = Math.max(mostOpen, open);
        return new Promise((resolve) => {
          shown.push({
            question,
            answer: async (allowed) => {
              open--;
              resolve(allowed);
              await settle();
            },
          });
        });
      },
      clock,
      logger,
    );
  }

  beforeEach(() => {
    memory = new Memory();
    clock = new ManualClock();
    logger = new RecordingLogger();
    shown = [];
    open = 0;
    mostOpen = 0;
    ports = {};
  });

  const outcome = (promise: Promise<void>): Promise<string> =>
    promise.then(
      () => "allowed",
      (error: { reason?: string; message: string }) => error.reason ?? error.message,
    );

  it("a thousand calls at once make one question, and one answer serves them all", async () => {
    const access = create();
    const calls = Array.from({ length: 1000 }, () =>
      outcome(access.require("web1", { purpose: "run", what: "id" })),
    );
    await settle();
    expect(shown).toHaveLength(1);
    await shown[0]?.answer(true);
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["allowed"]));
    expect(await outcome(access.require("web1", { purpose: "end" }))).toBe("allowed");
    expect(shown).toHaveLength(1);
    expect(logger.lines.filter((line) => line.includes("web1") && line.startsWith("info")).length).toBe(1);
  });

  it("closing the question means no, for all that wait and for a while", async () => {
    const access = create();
    const calls = Array.from({ length: 5 }, () => outcome(access.require("web1", { purpose: "run" })));
    await settle();
    await shown[0]?.answer(false);
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["refused"]));
    expect(await outcome(access.require("web1", { purpose: "run" }))).toBe("refused");
    expect(shown).toHaveLength(1);
    expect(memory.values.size).toBe(0);
    await clock.advance(11 * 60_000);
    void outcome(access.require("web1", { purpose: "run" }));
    await settle();
    expect(shown).toHaveLength(2);
  });

  it("a flood over a thousand hosts shows one question at a time, three at most, and four wait at most", async () => {
    const access = create();
    const calls = Array.from({ length: 1000 }, (_, n) =>
      outcome(access.require(`h${n}`, { purpose: "run" })),
    );
    await settle();
    expect(shown).toHaveLength(1);
    for (let n = 0; n < 10; n++) {
      await shown[n]?.answer(false);
    }
    const ends = await Promise.all(calls);
    expect(shown).toHaveLength(3);
    expect(mostOpen).toBe(1);
    expect(ends.filter((end) => end === "busy").length).toBe(996);
    // Nothing more is asked, whatever the host.
    expect(await outcome(access.require("other", { purpose: "run" }))).toBe("busy");
    expect(shown).toHaveLength(3);
    expect(logger.lines.filter((line) => !line.startsWith("debug")).length).toBeLessThan(10);
  });

  it("is for a destination: the same name that leads elsewhere asks again", async () => {
    const access = create();
    const first = outcome(access.require("web1", { purpose: "run" }));
    await settle();
    await shown[0]?.answer(true);
    expect(await first).toBe("allowed");
    ports = { web1: 2222 };
    const second = outcome(access.require("web1", { purpose: "run" }));
    await settle();
    expect(shown).toHaveLength(2);
    await shown[1]?.answer(false);
    expect(await second).toBe("refused");
  });

  it("is remembered by the next window, shown, and taken back by the command", async () => {
    const access = create();
    const call = outcome(access.require("web1", { purpose: "run" }));
    await settle();
    await shown[0]?.answer(true);
    await call;
    const next = create();
    expect(next.isGranted("web1")).toBe(true);
    expect(await outcome(next.require("web1", { purpose: "run" }))).toBe("allowed");
    let changes = 0;
    next.onDidChange(() => {
      changes++;
    });
    await next.revoke(next.grants().map(({ key }) => key));
    expect(changes).toBe(1);
    expect(next.grants()).toEqual([]);
    void outcome(next.require("web1", { purpose: "run" }));
    await settle();
    expect(shown).toHaveLength(2);
  });

  it("a damaged memory grants nothing", async () => {
    for (const value of [null, "all", { web1: true }, [null, 1, "x", {}, { key: 1 }], [{ host: "web1" }]]) {
      memory.values.set("extensionAccess", value);
      expect(create().grants()).toEqual([]);
    }
  });

  it("does not ask about what is no host", async () => {
    expect(await outcome(create().require("web1 (it is safe)", { purpose: "run" }))).toBe("no host name");
    expect(shown).toEqual([]);
  });

  it("says what is known, and what the caller only claims, without links, icons or hidden characters", () => {
    const evil = "[Allow](command:evil) $(check)\u202e\n\nMicrosoft";
    const { message, detail } = accessQuestionText({
      host: evil,
      destination: evil,
      purpose: "run",
      what: `${evil}${"x".repeat(100_000)}`,
      claim: evil,
    });
    for (const text of [message, detail]) {
      expect(text).not.toMatch(/\]\(|\$\(|\u202e/);
      expect(text.length).toBeLessThan(2000);
    }
    expect(detail).toContain("It calls itself");
    expect(detail).toContain("can't confirm");
    // A line break of the caller's begins no paragraph of ours.
    expect(detail.split("\n\n")).toHaveLength(4);
  });
});

describe("commands that are called with arguments", () => {
  const masters = [{ id: "m1", spec: "web1", sessions: [{ id: "s1", spec: "web1" }] }] as never;

  it("a row's own node needs no consent", () => {
    const node = ownNode({ kind: "master", id: "m1" });
    for (const id of commandIds) {
      expect(commandCall(id, node, masters)).toEqual({ kind: "own", argument: node });
      expect(commandCall(id, undefined, masters)).toEqual({ kind: "own", argument: undefined });
    }
  });

  it("what only looks like a row's node is dropped, so that the person is asked what is meant", () => {
    const entry = { alias: "web1", source: "settings" };
    const fakes: readonly unknown[] = [
      { kind: "master", id: "m1" },
      { kind: "host", entry },
      { kind: "remoteSession", id: "x", masterId: "m1" },
      { kind: "problem", problem: { file: "/etc/passwd", message: "" } },
      ["web1"],
      [{ kind: "master", id: "m1" }],
      { toString: () => "web1" },
      1,
      null,
      "",
      "  ",
    ];
    for (const id of commandIds) {
      for (const fake of fakes) {
        expect(commandCall(id, fake, masters)).toEqual({ kind: "own", argument: undefined });
      }
    }
  });

  it("a name, or the id of something that is there, needs consent for its host", () => {
    for (const id of commandIds) {
      const call = commandCall(id, "s1", masters);
      expect(call.kind).toBe("stranger");
    }
    expect(commandCall("sshSessions.kill", "m1", masters)).toEqual({
      kind: "stranger",
      argument: "m1",
      host: "web1",
    });
    expect(commandCall("sshSessions.runCommand", " web2 ", masters)).toMatchObject({ host: "web2" });
    expect(commandCall("sshSessions.kill", "m9", masters)).toEqual({ kind: "own", argument: undefined });
  });
});
