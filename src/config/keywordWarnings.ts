import type { ConfigEnvironment } from "./configEnvironment.ts";
import type { EffectiveValues } from "./effectiveValues.ts";
import type { Evaluation } from "./evaluationTypes.ts";
import type { ConfigWarning, ValueSource } from "./hostConfig.ts";
import { keywordNames, keywordTable } from "./keywordTable.ts";

/** What the files ask for and this extension does not do, in the order of the table. */
export function keywordWarnings(
  values: EffectiveValues,
  { settings }: Evaluation,
  { systemFolder }: ConfigEnvironment,
  sourceOf: (keyword: string) => ValueSource,
): readonly ConfigWarning[] {
  return keywordNames.flatMap((keyword): readonly ConfigWarning[] => {
    const { standing, asksNothing } = keywordTable[keyword];
    const source = sourceOf(keyword);
    if (standing !== "not-honoured" || source.kind !== "sshConfig") {
      return [];
    }
    const { file, line } = source;
    const written = file === undefined ? values.get(keyword) : settings.get(keyword)?.[0]?.values;
    const value = written?.join(" ") ?? "";
    return asksNothing?.test(value) === true
      ? []
      : [
          {
            ...{
              kind: "keyword",
              keyword,
              value,
              ...(file !== undefined && { file }),
              ...(line !== undefined && { line }),
            },
            isSystemWide: [`${systemFolder}/`, `${systemFolder}\\`].some((folder) =>
              file?.startsWith(folder),
            ),
          },
        ];
  });
}
