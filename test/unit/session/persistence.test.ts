import { describe, expect, it } from "vitest";
import { persistentShell } from "../../../src/session/persistence.ts";

describe("persistent shells", () => {
  it("is off with none", () => {
    expect(persistentShell("none", "a")).toBeUndefined();
  });

  it.each([
    ["tmux", "tmux new-session -A -D -s work_1", "tmux kill-session -t '=work_1'"],
    ["screen", "screen -d -R work_1", "screen -S work_1 -X quit"],
    ["zellij", "zellij attach --create work_1", "zellij delete-session --force work_1"],
  ] as const)("%s attaches or creates, and falls back to a login shell that says so", (tool, attach, end) => {
    const shell = persistentShell(tool, "work_1");
    expect(shell?.attach).toContain(`exec ${attach};`);
    expect(shell?.attach).toContain(`${tool} is not installed on this server`);
    expect(shell?.end).toBe(end);
  });

  it("puts the name into the person's own command", () => {
    expect(persistentShell({ command: "abduco -A {name} bash" }, "x-1")).toEqual({
      attach: "abduco -A x-1 bash",
      end: undefined,
    });
  });

  it("takes no name that a shell could read otherwise", () => {
    expect(() => persistentShell("tmux", "a;rm -rf b")).toThrow(RangeError);
  });
});
