import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import type { MutantResult } from "@stryker-mutator/api/core";
import type { KeptSurvivor } from "./kept/keptSurvivor.ts";

export interface Score {
  readonly part: string;
  readonly found: number;
  readonly survived: number;
  /** Survivors that `keptSurvivors.ts` does not mention. */
  readonly unexplained: number;
}

export interface Survivor {
  /** From the root of the repository. */
  readonly file: string;
  readonly place: string;
  /** The line on which it begins, without its indentation. */
  readonly line: string;
  /** What was broken, without any test noticing. */
  readonly change: string;
  readonly reason: string | undefined;
}

/** A mutant that causes an endless loop counts as found. One that no test reaches has survived. */
export function score(part: string, mutants: readonly MutantResult[], survivors: readonly Survivor[]): Score {
  const found = mutants.filter(({ status }) => status === "Killed" || status === "Timeout").length;
  const unexplained = survivors.filter(({ reason }) => reason === undefined).length;
  return { part, found, survived: survivors.length, unexplained };
}

function row({ part, found, survived, unexplained }: Score): string {
  const percent = found + survived === 0 ? 100 : (100 * found) / (found + survived);
  return `| ${part} | ${found + survived} | ${survived} | ${unexplained} | ${percent.toFixed(1)} % |`;
}

export function scoreTable(scores: readonly Score[]): string {
  const sum = (key: "found" | "survived" | "unexplained") =>
    scores.reduce((total, { [key]: count }) => total + count, 0);
  const all = {
    part: "all",
    found: sum("found"),
    survived: sum("survived"),
    unexplained: sum("unexplained"),
  };
  const head = [
    "| Part | Mutants | Survivors | Without a reason | Score |",
    "| --- | --- | --- | --- | --- |",
  ];
  return [...head, ...[...scores, all].map(row)].join("\n");
}

export async function survivorsOf(
  mutants: readonly MutantResult[],
  kept: readonly KeptSurvivor[],
): Promise<readonly Survivor[]> {
  const survivors: Survivor[] = [];
  const sources = new Map<string, readonly string[]>();
  for (const { fileName, location, mutatorName, replacement, status } of mutants) {
    if (status === "Survived" || status === "NoCoverage") {
      const source = sources.get(fileName) ?? (await readFile(fileName, "utf8")).split("\n");
      sources.set(fileName, source);
      const { start, end } = location;
      const original = source.slice(start.line - 1, end.line);
      const line = original[0]?.trim() ?? "";
      original[original.length - 1] = original.at(-1)?.slice(0, end.column - 1) ?? "";
      original[0] = original[0]?.slice(start.column - 1) ?? "";
      const shown = (text: string) => text.replace(/\s+/g, " ").slice(0, 160);
      const file = relative(process.cwd(), fileName);
      survivors.push({
        file,
        place: `${file}:${start.line}:${start.column}`,
        line,
        change: `${status} ${mutatorName}: ${shown(original.join("\n"))}  =>  ${shown(replacement ?? "")}`,
        reason: kept.find((one) => file === one.file && line === one.line)?.reason,
      });
    }
  }
  return survivors;
}

/** The lines of the measured files that have a reason, and no survivor. */
export function unusedReasons(
  survivors: readonly Survivor[],
  mutants: readonly MutantResult[],
  kept: readonly KeptSurvivor[],
): readonly string[] {
  const measured = new Set(mutants.map(({ fileName }) => relative(process.cwd(), fileName)));
  return kept
    .filter(({ file }) => measured.has(file))
    .filter((one) => !survivors.some(({ file, line }) => file === one.file && line === one.line))
    .map(({ file, line }) => `${file}: ${line}`);
}

/** One line for each survivor; first those without a reason. */
export function survivorList(survivors: readonly Survivor[]): string {
  const open = survivors.filter(({ reason }) => reason === undefined);
  const explained = survivors.filter(({ reason }) => reason !== undefined);
  const shown = [...open, ...explained].map(
    ({ place, change, reason }) => `${place} ${change}${reason === undefined ? "" : `  (${reason})`}\n`,
  );
  return shown.join("");
}
