import { describe, expect, test } from "vitest";
import { type ClosedSession, outcomeOf } from "../../../src/session/sessionOutcome.ts";

function closed(known: Partial<ClosedSession>): ClosedSession {
  const state = { kind: "open", since: 0 } as const;
  return { state, exit: {}, lostBy: undefined, limitReached: undefined, ...known };
}

const ending = (how: "disconnect" | "limit") => ({ kind: "ending", since: 0, how }) as const;
const limitReached = { limit: "idle", seconds: 60 } as const;
const exit = { code: 3 };

describe("the outcome of a session whose channel has closed", () => {
  test.each([
    ["its program ended", { exit }, { kind: "exited", code: 3 }],
    ["the server named no exit status", {}, { kind: "exited", code: undefined }],
    [
      "a signal ended it",
      { exit: { signal: "HUP" } },
      { kind: "signalled", signal: "HUP", coreDumped: false },
    ],
    [
      "a signal ended it with a core dump",
      { exit: { signal: "SEGV", coreDumped: true } },
      { kind: "signalled", signal: "SEGV", coreDumped: true },
    ],
    ["this side disconnected it", { state: ending("disconnect"), exit }, { kind: "disconnected", exit }],
    [
      "it was disconnected while its connection broke",
      { state: ending("disconnect"), lostBy: "connection-lost" },
      { kind: "disconnected", exit: {} },
    ],
    ["its connection was disconnected", { lostBy: "disconnected", exit }, { kind: "disconnected", exit }],
    ["its connection was killed", { lostBy: "killed", exit }, { kind: "killed", exit }],
    ["its connection broke", { lostBy: "unresponsive" }, { kind: "lost", reason: "unresponsive" }],
    [
      "the server ended its connection with a message",
      { lostBy: "closed-by-server", said: "bye" },
      { kind: "lost", reason: "closed-by-server", said: "bye" },
    ],
    [
      "its channel was being closed for another reason than a disconnect",
      { state: ending("limit"), exit },
      { kind: "exited", code: 3 },
    ],
    [
      "a limit was reached",
      { state: ending("limit"), limitReached, exit },
      { kind: "limit", ...limitReached, exit },
    ],
    [
      "a limit was reached and then its connection broke",
      { limitReached, lostBy: "connection-lost" },
      { kind: "limit", ...limitReached, exit: {} },
    ],
  ] as const)("%s", (_what, known, outcome) => {
    expect(outcomeOf(closed(known))).toStrictEqual(outcome);
  });
});
