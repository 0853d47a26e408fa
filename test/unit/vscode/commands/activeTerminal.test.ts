import { describe, expect, it, vi } from "vitest";
import type { SessionSnapshot } from "../../../../src/session/sessionTypes.ts";
import { type CallSource, command, type TargetFinder } from "../../../../src/vscode/commands/command.ts";
import type { CommandContext } from "../../../../src/vscode/commands/commandContext.ts";
import { connectionTarget, sessionTarget, type Target } from "../../../../src/vscode/views/targets.ts";
import { masterSnapshot, sessionSnapshot, start } from "../views/snapshots.ts";

vi.mock("vscode", () => ({ window: { showInformationMessage: async () => undefined } }));
const { aConnection, anOpenSession, aSession, whatIsAlive } = await import(
  "../../../../src/vscode/commands/liveFinders.ts"
);

/** Calls a command. @returns its target, or `asked` if the user has to choose */
async function target<T>(
  finder: TargetFinder<T>,
  active: readonly Target[],
  source: CallSource = { kind: "nothing" },
): Promise<unknown> {
  let acted: unknown = "asked";
  const sessions = new Map<string, Partial<SessionSnapshot>>([
    ["s1", {}],
    ["s2", { limits: [{ kind: "time", seconds: 60, source: { kind: "default" }, endsAt: start }] }],
  ]);
  const context = {
    terminals: { activeTargets: () => active },
    livePick: { ask: async () => undefined, askConnection: async () => undefined },
    service: {
      session: (id: string) => {
        const over = sessions.get(id);
        return over && { id, snapshot: () => sessionSnapshot({ id, ...over }) };
      },
      masters: () => [masterSnapshot(), masterSnapshot({ id: "m2" })],
    },
  } as unknown as CommandContext;
  await command(finder, async (_, found) => {
    acted = found;
  }).run(context, source);
  return acted;
}

const inTerminal = (session: string, connection?: string): readonly Target[] => [
  sessionTarget.of(session),
  ...(connection === undefined ? [] : [connectionTarget.of(connection)]),
];
const title = () => "title";
const connection = aConnection({ title, accept: () => true, none: title });

describe("a command from the palette", () => {
  it("acts on the session of the active terminal", async () => {
    expect(await target(anOpenSession(title), inTerminal("s1", "m1"))).toMatchObject({ id: "s1" });
    expect(await target(aSession(title, "acts"), inTerminal("s1", "m1"))).toBe("s1");
  });

  it("acts on the connection of the active terminal", async () => {
    expect(await target(connection, inTerminal("s1", "m2"))).toMatchObject({ id: "m2" });
  });

  it("asks if the session of the active terminal has ended", async () => {
    expect(await target(anOpenSession(title), inTerminal("s9"))).toBe("asked");
  });

  it("asks for another session if that of the active terminal has no limit to extend", async () => {
    expect(await target(anOpenSession(title, "limited"), inTerminal("s1", "m1"))).toBe("asked");
    expect(await target(anOpenSession(title, "limited"), inTerminal("s2", "m1"))).toMatchObject({ id: "s2" });
  });

  it("asks what to end, and which terminal to show", async () => {
    expect(await target(whatIsAlive(title), inTerminal("s1", "m1"))).toBe("asked");
    expect(await target(aSession(title, "asks"), inTerminal("s1", "m1"))).toBe("asked");
  });

  it("asks without an active SSH terminal", async () => {
    expect(await target(anOpenSession(title), [])).toBe("asked");
    expect(await target(connection, [])).toBe("asked");
  });

  it("ignores the active terminal if it is called from a row", async () => {
    const row: CallSource = { kind: "ours", targets: inTerminal("s2", "m1") };
    expect(await target(anOpenSession(title), inTerminal("s1", "m1"), row)).toMatchObject({ id: "s2" });
  });
});
