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

/** The kinds of reasons that apply to several survivors. */
export const why = {
  compilerOnly: "only the compiler needs it: the value is always there",
  twoGuards: "two checks guard this, and either is enough",
  missing: "a message that lacks this field lacks what is checked beside it, too",
  cost: "it costs time or memory, and changes no result",
  log: "a line of the log",
  sameResult: "both forms do the same",
  wording: "only the words of a message differ",
  once: "a signal fires once",
} as const;
