import { describe, expect, vi } from "vitest";
import type { AccessQuestion } from "../../src/text/extensionAccessText.ts";
import { accessQuestionText } from "../../src/text/extensionAccessText.ts";
import { type Command, strangerHost } from "../../src/vscode/commands/command.ts";
import { callSource } from "../../src/vscode/commands/commandCalls.ts";
import { ExtensionAccess } from "../../src/vscode/prompts/extensionAccess.ts";
import type { CommandId } from "../../src/vscode/settings/contributionIds.ts";
import { atTop, Row, RowKind } from "../../src/vscode/views/row.ts";
import { connectionTarget } from "../../src/vscode/views/targets.ts";
import { until } from "../lab/until.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { ManualClock } from "../support/manualClock.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { shownSoFar } from "../support/shownSoFar.ts";
import { attack, beforeRun } from "./support/attackTest.ts";

// The table of commands imports the whole editor; none of it is called here.
vi.mock("vscode", () => ({}));
const { allCommands } = await import("../support/allCommands.ts");
const commands = new Map(Object.entries(allCommands()));
const commandIds = [...commands.keys()];

function commandOf(id: string): Command {
  const found = commands.get(id);
  if (found === undefined) {
    throw new Error(`There is no command ${id}`);
  }
  return found;
}

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

const fourQuestions = {
  once: "a user answers one question after the other",
  except: { questions: { most: 4, because: "one of them is allowed, or comes a minute later" } },
};
const oneCall = { once: "a caller asks once, or a few times" };

