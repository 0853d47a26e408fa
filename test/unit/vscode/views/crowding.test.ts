import { describe, expect, it } from "vitest";
import { Crowding } from "../../../../src/vscode/views/crowding.ts";
import { FoldMemory } from "../../../../src/vscode/views/foldMemory.ts";

const connections = (count: number, sessions: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `m${n}`, sessions: Array.from({ length: sessions }) }));

describe("the connections that are expanded at first", () => {
  it("all, if there is room", () => {
    const crowding = new Crowding();
    crowding.update(connections(8, 2));
    expect(connections(8, 2).every(({ id }) => crowding.isOpen(id))).toBe(true);
  });

  it("the first ones, if there is no room for the others: the view stays as long as a side bar", () => {
    const crowding = new Crowding();
    for (let count = 1; count <= 12; count++) {
      crowding.update(connections(count, 2));
    }
    const open = connections(12, 2).filter(({ id }) => crowding.isOpen(id));
    expect(open.length).toBeGreaterThan(3);
    expect(open.map(({ id }) => id)).toEqual(open.map((_, n) => `m${n}`));
    expect(open.length * 2 + 8).toBeLessThanOrEqual(24);
    expect(crowding.isOpen("m11")).toBe(false);
  });

  it("a decision stays when others are added, removed and get sessions", () => {
    const crowding = new Crowding();
    crowding.update(connections(2, 2));
    crowding.update([...connections(2, 30), { id: "late", sessions: [1] }]);
    expect([crowding.isOpen("m0"), crowding.isOpen("m1"), crowding.isOpen("late")]).toEqual([
      true,
      true,
      false,
    ]);
    crowding.update([{ id: "late", sessions: [1] }]);
    expect(crowding.isOpen("late")).toBe(false);
    // It was removed: decided again.
    crowding.update([]);
    crowding.update([{ id: "late", sessions: [1] }]);
    expect(crowding.isOpen("late")).toBe(true);
  });

  it("the first session decides: before it there is nothing to expand", () => {
    const crowding = new Crowding();
    crowding.update([{ id: "new", sessions: [] }, ...connections(10, 1)]);
    crowding.update([{ id: "new", sessions: [1] }, ...connections(10, 1)]);
    expect(crowding.isOpen("new")).toBe(true);
    crowding.update([
      ...connections(10, 1),
      { id: "new", sessions: [1] },
      { id: "last", sessions: [1, 2, 3] },
    ]);
    expect(crowding.isOpen("last")).toBe(false);
  });
});

describe("rows that the user expanded and collapsed", () => {
  class Memory {
    value: unknown = undefined;
    get<T>(): T | undefined {
      return this.value as T | undefined;
    }
    async update(_: string, value: unknown): Promise<void> {
      this.value = structuredClone(value);
    }
  }

  it("are restored in the next window", () => {
    const memory = new Memory();
    const folds = new FoldMemory(memory);
    expect(folds.isOpen("a")).toBeUndefined();
    folds.set("a", true);
    folds.set("b", false);
    folds.set("a", false);
    const next = new FoldMemory(memory);
    expect([next.isOpen("a"), next.isOpen("b"), next.isOpen("c")]).toEqual([false, false, undefined]);
  });

  it("are limited: the one unused for longest is forgotten", () => {
    const memory = new Memory();
    const folds = new FoldMemory(memory);
    for (let n = 0; n < 600; n++) {
      folds.set(`n${n}`, true);
      folds.set("kept", true);
    }
    expect(folds.isOpen("kept")).toBe(true);
    expect(folds.isOpen("n0")).toBeUndefined();
    expect(folds.isOpen("n599")).toBe(true);
    expect((memory.value as unknown[]).length).toBe(500);
  });

  it.each([[{}], ["a"], [[["a"], 1, ["b", "yes"], null]]])("survive invalid stored data: %j", (stored) => {
    const memory = new Memory();
    memory.value = stored;
    expect(new FoldMemory(memory).isOpen("a")).toBeUndefined();
  });
});
