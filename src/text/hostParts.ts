/** The parts of typed hosts that distinguish them. No vscode. */
import { formatHostSpec, type HostSpec, parseHostSpec } from "../config/hostSpec.ts";

/** What a narrow row shows of a name. */
export interface HostPart {
  readonly text: string;
  /** Another name has the same host, and another user or port. */
  readonly hasSiblings: boolean;
}

/**
 * For each of different names: its host without the user and the port, because the host says the most. The port or
 * the user stays if names of the same host differ by it. No two texts are equal.
 */
export function hostParts(names: readonly string[]): ReadonlyMap<string, HostPart> {
  const hosts = new Map<string, { readonly name: string; readonly spec: HostSpec }[]>();
  for (const name of names) {
    const spec = specOf(name);
    const same = hosts.get(spec.alias) ?? [];
    same.push({ name, spec });
    hosts.set(spec.alias, same);
  }
  return new Map(
    [...hosts.values()].flatMap((same) => {
      const shortest = forms
        .map((form) => same.map(form))
        .find((texts) => new Set(texts).size === same.length);
      return same.map(({ name }, at): [string, HostPart] => [
        name,
        { text: shortest?.[at] ?? name, hasSiblings: same.length > 1 },
      ]);
    }),
  );
}

/** Shortest first. */
const forms: readonly ((host: { readonly spec: HostSpec }) => string)[] = [
  ({ spec: { alias } }) => alias,
  ({ spec: { alias, port } }) => formatHostSpec({ alias, ...(port !== undefined && { port }) }),
  ({ spec: { alias, user } }) => formatHostSpec({ alias, ...(user !== undefined && { user }) }),
];

/** A name that is no host is a host name as a whole. */
function specOf(name: string): HostSpec {
  try {
    return parseHostSpec(name);
  } catch {
    return { alias: name };
  }
}
