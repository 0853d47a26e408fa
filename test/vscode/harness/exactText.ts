/**
 * Matches an element whose whole text is `text`. Playwright's `:text-is` is no substitute: it wants the innermost
 * element, and the workbench wraps what a filter has found in elements of its own.
 */
export function exactText(text: string): RegExp {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
}
