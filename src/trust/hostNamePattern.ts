/** OpenSSH's own limit for one pattern of a list (match.c); a longer one makes the whole list match nothing. */
const longestPattern = 1022;

/** ASCII letters only, as C's `tolower` in the C locale: other bytes of a name stay as they are. */
export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** `*` any characters (none included), `?` exactly one. Linear in memory, no recursion, so that no pattern can hang us. */
function matchesPattern(text: string, pattern: string): boolean {
  let textAt = 0;
  let patternAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (textAt < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === "*") {
      starAt = patternAt++;
      resumeAt = textAt;
    } else if (wanted !== undefined && (wanted === "?" || wanted === text[textAt])) {
      patternAt++;
      textAt++;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      textAt = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === "*") {
    patternAt++;
  }
  return patternAt === pattern.length;
}

/**
 * Whether a comma-separated list of host patterns (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) names `host`. Case does not
 * count; one negated pattern (`!`) that matches rejects the whole list.
 */
export function matchesHostPatterns(host: string, patterns: string): boolean {
  const name = asciiLowerCase(host);
  const list = asciiLowerCase(patterns).split(",");
  // "a," has no empty pattern after the comma, but ",a" has one before it; it matches only an empty name.
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
    if (matchesPattern(name, pattern)) {
      if (negated) {
        return false;
      }
      positive = true;
    }
  }
  return positive;
}
