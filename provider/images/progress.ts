/** What a caller can pass to everything that takes time. */
export interface Progress {
  /** One line of progress for a person. */
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Seconds that the phases of a build took on a machine with two cores: the estimate where there is no earlier build. */
export const usualSeconds: Readonly<Record<string, number>> = {
  "package lists": 3,
  "essential packages": 8,
  packages: 45,
  scripts: 20,
  disk: 12,
  "seal and checksums": 6,
};

/** Measures phases that follow one another, and says what begins and how long it will take. */
export class Phases {
  readonly seconds: Record<string, number> = {};
  private current: { name: string; startedAt: number } | undefined;

  constructor(
    private readonly log: ((line: string) => void) | undefined,
    private readonly estimates: Readonly<Record<string, number>>,
    private readonly now: () => number = Date.now,
  ) {}

  begin(name: string): void {
    if (this.current?.name === name) return;
    this.end();
    this.current = { name, startedAt: this.now() };
    const names = Object.keys(this.estimates);
    const rest = names
      .slice(Math.max(0, names.indexOf(name)))
      .reduce((sum, key) => sum + (this.estimates[key] ?? 0), 0);
    this.log?.(`${name} (${this.total()} s so far, about ${Math.round(rest)} s to go)`);
  }

  end(): void {
    if (!this.current) return;
    const { name, startedAt } = this.current;
    this.seconds[name] = Math.round((this.seconds[name] ?? 0) * 10 + (this.now() - startedAt) / 100) / 10;
    this.current = undefined;
  }

  /** Whole seconds of the phases that are over. */
  total(): number {
    return Math.round(Object.values(this.seconds).reduce((sum, value) => sum + value, 0));
  }
}
