import type { EngineName } from "../../src/config/engineNames.ts";

/** Who does the same for a comparison: ours with each engine, and `ssh`. */
export type Side = EngineName | "ssh";
export type BySide<Value> = Readonly<Record<Side, Value>>;

export async function bySide<Value>(act: (side: Side) => Value | Promise<Value>): Promise<BySide<Value>> {
  const [ssh2, openssh, ssh] = await Promise.all([act("ssh2"), act("openssh"), act("ssh")]);
  return { ssh2, openssh, ssh };
}

/** The same result for each side. */
export function equally<Value>(result: Value): BySide<Value> {
  return { ssh2: result, openssh: result, ssh: result };
}
