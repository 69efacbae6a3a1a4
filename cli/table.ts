/** Rows as text in columns; the first row is the heading. Empty columns are left out. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const [heading = [], ...data] = rows;
  const used = heading.map((_, column) => data.some((row) => row[column] !== ""));
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .flatMap((cell, column) => (used[column] ? [cell.padEnd(widths[column] ?? 0)] : []))
      .join("  ")
      .trimEnd(),
  );
}

const units = [
  ["d", 24 * 3600],
  ["h", 3600],
  ["min", 60],
] as const;

/** `3 d`, `5 h`, `12 min`, `40 s`: the largest unit of which there are two or more, rounded down. */
export function shortTime(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  const [name, size] = units.find(([, unit]) => seconds >= 2 * unit) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${name}`;
}
