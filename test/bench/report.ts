import { barIsMet, type Row, ratioOf } from "./benchmark.ts";

/** The rows as an aligned table for reading. */
export function tableText(rows: readonly Row[]): string {
  const head = ["", "unit", "ours", "peer", "ratio", "bar"];
  const body = rows.map((row) => [
    row.name,
    row.unit,
    figure(row.ours),
    figure(row.peer),
    ratioOf(row)?.toFixed(2) ?? "",
    barText(row),
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === 5 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

/** The rows as written by `--json`: `ours / peer` is `ratio`; null without a peer. */
export function jsonText(rows: readonly Row[]): string {
  const plain = rows.map((row) => ({
    name: row.name,
    unit: row.unit,
    ours: rounded(row.ours),
    peer: row.peer === undefined ? null : rounded(row.peer),
    ratio: rounded(ratioOf(row)) ?? null,
  }));
  return `${JSON.stringify(plain, undefined, 2)}\n`;
}

function barText(row: Row): string {
  const met = barIsMet(row);
  if (row.bar === undefined || met === undefined) {
    return "";
  }
  const sign = row.bar.least === true ? "≥" : "≤";
  const times = row.bar.of === "ratio" ? "x" : ` ${row.unit}`;
  return `${sign} ${row.bar.value}${times} ${met ? "met" : "MISSED"}`;
}

function figure(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0);
}

function rounded(value: number): number;
function rounded(value: number | undefined): number | undefined;
function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(4));
}
