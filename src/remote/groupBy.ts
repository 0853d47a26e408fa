import { type Steps, stepsOver } from "../base/turns.ts";

/** `Map.groupBy`, which Node 20 does not have. */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    add(groups, keyOf(item), item);
  }
  return groups;
}

/** Like `groupBy`, in steps. */
export function* groupInSteps<T, K>(items: readonly T[], keyOf: (item: T) => K): Steps<Map<K, T[]>> {
  const groups = new Map<K, T[]>();
  yield* stepsOver(items, 1000, (item) => add(groups, keyOf(item), item));
  return groups;
}

function add<T, K>(groups: Map<K, T[]>, key: K, item: T): void {
  const group = groups.get(key);
  if (group === undefined) {
    groups.set(key, [item]);
  } else {
    group.push(item);
  }
}
