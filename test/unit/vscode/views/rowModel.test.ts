import { beforeEach, describe, expect, it } from "vitest";
import { atTop, type ItemPresentation, Row, RowKind, under } from "../../../../src/vscode/views/row.ts";
import { RowModel } from "../../../../src/vscode/views/rowModel.ts";
import { TargetKind } from "../../../../src/vscode/views/targets.ts";

interface Fruit {
  readonly name: string;
  readonly seeds: readonly string[];
  readonly colour?: string;
}

const looks = (label: string, description = ""): ItemPresentation => ({
  ...{ label, description, icon: { id: "circle" }, contextValue: "fruit", hover: label },
  accessibleLabel: label,
});
const fruitTarget = new TargetKind<string>("fruit");
const otherTarget = new TargetKind<string>("other");

describe("the rows of a view", () => {
  let basket: readonly Fruit[];
  let presented: string[];
  let fruits: RowKind<Fruit>;
  let seeds: RowKind<{ readonly seed: string; readonly of: Fruit }>;
  let model: RowModel;

  beforeEach(() => {
    basket = [
      { name: "apple", seeds: ["a1", "a2"] },
      { name: "banana", seeds: [] },
    ];
    presented = [];
    fruits = new RowKind<Fruit>({
      name: "fruit",
      places: [atTop(() => basket)],
      key: ({ name }) => name,
      present: ({ name, colour }) => {
        presented.push(name);
        return looks(name, colour);
      },
      targets: ({ name }) => [fruitTarget.of(name)],
      fold: (fruit) => (fruit.seeds.length > 0 ? "expanded" : undefined),
      click: () => ({ command: "sshSessions.refresh", title: "Refresh" }),
      timeless: true,
    });
    seeds = new RowKind({
      name: "seed",
      places: [under(fruits, (fruit) => fruit.seeds.map((seed) => ({ seed, of: fruit })))],
      key: ({ seed }) => seed,
      present: ({ seed, of }) => looks(seed, of.colour),
      targets: () => [],
    });
    model = new RowModel([fruits, seeds]);
    model.update(0);
  });

  const names = (rows: readonly Row[]): readonly string[] => rows.map(({ key }) => key);
  const row = (key: string): Row => {
    const found = fruits.find(key) ?? seeds.find(key);
    if (found === undefined) {
      throw new Error(`no row ${key}`);
    }
    return found;
  };

  it("stand below each other as their kinds say", () => {
    expect(names(model.children())).toEqual(["apple", "banana"]);
    expect(names(model.children(row("apple")))).toEqual(["a1", "a2"]);
    expect(model.children(row("banana"))).toEqual([]);
    expect(row("a1").parent).toBe(row("apple"));
  });

  it("are the same objects for the same things, with what is known of them now", () => {
    const apple = row("apple");
    basket = basket.map((fruit) => ({ ...fruit, colour: "red" }));
    expect(model.update(1)).toEqual([apple, row("banana")]);
    expect(row("apple")).toBe(apple);
    expect(apple.source.present(apple)?.description).toBe("red");
  });

  it("are other objects once they were gone, or below another row", () => {
    const [apple, seed] = [row("apple"), row("a1")];
    const before = basket;
    basket = [];
    expect(model.update(1)).toBe("all");
    basket = before;
    expect(model.update(2)).toBe("all");
    expect(row("apple")).not.toBe(apple);
    const moved = row("a1");
    expect(moved).not.toBe(seed);
    basket = [
      { name: "apple", seeds: ["a2"] },
      { name: "banana", seeds: ["a1"] },
    ];
    model.update(3);
    expect(model.children(row("banana"))).toEqual([row("a1")]);
    expect(row("a1")).not.toBe(moved);
  });

  it("are presented anew only for another object, where their kind says that time changes nothing", () => {
    presented = [];
    model.update(1);
    expect(presented).toEqual([]);
    basket = [{ ...basket[0], name: "apple", seeds: [] }, ...basket.slice(1)];
    model.update(2);
    expect(presented).toEqual(["apple"]);
  });

  it("a change below a row draws that row, and not the view", () => {
    const [first, ...rest] = basket;
    basket = [{ ...first, name: "apple", seeds: ["a1", "a2", "a3"] }, ...rest];
    expect(model.update(1)).toEqual([row("apple")]);
    basket = [{ name: "apple", seeds: [] }, ...rest];
    expect(model.update(2)).toEqual([row("apple")]);
    expect(row("apple").source.fold(row("apple"))).toBeUndefined();
  });

  it("offer targets by kind", () => {
    const targets = row("apple").source.targets(row("apple"));
    expect(fruitTarget.in(targets)).toBe("apple");
    expect(otherTarget.in(targets)).toBeUndefined();
    expect(fruitTarget.in([])).toBeUndefined();
  });

  it("what only looks like a row is none", () => {
    const apple = row("apple");
    expect(Row.is(apple)).toBe(true);
    for (const fake of [
      { key: "apple", parent: undefined, source: fruits },
      Object.create(Row.prototype),
      { ...apple },
      structuredClone(apple.key),
      null,
      undefined,
      () => apple,
    ]) {
      expect(Row.is(fake)).toBe(false);
    }
  });
});
