import { lineSplitter, sanitizeLine } from "../lib/sanitize";

/** Bytes of a guest, as lines that a terminal may see. */
export interface LinePrinter {
  write(chunk: Buffer): void;
  /** Shows a last line that has no end. */
  end(): void;
}

export function linePrinter(onLine: (line: string) => void): LinePrinter {
  const splitter = lineSplitter((line, omittedBytes) => {
    onLine(sanitizeLine(line, omittedBytes));
  });
  return {
    write: (chunk) => {
      splitter.push(chunk);
    },
    end: () => {
      splitter.end();
    },
  };
}
