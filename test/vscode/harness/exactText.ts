/** Icons are characters of a private range (Unicode's Private Use Area) before the text. */
const icons = "\\uE000-\\uF8FF";

/**
 * Matches an element whose whole text is `text`, ignoring an icon. Playwright's `:text-is` does not work here: it
 * needs the innermost element, and the workbench wraps filter matches in separate elements.
 */
export function exactText(text: string): RegExp {
  return new RegExp(`^[\\s${icons}]*${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
}

/** An element's text without icons. */
export function withoutIcons(text: string): string {
  return text.replace(new RegExp(`[${icons}]`, "g"), "").trim();
}
