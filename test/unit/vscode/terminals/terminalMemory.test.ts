import { expect, it } from "vitest";
import type { Memento } from "vscode";
import { type RememberedTerminal, TerminalMemory } from "../../../../src/vscode/terminals/terminalMemory.ts";

/** What VS Code stores for a workspace, from one session of the window to the next. */
class FakeMemento implements Memento {
  readonly #values = new Map<string, unknown>();

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }
  get<T>(key: string, fallback?: T): T {
    return (this.#values.has(key) ? this.#values.get(key) : fallback) as T;
  }
  async update(key: string, value: unknown): Promise<void> {
    this.#values.set(key, value);
  }
}

const named = (shellName: string): RememberedTerminal => ({ host: "web1", title: shellName, shellName });
const names = (memory: TerminalMemory): string[] => memory.before.map(({ shellName }) => shellName);

it("returns after a reload what was open and not closed", () => {
  const memento = new FakeMemento();
  const first = new TerminalMemory(memento);
  expect(first.before).toEqual([]);
  for (const name of ["a", "b", "a"]) {
    first.opened(named(name));
  }
  first.closed("b");
  expect(new TerminalMemory(memento).before).toEqual([named("a")]);
});

it("keeps earlier terminals until they are reopened, closed or dismissed, also over further reloads", () => {
  const memento = new FakeMemento();
  const first = new TerminalMemory(memento);
  for (const name of ["a", "b", "c"]) {
    first.opened(named(name));
  }
  const second = new TerminalMemory(memento);
  second.opened(named("d"));
  expect(names(new TerminalMemory(memento))).toEqual(["a", "b", "c", "d"]);
  second.opened(named("b"));
  second.closed("c");
  expect(names(second)).toEqual(["a"]);
  // Reopened later than others, and still in its place.
  expect(names(new TerminalMemory(memento))).toEqual(["a", "b", "d"]);
  second.dismiss();
  expect(names(second)).toEqual([]);
  expect(names(new TerminalMemory(memento))).toEqual(["b", "d"]);
});

it("ignores invalid entries, and names that a shell could interpret", async () => {
  const memento = new FakeMemento();
  await memento.update("openTerminals", [null, 1, { host: "web1" }, named("a;b"), named("a")]);
  expect(names(new TerminalMemory(memento))).toEqual(["a"]);
});

it("returns earlier terminals for reopening once, and remembers them until they are closed", () => {
  const memento = new FakeMemento();
  const first = new TerminalMemory(memento);
  first.opened(named("a"));
  first.opened(named("b"));
  const second = new TerminalMemory(memento);
  let changes = 0;
  second.onDidChange(() => changes++);
  expect(second.take()).toEqual([named("a"), named("b")]);
  expect(changes).toBe(1);
  expect([second.take(), second.before]).toEqual([[], []]);
  // One did not open before the next reload, and the other was closed.
  second.closed("b");
  expect(names(new TerminalMemory(memento))).toEqual(["a"]);
});

it("remembers which terminals are in the editor area, until they move back", () => {
  const memento = new FakeMemento();
  const first = new TerminalMemory(memento);
  first.opened(named("a"));
  first.opened(named("b"));
  first.moved("b", 2);
  first.moved("unknown", 1);
  expect(new TerminalMemory(memento).before).toEqual([named("a"), { ...named("b"), viewColumn: 2 }]);
  first.moved("b", undefined);
  expect(new TerminalMemory(memento).before).toEqual([named("a"), named("b")]);
});

it("remembers the panes of a tab, also when the one is closed beside which they were opened", () => {
  const memento = new FakeMemento();
  const first = new TerminalMemory(memento);
  first.opened(named("a"));
  for (const [name, splitOf] of [
    ["b", "a"],
    ["c", "a"],
    ["d", "c"],
  ] as const) {
    first.opened({ ...named(name), splitOf });
  }
  const splits = (): readonly string[] =>
    new TerminalMemory(memento).before.map(({ shellName, splitOf }) => `${shellName} of ${splitOf}`);
  expect(splits()).toEqual(["a of undefined", "b of a", "c of a", "d of c"]);
  first.closed("c");
  expect(splits()).toEqual(["a of undefined", "b of a", "d of a"]);
  first.closed("a");
  expect(splits()).toEqual(["b of undefined", "d of b"]);
  first.closed("b");
  expect(splits()).toEqual(["d of undefined"]);
});

it("ignores what another version stored in another form", () => {
  const memento = new FakeMemento();
  void memento.update("openTerminals", [
    { ...named("a"), viewColumn: "left" },
    { ...named("b"), splitOf: 7 },
    named("c"),
  ]);
  expect(names(new TerminalMemory(memento))).toEqual(["c"]);
});
