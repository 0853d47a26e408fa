import { describe, expect, it } from "vitest";
import { persistentShell } from "../../../src/session/persistence.ts";

describe("persistent shells", () => {
  it("is off with none", () => {
    expect(persistentShell("none", "a")).toBeUndefined();
  });

  it.each([
    ["tmux", "new-session -A -D -s work_1", "tmux kill-session -t"],
    ["screen", "exec screen -U -d -R work_1", "screen -S work_1 -X quit"],
    ["zellij", "exec zellij attach --create work_1", "zellij delete-session --force work_1"],
  ] as const)(
    "%s attaches or creates, and falls back to a login shell with a message",
    (tool, attach, end) => {
      const shell = persistentShell(tool, "work_1");
      expect(shell?.attach).toContain(`${attach}; fi;`);
      expect(shell?.attach).toContain(`${tool} is not installed on this server`);
      expect(shell?.end).toContain(end);
    },
  );

  it("tmux and screen read no configuration file of the user, and tmux has a separate server", () => {
    expect(persistentShell("tmux", "a")?.attach).toContain("tmux -u -L vscode-ssh-sessions -f /dev/null ");
    expect(persistentShell("screen", "a")?.attach).toContain("screen -c /dev/null ");
  });

  it("tmux prints its history from the same servers; the others would write a file, or have none", () => {
    const history = persistentShell("tmux", "work_1")?.history;
    const action = "capture-pane -p -J -S - -t '=work_1:'";
    expect(history).toBe(`tmux -L vscode-ssh-sessions ${action} 2>/dev/null || tmux ${action}`);
    for (const other of ["screen", "zellij", { command: "abduco -A {name}" }] as const) {
      expect(persistentShell(other, "work_1")?.history).toBeUndefined();
    }
  });

  it("screen is configured once it runs, before it is attached to", () => {
    const attach = persistentShell("screen", "work_1")?.attach ?? "";
    const parts = [
      "screen -c /dev/null ",
      "until screen -S work_1 -X escape ",
      "; screen -S work_1 -X msgwait 0 >/dev/null 2>&1; exec screen -U -d -R work_1",
    ];
    const positions = parts.map((part) => attach.indexOf(part));
    expect(Math.min(...positions)).toBeGreaterThan(0);
    expect(positions).toEqual(positions.toSorted((one, other) => one - other));
  });

  it("inserts the name into the user's own command", () => {
    expect(persistentShell({ command: "abduco -A {name} bash" }, "x-1")).toEqual({
      attach: "abduco -A x-1 bash",
      end: undefined,
    });
  });

  it("accepts no name that a shell could interpret", () => {
    expect(() => persistentShell("tmux", "a;rm -rf b")).toThrow(RangeError);
  });
});
