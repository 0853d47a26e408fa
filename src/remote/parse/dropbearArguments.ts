import type { Known } from "../timeoutFacts.ts";

/**
 * The timeouts in Dropbear's command line: `-I` ends idle connections, `-K` sends keepalives. Undefined when it is
 * not Dropbear.
 */
export function dropbearArguments(
  ancestors: readonly string[],
): { readonly idle: Known<number>; readonly keepalive: Known<number> } | undefined {
  const line = ancestors.find((text) => /^(?:\S*\/)?dropbear(?: |$)/.test(text));
  if (line === undefined) {
    return undefined;
  }
  const option = (letter: string): Known<number> => {
    const value = new RegExp(` -${letter} ?(\\d+)`).exec(line)?.[1];
    return value === undefined
      ? { value: 0, source: "Dropbear's default" }
      : { value: Number(value), source: `dropbear -${letter}` };
  };
  return { idle: option("I"), keepalive: option("K") };
}
