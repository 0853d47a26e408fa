import { printable } from "../base/log.ts";

/**
 * Untrusted text as literal text in a Markdown hover: control characters become visible, and all characters with a
 * meaning in Markdown, a table, a `$(icon)` or an HTML tag are escaped.
 */
export function literal(text: string, limit = 200): string {
  return printable(text, limit).replace(/[\\`*_{}[\]()#+\-.!|<>~$&:@/]/g, (char) =>
    char === "&" || char === "<" || char === ">" ? entities[char] : `\\${char}`,
  );
}

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;" } as const;

/** A two-column table without a visible header. Rows with an undefined value are left out. */
export function factTable(rows: readonly (readonly [label: string, value: string | undefined])[]): string {
  const lines = rows.flatMap(([label, value]) => (value === undefined ? [] : [`| ${label} | ${value} |`]));
  return lines.length === 0 ? "" : ["| | |", "|:--|:--|", ...lines].join("\n");
}
