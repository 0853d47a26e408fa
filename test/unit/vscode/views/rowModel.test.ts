import { beforeEach, describe, expect, it } from "vitest";
import { atTop, type ItemPresentation, Row, RowKind, under } from "../../../../src/vscode/views/row.ts";
import { RowFilter } from "../../../../src/vscode/views/rowFilter.ts";
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
  let filter: RowFilter;
  let folds: Map<string, boolean>;
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
      fold: (_, hasRows) => (hasRows ? "collapsed" : undefined),
      foldName: ({ name }) => `fold ${name}`,
      filterTexts: ({ name, colour }) => [name, colour ?? ""],
      isSubject: true,
      click: () => ({ command: "sshSessions.refresh", title: "Refresh" }),
      timeless: true,
    });
    seeds = new RowKind({
      name: "seed",
      places: [under(fruits, (fruit) => fruit.seeds.map((seed) => ({ seed, of: fruit })))],
      key: ({ seed }) => seed,
      present: ({ seed, of }) => looks(seed, of.colour),
      filterTexts: ({ seed }) => [seed],
      countTexts: (shown) => [`${shown.length} seeds`],
      targets: () => [],
    });
    filter = new RowFilter();
    folds = new Map();
    model = new RowModel({
      kinds: [fruits, seeds],
      filter,
      folds: { isOpen: (name) => folds.get(name), set: (name, open) => folds.set(name, open) },
    });
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

  it("are nested as their kinds define", () => {
    expect(names(model.children())).toEqual(["apple", "banana"]);
    expect(names(model.children(row("apple")))).toEqual(["a1", "a2"]);
    expect(model.children(row("banana"))).toEqual([]);
    expect(row("a1").parent).toBe(row("apple"));
  });

  it("are the same objects for the same items, with their current data", () => {
    const apple = row("apple");
    basket = basket.map((fruit) => ({ ...fruit, colour: "red" }));
    expect(model.update(1)).toEqual([apple, row("banana")]);
    expect(row("apple")).toBe(apple);
    expect(apple.source.present(apple)?.description).toBe("red");
  });

  it("are new objects after a removal, or below another row", () => {
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

  it("are presented again only for another object, if their kind does not depend on time", () => {
    presented = [];
    model.update(1);
    expect(presented).toEqual([]);
    basket = [{ ...basket[0], name: "apple", seeds: [] }, ...basket.slice(1)];
    model.update(2);
    expect(presented).toEqual(["apple"]);
  });

  it("a change below a row redraws that row, and not the view", () => {
    const [first, ...rest] = basket;
    basket = [{ ...first, name: "apple", seeds: ["a1", "a2", "a3"] }, ...rest];
    expect(model.update(1)).toEqual([row("apple")]);
    basket = [{ name: "apple", seeds: [] }, ...rest];
    expect(model.update(2)).toEqual([row("apple")]);
    expect(model.fold(row("apple"))).toBeUndefined();
  });

  it("a row that gets its first child while it is shown is another one for VS Code, once", () => {
    const plant = (count: number): void => {
      basket = [{ name: "apple", seeds: Array.from({ length: count }, (_, at) => `s${at}`) }];
    };
    const id = (): string => model.id(row("apple"));
    const ids = [id()];
    for (const [seeds, due] of [
      [0, "all"],
      [1, "all"],
      [2, [row("apple")]],
      [0, [row("apple")]],
      [1, "all"],
    ] as const) {
      plant(seeds);
      expect(model.update(1)).toEqual(due);
      ids.push(id());
    }
    const [first, none, one, two, noneAgain, oneAgain] = ids;
    expect([first, two, noneAgain]).toEqual([none, one, one]);
    expect(new Set([first, one, oneAgain]).size).toBe(3);
    // It keeps its object, and with it what is selected and what commands get.
    expect(model.children()).toEqual([row("apple")]);
    // A new row with children is shown as its kind defines.
    basket = [];
    model.update(2);
    plant(1);
    model.update(3);
    expect(id()).toBe("apple");
  });

  it("count the rows below them while they are collapsed", () => {
    basket = [{ name: "apple", seeds: ["a1", "a2"], colour: "red" }, ...basket.slice(1)];
    model.update(1);
    const shown = (key: string) => model.present(row(key))?.description;
    expect([shown("apple"), shown("banana"), shown("a1")]).toEqual(["2 seeds · red", "", "red"]);
    folds.set("fold apple", true);
    expect(shown("apple")).toBe("red");
  });

  it("count the rows below them without the filter, and only as long as they exist", () => {
    filter.set("banana");
    model.update(1);
    expect(model.present(row("apple"))?.description).toBe("");
    filter.set("");
    basket = [{ name: "apple", seeds: [] }];
    model.update(2);
    expect(model.present(row("apple"))?.description).toBe("");
  });

  it("offer targets by kind", () => {
    const targets = row("apple").source.targets(row("apple"));
    expect(fruitTarget.in(targets)).toBe("apple");
    expect(otherTarget.in(targets)).toBeUndefined();
    expect(fruitTarget.in([])).toBeUndefined();
  });

  it("an object that only looks like a row is not one", () => {
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

  it("are expanded or collapsed as the user left them, and otherwise as their kind defines", () => {
    expect(model.fold(row("apple"))).toBe("collapsed");
    expect(model.fold(row("banana"))).toBeUndefined();
    model.folded(row("apple"), true);
    expect([...folds]).toEqual([["fold apple", true]]);
    expect(model.fold(row("apple"))).toBe("expanded");
    model.folded(row("apple"), false);
    expect(model.fold(row("apple"))).toBe("collapsed");
    // A seed has no name.
    model.folded(row("a1"), true);
    expect(folds.size).toBe(1);
  });

  describe("while they are filtered", () => {
    const shown = (): readonly string[] =>
      model.children().flatMap((each) => [each.key, ...model.children(each).map(({ key }) => key)]);
    const filterBy = (text: string): void => {
      filter.set(text);
      expect(model.update(1)).toBe("all");
    };

    it("are the matching ones, with everything below them", () => {
      filterBy("APP");
      expect(shown()).toEqual(["apple", "a1", "a2"]);
      expect(model.filterCount).toEqual({ shown: 1, total: 2 });
    });

    it("and those above a matching one", () => {
      filterBy("a2");
      expect(shown()).toEqual(["apple", "a2"]);
    });

    it("are those that contain every word, in any of their texts", () => {
      basket = [
        ...basket,
        { name: "pear", seeds: [], colour: "green" },
        { name: "pea", seeds: [], colour: "green" },
      ];
      filterBy("  green ear ");
      expect(shown()).toEqual(["pear"]);
      expect(model.filterCount).toEqual({ shown: 1, total: 4 });
      filterBy("green red");
      expect(shown()).toEqual([]);
    });

    it("are those that contain every word together with the rows above them", () => {
      filterBy("app a2");
      expect(shown()).toEqual(["apple", "a2"]);
      filterBy("banana a2");
      expect(shown()).toEqual([]);
    });

    it("are expanded as different rows for VS Code, and restored as they were", () => {
      expect(model.id(row("apple"))).toBe("apple");
      filterBy("apple");
      expect(model.fold(row("apple"))).toBe("expanded");
      expect(model.id(row("apple"))).not.toBe("apple");
      model.folded(row("apple"), true);
      expect(folds.size).toBe(0);
      filterBy("");
      expect(model.fold(row("apple"))).toBe("collapsed");
      expect(model.id(row("apple"))).toBe("apple");
      expect(shown()).toEqual(["apple", "a1", "a2", "banana"]);
    });

    it("are the same objects as before", () => {
      const [apple, banana] = [row("apple"), row("banana")];
      filterBy("apple");
      filterBy("");
      expect(model.children()).toEqual([apple, banana]);
      expect(model.children()[1]).toBe(banana);
    });

    it("are added and removed with the matches, as one view", () => {
      filterBy("red");
      expect(shown()).toEqual([]);
      basket = basket.map((fruit) => ({ ...fruit, colour: fruit.name === "banana" ? "red" : "green" }));
      expect(model.update(2)).toBe("all");
      expect(shown()).toEqual(["banana"]);
      expect(model.update(3)).toEqual([]);
    });
  });
});
