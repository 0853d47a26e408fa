import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import type { MutantResult } from "@stryker-mutator/api/core";

export interface Score {
  readonly part: string;
  readonly found: number;
  readonly survived: number;
}

/** A mutant that ends in an endless loop is found too. One that no test reaches has survived. */
export function score(part: string, mutants: readonly MutantResult[]): Score {
  const count = (...statuses: readonly MutantResult["status"][]) =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  return { part, found: count("Killed", "Timeout"), survived: count("Survived", "NoCoverage") };
}

function row({ part, found, survived }: Score): string {
  const percent = found + survived === 0 ? 100 : (100 * found) / (found + survived);
  return `| ${part} | ${found + survived} | ${survived} | ${percent.toFixed(1)} % |`;
}

export function scoreTable(scores: readonly Score[]): string {
  const sum = (key: "found" | "survived") => scores.reduce((total, { [key]: count }) => total + count, 0);
  const all: Score = { part: "all", found: sum("found"), survived: sum("survived") };
  const head = ["| Part | Mutants | Survivors | Score |", "| --- | --- | --- | --- |"];
  return [...head, ...[...scores, all].map(row)].join("\n");
}

/** One line for each survivor: where it is, what stood there, and what no test has noticed. */
export async function survivorList(mutants: readonly MutantResult[]): Promise<string> {
  const lines: string[] = [];
  const sources = new Map<string, readonly string[]>();
  for (const { fileName, location, mutatorName, replacement, status } of mutants) {
    if (status === "Survived" || status === "NoCoverage") {
      const source = sources.get(fileName) ?? (await readFile(fileName, "utf8")).split("\n");
      sources.set(fileName, source);
      const { start, end } = location;
      const original = source.slice(start.line - 1, end.line);
      original[original.length - 1] = original.at(-1)?.slice(0, end.column - 1) ?? "";
      original[0] = original[0]?.slice(start.column - 1) ?? "";
      const shown = (text: string) => text.replace(/\s+/g, " ").slice(0, 160);
      const place = `${relative(process.cwd(), fileName)}:${start.line}:${start.column}`;
      lines.push(
        `${place} ${status} ${mutatorName}: ${shown(original.join("\n"))}  =>  ${shown(replacement ?? "")}`,
      );
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}