/** Waits for some turns of the event loop, in which everything that can settle does. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

interface Open {
  readonly question: AccessQuestion;
  answer(allowed: boolean | "refuse-all"): Promise<void>;
}

describe("consent for other extensions", () => {
  let memory: Memory;
  let clock: ManualClock;
  let logger: RecordingLogger;
  /** Questions in their order; `answer` closes the open one. */
  let shown: Open[];
  let open: number;
  let mostOpen: number;
  let ports: Record<string, number>;
  /** The most questions open at the same time. */
  let lookups: number;
  let mostLookups: number;

  function create(): ExtensionAccess {
    return new ExtensionAccess(
      memory,
      {
        resolve: async (host) => {
          lookups++;
          mostLookups = Math.max(mostLookups, lookups);
          await new Promise((resolve) => setImmediate(resolve));
          lookups--;
          if (host.includes("(")) {
            throw new Error("no host name");
          }
          return testHostConfig({ alias: host, hostName: `${host}.example`, port: ports[host] ?? 22 });
        },
      },
      (question) => {
        open++;
        shownSoFar.questions++;
        mostOpen = Math.max(mostOpen, open);
        return new Promise((resolve) => {
          shown.push({
            question,
            answer: async (allowed) => {
              open--;
              resolve(allowed === true ? "allow" : allowed === false ? "refuse" : allowed);
              await settle();
            },
          });
        });
      },
      clock,
      logger,
    );
  }

  beforeRun(() => {
    memory = new Memory();
    clock = new ManualClock();
    logger = new RecordingLogger();
    shown = [];
    open = 0;
    mostOpen = 0;
    ports = {};
    lookups = 0;
    mostLookups = 0;
  });

  const outcome = (promise: Promise<void>): Promise<string> =>
    promise.then(
      () => "allowed",
      (error: { reason?: string; message: string }) => error.reason ?? error.message,
    );

  attack(
    "a thousand calls at once cause one question, whose answer applies to all",
    { size: 1000 },
    async (size) => {
      const access = create();
      const calls = Array.from({ length: size }, () =>
        outcome(access.require("web1", { purpose: "run", what: "id" })),
      );
      await settle();
      expect(shown).toHaveLength(1);
      await shown[0]?.answer(true);
      expect(new Set(await Promise.all(calls))).toEqual(new Set(["allowed"]));
      expect(await outcome(access.require("web1", { purpose: "end" }))).toBe("allowed");
      expect(shown).toHaveLength(1);
      expect(logger.lines.filter((line) => line.includes("web1") && line.startsWith("info")).length).toBe(1);
    },
  );

  attack(
    "dismissing the question refuses all waiting calls, and further ones for a while",
    oneCall,
    async () => {
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
    },
  );

  attack(
    "a flood over a thousand hosts shows one question at a time, at most three, and resolves four hosts at a time",
    { size: 500 },
    async (size) => {
      const access = create();
      const calls = Array.from({ length: size }, (_, n) =>
        outcome(access.require(`h${n}`, { purpose: "run" })),
      );
      await until(() => lookups === 0);
      expect(mostLookups).toBe(4);
      expect(shown).toHaveLength(1);
      for (let n = 0; n < 10; n++) {
        await shown[n]?.answer(false);
      }
      const ends = await Promise.all(calls);
      expect(shown).toHaveLength(3);
      expect(mostOpen).toBe(1);
      expect(ends.filter((end) => end === "busy").length).toBe(size - 3);
      // No further question, for any host.
      expect(await outcome(access.require("other", { purpose: "run" }))).toBe("busy");
      expect(shown).toHaveLength(3);
      expect(logger.lines.filter((line) => !line.startsWith("debug")).length).toBeLessThan(10);
    },
  );

  attack(
    "refusing three hosts blocks questions about other hosts for one minute only",
    fourQuestions,
    async () => {
      const access = create();
      for (let n = 0; n < 3; n++) {
        const call = outcome(access.require(`h${n}`, { purpose: "run" }));
        await settle();
        await shown[n]?.answer(false);
        expect(await call).toBe("refused");
      }
      expect(await outcome(access.require("other", { purpose: "run" }))).toBe("busy");
      await clock.advance(61_000);
      const other = outcome(access.require("other", { purpose: "run" }));
      await settle();
      expect(shown).toHaveLength(4);
      await shown[3]?.answer(true);
      expect(await other).toBe("allowed");
      expect(await outcome(access.require("h0", { purpose: "run" }))).toBe("refused");
      expect(shown).toHaveLength(4);
    },
  );

  attack("one answer refuses all hosts for ten minutes", oneCall, async () => {
    const access = create();
    const call = outcome(access.require("web1", { purpose: "run" }));
    await settle();
    await shown[0]?.answer("refuse-all");
    expect(await call).toBe("refused");
    await clock.advance(9 * 60_000);
    expect(await outcome(access.require("web2", { purpose: "run" }))).toBe("busy");
    await clock.advance(2 * 60_000);
    void outcome(access.require("web2", { purpose: "run" }));
    await settle();
    expect(shown).toHaveLength(2);
  });

  attack("an allowed host stays usable during a flood about others", fourQuestions, async () => {
    const access = create();
    const first = outcome(access.require("web1", { purpose: "run" }));
    await settle();
    await shown[0]?.answer(true);
    expect(await first).toBe("allowed");
    const flood = Array.from({ length: 400 }, (_, n) => outcome(access.require(`h${n}`, { purpose: "run" })));
    expect(await outcome(access.require("web1", { purpose: "run" }))).toBe("allowed");
    for (let n = 1; n < 5; n++) {
      await until(() => lookups === 0);
      await shown[n]?.answer(false);
    }
    expect(new Set(await Promise.all(flood))).toEqual(new Set(["busy", "refused"]));
  });

  attack(
    "consent applies to a destination: a name that resolves to another one asks again",
    oneCall,
    async () => {
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
    },
  );

  attack("is remembered by the next window, shown, and revoked by the command", oneCall, async () => {
    const access = create();
    const call = outcome(access.require("web1", { purpose: "run" }));
    await settle();
    await shown[0]?.answer(true);
    await call;
    const next = create();
    expect(next.isGranted("web1")).toBe(true);
    const destination = { user: "alice", hostName: "web1.example", port: 22 };
    const config = testHostConfig();
    const reached = { ...destination, user: config.user };
    expect(next.opens({ spec: "web1", destination: { ...destination, hostName: "elsewhere" } })).toBe(true);
    expect(next.opens({ spec: "another alias", destination: reached })).toBe(true);
    expect(next.opens({ spec: "another", destination: { ...reached, port: 2222 } })).toBe(false);
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

  attack("a damaged memory grants nothing", oneCall, async () => {
    for (const value of [null, "all", { web1: true }, [null, 1, "x", {}, { key: 1 }], [{ host: "web1" }]]) {
      memory.values.set("extensionAccess", value);
      expect(create().grants()).toEqual([]);
    }
  });

  attack("does not ask about text that is not a host", oneCall, async () => {
    expect(await outcome(create().require("web1 (it is safe)", { purpose: "run" }))).toBe("no host name");
    expect(shown).toEqual([]);
  });

  attack(
    "shows what is known and what the caller only claims, without links, icons or hidden characters",
    oneCall,
    () => {
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
      // A line break of the caller starts no paragraph of ours.
      expect(detail.split("\n\n")).toHaveLength(4);
    },
  );
});

