import { inFile, type KeptSurvivor, why } from "./keptSurvivor.ts";

export const policySurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/config/effectiveValues.ts",
    ['if (settings.get("user")?.[0]?.line !== undefined) {', why.compilerOnly],
    ['const start = text.indexOf("=") + 1;', "no variable's name ends with a percent sign"],
    ["...(file !== undefined && { file }),", why.compilerOnly],
    ["...(line !== undefined && { line }),", why.compilerOnly],
  ),
  ...inFile(
    "src/config/hostPolicies.ts",
    ['return typeof value === "string" && parseForward(value) !== undefined;', why.compilerOnly],
    ["} catch {", why.sameResult],
    ['return entry.pattern.split(/[\\s,]+/).filter((pattern) => pattern !== "");', why.sameResult],
    [
      "if (value !== undefined && value !== null && matchPatterns(alias, entryPatterns(entry))) {",
      why.compilerOnly,
    ],
    [
      '...(layer === "workspaceFolder" && folder !== undefined && { folder: folder.name }),',
      why.compilerOnly,
    ],
  ),
  ...inFile("src/config/rekeyLimit.ts", [
    'const [, digits, unit = ""] = /^(\\d{1,15})([kmg]?)$/i.exec(amount) ?? [];',
    "only later elements are read",
  ]),
  ...inFile("src/config/settingValues.ts", [
    'typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum',
    why.compilerOnly,
  ]),
];
