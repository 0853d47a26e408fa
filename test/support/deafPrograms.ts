import type { OscListener } from "../../src/terminal/oscFilter.ts";

/** A terminal that does nothing of what programs ask for beside their output. */
export const deafPrograms: OscListener = {
  title() {},
  clipboardLimit: () => 1000,
  copy() {},
  tooMuchToCopy() {},
};