describe("commands that are called with arguments", () => {
  const master = { id: "m1", spec: "web1", state: { kind: "ready" }, sessions: [{ id: "s1", spec: "web1" }] };
  const session = { id: "s1", spec: "web1" };
  const context = {
    service: {
      masters: () => [master],
      session: (id: string) => (id === "s1" ? session : undefined),
    },
  } as never;
  const noTerminal = () => undefined;
  const noRow = () => undefined;
  const sourceOf = (argument: unknown) => {
    const source = callSource(argument, noTerminal, noRow);
    expect(source).not.toBe("no row");
    return source === "no row" ? "other terminal" : source;
  };

  attack("one of our rows, or no argument, needs no consent", oneCall, () => {
    const kind = new RowKind<string>({
      name: "master",
      places: [atTop(() => ["m1"])],
      key: (id) => id,
      present: () => ({
        ...{ label: "", description: "", icon: { id: "vm" }, contextValue: "", hover: "" },
        accessibleLabel: "",
      }),
      targets: (id) => [connectionTarget.of(id)],
    });
    const [row] = kind.rowsBelow(undefined);
    const source = sourceOf(row);
    expect(source).toMatchObject({ kind: "ours" });
    expect(source !== "other terminal" && source.kind === "ours" && connectionTarget.in(source.targets)).toBe(
      "m1",
    );
    for (const id of commandIds) {
      for (const called of [source, sourceOf(undefined)]) {
        expect(called).not.toBe("other terminal");
        expect(called !== "other terminal" && strangerHost(commandOf(id), context, called)).toBeUndefined();
      }
    }
  });

  attack(
    "an object that only looks like a row is dropped, so that the user is asked for a target",
    oneCall,
    () => {
      const entry = { alias: "web1", source: "settings" };
      const target = connectionTarget.of("m1");
      const fakes: readonly unknown[] = [
        { kind: "master", id: "m1" },
        { kind: "host", entry },
        { key: "m1", parent: undefined, source: { targets: () => [target] } },
        { kind: "ours", targets: [target] },
        { focusedRow: "another.view" },
        { focusedRow: { toString: () => "sshSessions.live" } },
        Object.create(Row.prototype),
        ["web1"],
        [{ kind: "master", id: "m1" }],
        { toString: () => "web1" },
        1,
        null,
        "",
        "  ",
      ];
      for (const fake of fakes) {
        expect(sourceOf(fake)).toEqual({ kind: "nothing" });
      }
    },
  );

  attack(
    "a call for the focused row does nothing unless a key of the view has just been pressed",
    oneCall,
    () => {
      expect(callSource({ focusedRow: "sshSessions.live" }, noTerminal, noRow)).toBe("no row");
    },
  );

  attack("a terminal of this window that is not ours is no target", oneCall, () => {
    expect(callSource({}, () => ({ kind: "other" }), noRow)).toBe("other terminal");
  });

  /** How each command treats text from another caller: as a host, or not at all, so that it asks for a target. */
  const aboutHosts: readonly CommandId[] = [
    "sshSessions.openTerminal",
    "sshSessions.connect",
    "sshSessions.copyAddress",
    "sshSessions.copySshCommand",
    "sshSessions.saveToSshConfig",
    "sshSessions.forgetHost",
    "sshSessions.forgetPassword",
    "sshSessions.runCommand",
    "sshSessions.runScript",
    "sshSessions.explainHost",
    "sshSessions.showHostKeys",
    "sshSessions.forgetHostKeys",
    "sshSessions.forwardPort",
  ];
  const aboutIds: readonly CommandId[] = [
    "sshSessions.disconnect",
    "sshSessions.kill",
    "sshSessions.revealTerminal",
    "sshSessions.renameSession",
    "sshSessions.showSessionDetails",
    "sshSessions.sendEof",
    "sshSessions.sendSignal",
    "sshSessions.sendBreak",
    "sshSessions.extendLimits",
  ];
  const atStake = (id: string, text: string): string | undefined => {
    const source = sourceOf(text);
    return source === "other terminal" ? undefined : strangerHost(commandOf(id), context, source);
  };

  attack("a name, or the id of something that exists, needs consent for its host", oneCall, () => {
    for (const id of aboutHosts) {
      expect(atStake(id, " web2 "), id).toBe("web2");
    }
    for (const id of aboutIds) {
      expect(atStake(id, "s1"), id).toBe("web1");
      expect(atStake(id, "s9"), id).toBeUndefined();
    }
    for (const id of [
      "sshSessions.disconnect",
      "sshSessions.kill",
      "sshSessions.showConnectionDetails",
    ] as const) {
      expect(atStake(id, "m1"), id).toBe("web1");
      expect(atStake(id, "m9"), id).toBeUndefined();
    }
  });

  attack(
    "all other commands ignore the arguments of other callers, so they need no consent and act as from the palette",
    oneCall,
    async () => {
      const taking = new Set<string>([...aboutHosts, ...aboutIds, "sshSessions.showConnectionDetails"]);
      // These act on one connection: a caller may pass its id, and then consent for its host is needed.
      const onConnections = new Set<string>([
        "sshSessions.reconnectNow",
        "sshSessions.stopReconnecting",
        "sshSessions.explainTimeouts",
        "sshSessions.showServerLogins",
      ]);
      for (const id of commandIds.filter((each) => !taking.has(each))) {
        for (const text of ["web1", "s1", "m1"]) {
          expect([undefined, ...(onConnections.has(id) ? ["web1"] : [])], id).toContain(atStake(id, text));
        }
      }
    },
  );
});
