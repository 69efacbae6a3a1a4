/** How the cells of a fault table came out; printed as Markdown. */
export class FaultTable {
  private readonly cells = new Map<string, Map<string, string>>();

  constructor(private readonly columns: readonly string[]) {}

  set(row: string, column: string, text: string): void {
    const cells = this.cells.get(row) ?? new Map<string, string>();
    this.cells.set(row, cells.set(column, text));
  }

  /** Cells that were not tried are empty. */
  text(): string {
    const lines = [...this.cells].map(([row, cells]) => [
      row,
      ...this.columns.map((column) => cells.get(column) ?? ""),
    ]);
    const all = [["", ...this.columns], ["---", ...this.columns.map(() => "---")], ...lines];
    return all.map((words) => `| ${words.join(" | ")} |`).join("\n");
  }
}
