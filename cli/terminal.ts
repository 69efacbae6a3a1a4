import { createColors } from "picocolors";

/**
 * What a person sees. Data goes to standard output; everything about the work goes to standard error, so that `--json`
 * can be piped.
 */
export interface Terminal {
  readonly colors: ReturnType<typeof createColors>;
  /** A line about the work: `image    L0-base 20261124.1`. */
  step(label: string, text: string): void;
  /** A line that the next one replaces; shown on a terminal only. */
  status(text: string): void;
  warn(text: string): void;
  /** A plain line about the work. */
  line(text: string): void;
  /** A line of data. */
  print(text: string): void;
}

const labelWidth = 9;
const eraseLine = "\r\u001b[2K";

export function terminal(out = process.stdout, err = process.stderr): Terminal {
  const interactive = err.isTTY && !process.env["CI"];
  const colors = createColors(err.isTTY && !process.env["NO_COLOR"]);
  let pending = false;
  const write = (text: string) => {
    err.write(`${pending ? eraseLine : ""}${text}\n`);
    pending = false;
  };
  return {
    colors,
    step: (label, text) => {
      write(`  ${colors.dim(label.padEnd(labelWidth))} ${text}`);
    },
    status: (text) => {
      if (!interactive) return;
      err.write(`${eraseLine}  ${colors.dim(text.slice(0, (err.columns || 80) - 4))}`);
      pending = true;
    },
    warn: (text) => {
      write(`  ${colors.yellow("warning".padEnd(labelWidth))} ${text}`);
    },
    line: write,
    print: (text) => {
      if (pending) err.write(eraseLine);
      pending = false;
      out.write(`${text}\n`);
    },
  };
}
