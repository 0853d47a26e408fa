/**
 * Short names that stay distinguishable in a narrow side bar. A row of 200 pixels shows about fifteen letters, and
 * hosts of one company often differ only in the thirtieth. No vscode.
 */

import { hostParts } from "./hostParts.ts";

/** Letters of a name. */
interface Room {
  /** Up to here it is shown in full. */
  readonly full: number;
  /** What distinguishes it from others is among the first ones. */
  readonly narrow: number;
  /** The longest, if those that distinguish it are within `narrow`. */
  readonly wide: number;
}

/** A row of a side bar of 200 pixels, below a group. */
const roomy: Room = { full: 15, narrow: 14, wide: 24 };
/** Half of it: the beginning of a state fits beside the name. */
const tight: Room = { full: 11, narrow: 9, wide: 9 };
const gap = "…";
/** With more names, all parts at which names branch are kept, because comparing each with each takes too long. */
const mostCompared = 500;

/** With more names, none is shortened, because that would take noticeable time. */
const mostShortened = 2000;

interface Node {
  readonly below: Map<string, Node>;
}

/**
 * The text for each name among its neighbours: a short name in full. A long one loses its user and port first, unless
 * only they distinguish it; then the parts in which it does not differ from the others, and that do not fit. No two
 * texts are equal.
 *
 * @param elsewhere names of other rows: the host alone would name one of them
 */
export function shortNames(
  names: readonly string[],
  elsewhere: readonly string[] = [],
): ReadonlyMap<string, string> {
  return shortNamesIn(names, elsewhere, roomy);
}

/** As `shortNames`, but shorter, for rows that have something to say after their name. */
export function tightNames(
  names: readonly string[],
  elsewhere: readonly string[] = [],
): ReadonlyMap<string, string> {
  return shortNamesIn(names, elsewhere, tight);
}

function shortNamesIn(
  names: readonly string[],
  elsewhere: readonly string[],
  room: Room,
): ReadonlyMap<string, string> {
  const all = [...new Set(names)];
  const shown = new Map(all.map((name) => [name, name]));
  if (all.length > mostShortened) {
    return shown;
  }
  const hosts = hostParts([...new Set([...all, ...elsewhere])]);
  const textOf = (name: string): string => (name.length > room.full ? (hosts.get(name)?.text ?? name) : name);
  const texts = all.map(textOf);
  const long = texts.filter((text) => text.length > room.full).map(partsOf);
  const root: Node = { below: new Map() };
  /** The number of names that end with these parts. */
  const tails = new Map<string, number>();
  for (const parts of long) {
    insert(root, parts);
    for (let at = 1; at < parts.length; at++) {
      const tail = parts.slice(at).join("");
      tails.set(tail, (tails.get(tail) ?? 0) + 1);
    }
  }
  const forms = new Map(
    all
      .filter((name) => name.length > room.full)
      .map((name) => {
        const text = textOf(name);
        if (text.length <= room.full) {
          return [name, [text, text, text, name]];
        }
        const others = all.length > mostCompared ? undefined : texts.filter((other) => other !== text);
        const short = shorten(root, tails, partsOf(text), others, room);
        // What distinguishes it from its siblings is not the host, so the beginning of the host stays beside it.
        const first = hosts.get(name)?.hasSiblings === true ? text : short;
        const longest = first === text && first !== short ? room.narrow : room.wide;
        return [name, [middleCut(first, longest), middleCut(short, room.narrow), short, name]];
      }),
  );
  return distinct(shown, forms, room);
}

/** Takes the first form of each name that no other name has, among the letters that a narrow row shows. */
function distinct(
  names: ReadonlyMap<string, string>,
  forms: ReadonlyMap<string, readonly string[]>,
  { narrow }: Room,
): ReadonlyMap<string, string> {
  const shown = new Map([...names].map(([name]) => [name, forms.get(name)?.[0] ?? name]));
  const head = (text: string): string => (text.length > narrow ? text.slice(0, narrow) : text);
  for (const [at, whole] of [false, false, true].entries()) {
    const users = new Map<string, number>();
    for (const text of shown.values()) {
      const key = whole ? text : head(text);
      users.set(key, (users.get(key) ?? 0) + 1);
    }
    for (const [name, each] of forms) {
      const text = shown.get(name) ?? name;
      if ((users.get(whole ? text : head(text)) ?? 0) > 1) {
        shown.set(name, each[at + 1] ?? name);
      }
    }
  }
  return shown;
}

