/**
 * Wildcard match as in ssh_config(5) PATTERNS: `*` is any run of characters, `?` exactly one; nothing else is special.
 * Case matters. Linear in memory and never exponential in time (match.c, match_pattern).
 */
export function matchPattern(text: string, pattern: string): boolean {
  let t = 0;
  let p = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    if (wanted === "*") {
      star = p++;
      resume = t;
    } else if (wanted === "?" || wanted === text[t]) {
      t++;
      p++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") {
    p++;
  }
  return p === pattern.length;
}

/** Several patterns, some with a leading `!`: a negated pattern that matches excludes all others. */
export function matchPatterns(text: string, patterns: readonly string[]): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (matchPattern(text, pattern.slice(1))) {
        return false;
      }
    } else {
      matched ||= matchPattern(text, pattern);
    }
  }
  return matched;
}

/** A pattern-list: the patterns separated by commas, as `Match` takes them (match.c, match_pattern_list). */
export function matchPatternList(text: string, list: string): boolean {
  return matchPatterns(text, list.split(","));
}

/** `Match host` and `Match originalhost` ignore case (match.c, match_hostname); `Host` does not. */
export function matchHostNameList(hostName: string, list: string): boolean {
  return matchPatternList(hostName.toLowerCase(), list.toLowerCase());
}

/** Whether a `Host` argument is a pattern rather than a name. */
export function isPattern(name: string): boolean {
  return /[*?!]/.test(name);
}
