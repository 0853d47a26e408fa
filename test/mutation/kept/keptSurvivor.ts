/** A survivor that stays, and the reason. It applies to every mutant that begins on this line of this file. */
export interface KeptSurvivor {
  readonly file: string;
  /** The whole line, without its indentation. */
  readonly line: string;
  readonly reason: string;
}

/** `[line, reason]` for each. */
export function inFile(
  file: string,
  ...kept: readonly (readonly [string, string])[]
): readonly KeptSurvivor[] {
  return kept.map(([line, reason]) => ({ file, line, reason }));
}

export const compilerOnly = "only the compiler needs it: the value is always there";
export const twoGuards = "two checks guard this, and either is enough";
export const missing = "a message that lacks this field lacks what is checked beside it, too";
export const cost = "it costs time or memory, and changes no result";
export const log = "a line of the log";
export const sameResult = "both forms do the same";
export const wording = "only the words of a message differ";
export const once = "a signal fires once";
