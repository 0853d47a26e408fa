import { expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import { formatForward, parseForward } from "../../../../src/config/forwardSpec.ts";
import type { UsersForward } from "../../../../src/forward/forwardService.ts";
import { ForwardMemory } from "../../../../src/vscode/settings/forwardMemory.ts";

/** What VS Code stores, from one session of the window to the next. */
class FakeMemento {
  readonly values = new Map<string, unknown>();
  writes = 0;
  get<T>(key: string, fallback?: T): T {
    return (this.values.has(key) ? this.values.get(key) : fallback) as T;
  }
  async update(key: string, value: unknown): Promise<void> {
    this.writes++;
    this.values.set(key, value);
  }
}

function memoryWith(workspace = new FakeMemento(), everywhere = new FakeMemento()) {
  const changed = new Emitter<void>();
  let current: readonly UsersForward[] = [];
  const memory = new ForwardMemory(
    { usersForwards: () => current, onDidChangeUsers: changed.event },
    workspace,
    everywhere,
  );
  const set = (...all: readonly (readonly [string, string])[]): void => {
    current = all.map(([host, text]) => ({ host, spec: parseForward(text) }));
    changed.fire();
  };
  const before = (): readonly string[] =>
    memory.before().map(({ host, spec }) => `${host} ${formatForward(spec)}`);
  const typed = (host: string): readonly string[] => memory.typed(host).map(formatForward);
  return { memory, set, before, typed, workspace, everywhere };
}

it("offers after a reload what was open and not stopped", () => {
  const first = memoryWith();
  expect(first.before()).toEqual([]);
  first.memory.start();
  first.set(["web1", "8080:db:80"], ["me@web2:2222", "-D 1080"]);
  first.set(["me@web2:2222", "-D 1080"]);
  expect(memoryWith(first.workspace).before()).toEqual(["me@web2:2222 -D 1080"]);
});

it("writes only what changed, and nothing before it starts or after it is disposed", () => {
  const { memory, set, workspace } = memoryWith();
  set(["web1", "8080:db:80"]);
  expect(workspace.writes).toBe(0);
  memory.start();
  set(["web1", "8080:db:80"]);
  set(["web1", "-L 8080:db:80"]);
  expect(workspace.writes).toBe(1);
  memory.dispose();
  // The window closes, and its forwards end with it.
  set();
  expect(memoryWith(workspace).before()).toEqual(["web1 -L 8080:db:80"]);
});

it("returns the last five of a host, newest first and each once, however the host was spelled", () => {
  const { memory, typed, everywhere } = memoryWith();
  for (const port of [1, 2, 3, 4, 5, 6, 4]) {
    memory.add("ssh://me@web1:22", parseForward(`-D ${port}`));
  }
  memory.add("web2", parseForward("-D 9"));
  const ours = ["-D 4", "-D 6", "-D 5", "-D 3", "-D 2"];
  expect(typed("me@web1:22")).toEqual(ours);
  expect(memoryWith(undefined, everywhere).typed("me@web1:22")).toEqual(ours);
  memory.forget("me@web1:22", parseForward("-D 6"));
  expect(typed("me@web1:22")).toEqual(["-D 4", "-D 5", "-D 3", "-D 2", "-D 1"]);
  expect(typed("web2")).toEqual(["-D 9"]);
});

it("keeps at most a hundred of all hosts, and ignores invalid entries", () => {
  const { memory, typed, everywhere } = memoryWith();
  memory.add("old", parseForward("-D 1"));
  for (let index = 0; index < 100; index++) {
    memory.add(`web${index}`, parseForward("-D 1"));
  }
  expect([typed("old"), typed("web0"), typed("web99")]).toEqual([[], ["-D 1"], ["-D 1"]]);
  everywhere.values.set("typedForwards", [null, 1, { host: "web1" }, { host: "web1", forward: "-X" }]);
  expect(typed("web1")).toEqual([]);
  everywhere.values.set("typedForwards", "nonsense");
  expect(typed("web1")).toEqual([]);
});
