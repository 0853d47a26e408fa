import { matchPattern } from "../config/patterns.ts";

/** OpenSSH's own limit for one pattern of a list (match.c); a longer one makes the whole list match nothing. */
const longestPattern = 1022;

/** Lowers ASCII letters only, like C's `tolower` in the C locale: other bytes stay unchanged. */
export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * Whether a comma-separated list of host patterns (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) matches `host`. Case does
 * not matter; one negated pattern (`!`) that matches rejects the whole list.
 */
export function matchesHostPatterns(host: string, patterns: string): boolean {
  const name = asciiLowerCase(host);
  const list = asciiLowerCase(patterns).split(",");
  // "a," has no empty pattern after the comma, but ",a" has one before it; that matches only an empty name.
  if (list.at(-1) === "") {
    list.pop();
  }
  let positive = false;
  for (const item of list) {
    const negated = item.startsWith("!");
    const pattern = negated ? item.slice(1) : item;
    if (pattern.length > longestPattern) {
      return false;
    }
    if (matchPattern(name, pattern)) {
      if (negated) {
        return false;
      }
      positive = true;
    }
  }
  return positive;
}
