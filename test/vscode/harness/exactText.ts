/** Icons are characters of a private range (Unicode's Private Use Area) in front of the text. */
const icons = "\\uE000-\\uF8FF";

/**
 * Matches an element whose whole text is `text`, an icon aside. Playwright's `:text-is` is no substitute: it wants the innermost
 * element, and the workbench wraps what a filter has found in elements of its own.
 */
export function exactText(text: string): RegExp {
  return new RegExp(`^[\\s${icons}]*${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
}

/** What an element says, without icons. */
export function withoutIcons(text: string): string {
  return text.replace(new RegExp(`[${icons}]`, "g"), "").trim();
}