/** Begin and end of a text. Numbers and ports are at the end, so as many whole parts of it are kept as fit in half. */
function middleCut(text: string, longest: number): string {
  if (text.length <= longest) {
    return text;
  }
  const pieces = text.split(gap).filter((piece) => piece !== "");
  const last = pieces.at(-1) ?? text;
  const half = Math.ceil((longest - 1) * 0.6);
  const parts = [...partsOf(last)];
  let end = "";
  for (let part = parts.pop(); part !== undefined && part.length + end.length <= half; part = parts.pop()) {
    end = part + end;
  }
  if (end === "") {
    end = last.slice(-half);
  }
  const begin = (pieces[0] ?? text).slice(0, longest - 1 - end.length);
  return `${begin.replace(/[-._@:/ ]+$/, "")}${gap}${end.replace(/^[-._@:/ ]+/, "")}`;
}

/** Each part with its following separator: `web-`, `01.`, `example.`, `com`. */
function partsOf(name: string): readonly string[] {
  return name.match(/[^-._@:/ ]*[-._@:/ ]|[^-._@:/ ]+$/g) ?? [name];
}

function insert(root: Node, parts: readonly string[]): void {
  let node = root;
  for (const part of parts) {
    const next = node.below.get(part) ?? { below: new Map<string, Node>() };
    node.below.set(part, next);
    node = next;
  }
}

function shorten(
  root: Node,
  tails: ReadonlyMap<string, number>,
  parts: readonly string[],
  others: readonly string[] | undefined,
  { narrow, wide }: Room,
): string {
  const telling = tellingParts(root, parts);
  const last = telling.at(-1);
  if (last === undefined) {
    return parts.join("");
  }
  const indexes = parts.map((_, at) => at);
  const before = indexes.slice(0, last);
  const after = indexes.slice(last + 1);
  const kept = new Set(indexes.slice(0, last + 1));
  if (length(parts, kept) > narrow) {
    for (const at of before.filter((each) => !telling.includes(each))) {
      kept.delete(at);
    }
    drop(telling.slice(0, -1), kept, parts, others);
    fill(before.reverse(), kept, parts, narrow);
  }
  if ((tails.get(parts.slice(last + 1).join("")) ?? 0) < 2) {
    // Unique endings come last: a wide side bar shows them.
    for (const at of after) {
      kept.add(at);
    }
  } else {
    fill(after, kept, parts, before.every((at) => kept.has(at)) ? wide : narrow);
  }
  return shownParts(parts, kept);
}

/** The parts at which other names continue differently. */
function tellingParts(root: Node, parts: readonly string[]): readonly number[] {
  const telling: number[] = [];
  let node: Node | undefined = root;
  for (const [at, part] of parts.entries()) {
    if (node !== undefined && node.below.size > 1) {
      telling.push(at);
    }
    node = node?.below.get(part);
  }
  return telling;
}

/** Leaves out parts that are not needed to distinguish this name. */
function drop(
  candidates: readonly number[],
  kept: Set<number>,
  parts: readonly string[],
  others: readonly string[] | undefined,
): void {
  if (others === undefined) {
    return;
  }
  for (const at of candidates) {
    kept.delete(at);
    if (others.some((other) => fits(other, parts, kept))) {
      kept.add(at);
    }
  }
}

/** Adds the parts that fit. */
function fill(
  candidates: readonly number[],
  kept: Set<number>,
  parts: readonly string[],
  room: number,
): void {
  for (const at of candidates.filter((each) => !kept.has(each))) {
    kept.add(at);
    if (length(parts, kept) > room) {
      kept.delete(at);
      return;
    }
  }
}

/** Whether another name also has the kept parts in this order. */
function fits(other: string, parts: readonly string[], kept: ReadonlySet<number>): boolean {
  let from = 0;
  /** Other text may precede the next part. */
  let open = false;
  for (const [at, part] of parts.entries()) {
    if (!kept.has(at)) {
      open = true;
      continue;
    }
    const found = open ? other.indexOf(part, from) : other.startsWith(part, from) ? from : -1;
    if (found < 0) {
      return false;
    }
    from = found + part.length;
    open = false;
  }
  return true;
}

function length(parts: readonly string[], kept: ReadonlySet<number>): number {
  return shownParts(parts, kept).replace(/…$/, "").length;
}

function shownParts(parts: readonly string[], kept: ReadonlySet<number>): string {
  let text = "";
  for (const [at, part] of parts.entries()) {
    if (kept.has(at)) {
      text += part;
    } else if (!text.endsWith(gap)) {
      text += gap;
    }
  }
  // A gap is as clear without a separator before it, and a second one at the end says nothing new.
  const clear = text.replaceAll(/[-._@:/ ]…/g, gap);
  return clear.indexOf(gap) < clear.length - 1 ? clear.replace(/[-._@:/ \]]*…$/, "") : clear;
}
