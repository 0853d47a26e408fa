/** Whether glob(3) must read the folder for this segment of a path. */
export function hasWildcard(segment: string): boolean {
  return /[*?[\\]/.test(segment);
}

/** No file system has longer names, in bytes or in characters. */
const longestName = 1024;

interface CharacterSet {
  readonly isNegated: boolean;
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

type Part = "*" | "?" | string | CharacterSet;

/**
 * Compiles a test for file names that matches one path segment as glob(3) does: `*`, `?`, `[…]` and the backslash.
 * Its time grows with name times pattern, for every pattern.
 */
export function compileGlob(segment: string): (name: string) => boolean {
  const parts = partsOf(segment);
  const fixed = parts.filter((part) => part !== anything).length;
  if (fixed > longestName) {
    return () => false;
  }
  const hidden = segment.startsWith(".") || segment.startsWith("\\.");
  return (name) => (hidden || !name.startsWith(".")) && matches([...name], parts, fixed);
}

const anything = "*";
const anyOne = "?";

function partsOf(segment: string): readonly Part[] {
  const characters = [...segment.slice(0, 4 * longestName)];
  const parts: Part[] = [];
  for (let i = 0; i < characters.length; i++) {
    const char = characters[i] as string;
    if (char === "*") {
      if (parts.at(-1) !== anything) {
        parts.push(anything);
      }
    } else if (char === "?") {
      parts.push(anyOne);
    } else if (char === "\\" && i + 1 < characters.length) {
      parts.push(literal(characters[++i] as string));
    } else if (char === "[") {
      const set = readSet(characters, i);
      parts.push(set?.set ?? literal(char));
      i = set?.end ?? i;
    } else {
      parts.push(literal(char));
    }
  }
  return parts;
}

/** One literal character, kept apart from the two wildcards. */
function literal(char: string): Part {
  return char === anything || char === anyOne
    ? { isNegated: false, ranges: [[char.charCodeAt(0), char.charCodeAt(0)]] }
    : char;
}

/** Undefined where the bracket is not closed: it is then a literal character. */
function readSet(
  characters: readonly string[],
  start: number,
): { set: CharacterSet; end: number } | undefined {
  let i = start + 1;
  const isNegated = characters[i] === "!" || characters[i] === "^";
  if (isNegated) {
    i++;
  }
  const ranges: [number, number][] = [];
  for (let isFirst = true; i < characters.length; i++, isFirst = false) {
    let char = characters[i] as string;
    if (char === "]" && !isFirst) {
      return { set: { isNegated, ranges }, end: i };
    }
    if (char === "\\" && i + 1 < characters.length) {
      char = characters[++i] as string;
    }
    const first = char.codePointAt(0) ?? 0;
    const last = characters[i + 2];
    if (characters[i + 1] === "-" && last !== undefined && last !== "]") {
      ranges.push([first, last.codePointAt(0) ?? 0]);
      i += 2;
    } else {
      ranges.push([first, first]);
    }
  }
  return undefined;
}

function matches(name: readonly string[], parts: readonly Part[], fixed: number): boolean {
  if (fixed > name.length) {
    return false;
  }
  let at = 0;
  let part = 0;
  let star = -1;
  let resume = 0;
  while (at < name.length) {
    const wanted = parts[part];
    if (wanted === anything) {
      star = part++;
      resume = at;
    } else if (wanted !== undefined && fits(name[at] as string, wanted)) {
      at++;
      part++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (parts[part] === anything) {
    part++;
  }
  return part === parts.length;
}

function fits(char: string, part: Part): boolean {
  if (typeof part === "string") {
    return part === anyOne || part === char;
  }
  const code = char.codePointAt(0) ?? 0;
  return part.ranges.some(([first, last]) => first <= code && code <= last) !== part.isNegated;
}
