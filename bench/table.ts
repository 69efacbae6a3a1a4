import type { Figure } from "./statistics";

const shown = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

function verdictOf({ median, limit }: Figure): string {
  if (limit === undefined) return "";
  return median <= limit ? "ok" : "MISSED";
}

/** The figures as text, one a line, the columns aligned. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.id,
    figure.what,
    shown(figure.median),
    figure.unit,
    figure.limit === undefined ? "" : `<= ${shown(figure.limit)}`,
    verdictOf(figure),
    `${shown(Math.min(...figure.runs))} to ${shown(Math.max(...figure.runs))}, n=${figure.runs.length}`,
  ]);
  const all = [["id", "what", "median", "unit", "limit", "", "range"], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
