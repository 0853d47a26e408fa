import { describe, expect, it } from "vitest";
import type { SessionOutcome } from "../../../src/session/sessionTypes.ts";
import { describeEnding, terminalPhrases } from "../../../src/text/terminalWords.ts";

describe("a tab whose session has ended", () => {
  it.each<[SessionOutcome, "shell" | "command", boolean]>([
    [{ kind: "exited", code: 0 }, "shell", false],
    [{ kind: "exited", code: 3 }, "shell", false],
    [{ kind: "exited", code: 0 }, "command", true],
    [{ kind: "exited", code: 3 }, "command", true],
    [{ kind: "exited", code: undefined }, "command", true],
    [{ kind: "signalled", signal: "HUP", coreDumped: false }, "shell", true],
    [{ kind: "lost", reason: "unresponsive" }, "command", true],
    [{ kind: "disconnected", exit: {} }, "command", false],
    [{ kind: "killed", exit: {} }, "shell", false],
  ])("after %j of a %s stays: %s", (outcome, program, stays) => {
    expect(describeEnding("web1", outcome, program).staysOpen).toBe(stays);
  });

  it.each<SessionOutcome>([
    { kind: "exited", code: 3 },
    { kind: "exited", code: undefined },
    { kind: "signalled", signal: "TERM", coreDumped: false },
    { kind: "limit", limit: "time", seconds: 1, exit: {} },
    { kind: "lost", reason: "unresponsive" },
    { kind: "killed", exit: {} },
  ])("gives VS Code no exit code for which it shows a message: %j", (outcome) => {
    expect(describeEnding("web1", outcome, "shell").exitCode).toBeUndefined();
  });

  it("names the exit code of a command, and the keys", () => {
    expect(describeEnding("web1", { kind: "exited", code: 3 }, "command").text).toBe("web1: exit code 3");
    expect(terminalPhrases("command").afterEnd()).toBe("Press Enter to close, R to run the command again.");
    expect(terminalPhrases("shell").afterEnd()).toBe("Press Enter to close, R to reopen.");
  });
});
