import { compilerOnly, inFile, type KeptSurvivor, sameResult } from "./keptSurvivor.ts";

export const policySurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/config/effectiveValues.ts",
    ['if (settings.get("user")?.[0]?.line !== undefined) {', compilerOnly],
    ['const start = text.indexOf("=") + 1;', "no variable's name ends with a percent sign"],
    ["...(file !== undefined && { file }),", compilerOnly],
    ["...(line !== undefined && { line }),", compilerOnly],
  ),
  ...inFile(
    "src/config/hostPolicies.ts",
    ['return typeof value === "string" && parseForward(value) !== undefined;', compilerOnly],
    ["} catch {", sameResult],
    ['return entry.pattern.split(/[\\s,]+/).filter((pattern) => pattern !== "");', sameResult],
    [
      "if (value !== undefined && value !== null && matchPatterns(alias, entryPatterns(entry))) {",
      compilerOnly,
    ],
    ['...(layer === "workspaceFolder" && folder !== undefined && { folder: folder.name }),', compilerOnly],
  ),
  ...inFile("src/config/rekeyLimit.ts", [
    'const [, digits, unit = ""] = /^(\\d{1,15})([kmg]?)$/i.exec(amount) ?? [];',
    "only later elements are read",
  ]),
  ...inFile("src/config/settingValues.ts", [
    'typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum',
    compilerOnly,
  ]),
];
