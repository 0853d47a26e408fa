import type { OscListener } from "../../src/terminal/oscFilter.ts";

/** A terminal that ignores all requests of programs besides their output. */
export const deafPrograms: OscListener = {
  title() {},
  clipboardLimit: () => 1000,
  copy() {},
  tooMuchToCopy() {},
};
