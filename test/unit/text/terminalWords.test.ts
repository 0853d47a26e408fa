import { describe, expect, it } from "vitest";
import type { SessionOutcome } from "../../../src/session/sessionTypes.ts";
import { describeEnding, terminalPhrases } from "../../../src/text/terminalWords.ts";

describe("a tab whose session has ended", () => {
  const used = { openFor: 3_600_000, used: true };

  it.each<[SessionOutcome, "shell" | "command", boolean]>([
    [{ kind: "exited", code: 0 }, "shell", false],
    [{ kind: "exited", code: 3 }, "shell", false],
    [{ kind: "exited", code: undefined }, "shell", false],
    [{ kind: "exited", code: 0 }, "command", true],
    [{ kind: "exited", code: 3 }, "command", true],
    [{ kind: "exited", code: undefined }, "command", true],
    [{ kind: "signalled", signal: "HUP", coreDumped: false }, "shell", true],
    [{ kind: "lost", reason: "unresponsive" }, "command", true],
    [{ kind: "disconnected", exit: {} }, "command", false],
    [{ kind: "killed", exit: {} }, "shell", false],
  ])("after %j of a %s stays: %s", (outcome, program, stays) => {
    expect(describeEnding("web1", outcome, { program, life: used }).staysOpen).toBe(stays);
  });

  it.each<[string, number | undefined, number, boolean, boolean]>([
    ["nologin prints its message and exits", 1, 0, false, true],
    ["a forced command ends on its own, however late", 0, 600, false, true],
    ["a switch sends no exit status", undefined, 0, false, true],
    ["a change of an expired password fails", 1, 40, true, true],
    ["`exit 3` soon after the start", 3, 5, true, true],
    ["a logout", 0, 5, true, false],
    ["a logout from a switch", undefined, 5, true, false],
    ["Ctrl+C, then Ctrl+D, after a minute of work", 130, 60, true, false],
  ])("of a shell: %s", (_, code, seconds, typed, stays) => {
    const life = { openFor: seconds * 1000, used: typed };
    const ending = describeEnding("web1", { kind: "exited", code }, { program: "shell", life });
    expect(ending.staysOpen).toBe(stays);
  });

  it.each<[SessionOutcome, boolean, boolean]>([
    [{ kind: "exited", code: 3 }, false, true],
    [{ kind: "limit", limit: "time", seconds: 1, exit: {} }, false, true],
    // The shell in tmux still exists.
    [{ kind: "limit", limit: "time", seconds: 1, exit: {} }, true, false],
    [{ kind: "lost", reason: "unresponsive" }, false, false],
    [{ kind: "signalled", signal: "HUP", coreDumped: false }, false, false],
  ])("after %j (the shell survives: %s) is not offered after a reload: %s", (outcome, survives, final) => {
    expect(describeEnding("web1", outcome, { program: "shell", survives }).isFinal).toBe(final);
  });

  it.each<SessionOutcome>([
    { kind: "exited", code: 3 },
    { kind: "exited", code: undefined },
    { kind: "signalled", signal: "TERM", coreDumped: false },
    { kind: "limit", limit: "time", seconds: 1, exit: {} },
    { kind: "lost", reason: "unresponsive" },
    { kind: "killed", exit: {} },
  ])("gives VS Code no exit code for which it shows a message: %j", (outcome) => {
    expect(describeEnding("web1", outcome, { program: "shell", life: used }).exitCode).toBeUndefined();
  });

  it("names the exit code of a command, and the keys", () => {
    expect(describeEnding("web1", { kind: "exited", code: 3 }, { program: "command" }).text).toBe(
      "web1: exit code 3",
    );
    expect(terminalPhrases("command").afterEnd()).toBe("Press Enter to close, R to run the command again.");
    expect(terminalPhrases("shell").afterEnd()).toBe("Press Enter to close, R to reopen.");
  });
});
