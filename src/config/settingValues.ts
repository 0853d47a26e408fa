/**
 * Readers for values of settings.json, which may be mistyped or come from a hostile workspace. Each returns a valid
 * value or undefined, which counts as not set.
 */

/** OpenSSH stores its times and counts in an int (misc.c, convtime). */
export const largestNumber = 0x7fff_ffff;

/** No real name, encoding or command is longer. */
const longestText = 4096;

/** A whole number from `minimum` to `maximum`. */
export function wholeNumber(minimum: number, maximum = largestNumber) {
  return (value: unknown): number | undefined =>
    typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum
      ? value
      : undefined;
}

export function flag(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** A text without blanks around it. */
export function text(value: unknown): string | undefined {
  const trimmed = typeof value === "string" ? value.trim() : "";
  return trimmed === "" || trimmed.length > longestText ? undefined : trimmed;
}

/** A text for which `accept` returns true. */
export function textThat(accept: (value: string) => boolean) {
  return (value: unknown): string | undefined => {
    const found = text(value);
    return found !== undefined && accept(found) ? found : undefined;
  };
}

export function oneOf<const T extends string>(...words: readonly T[]) {
  return (value: unknown): T | undefined => words.find((word) => word === value);
}
