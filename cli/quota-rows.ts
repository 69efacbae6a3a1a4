import type { QuotaFigure } from "../components/backends/facets";
import { table } from "./table";

/** Pure: whether one more machine fits below the limit. */
export const fits = ({ used, limit, needed }: QuotaFigure): boolean => used + needed <= limit;

/** `needs 4 vCPU of standardDSv5Family in westus2, 46 of 48 used`. Pure. */
export const quotaText = ({ name, region, unit, used, limit, needed }: QuotaFigure): string =>
  `needs ${needed} ${unit} of ${name} in ${region}, ${used} of ${limit} used`;

/** The lines of `kmvm quota`. Pure. */
export function quotaLines(figures: readonly QuotaFigure[]): string[] {
  return table([
    ["NAME", "REGION", "UNIT", "USED", "LIMIT", "NEEDED", "NOTE"],
    ...figures.map((figure) => [
      figure.name,
      figure.region,
      figure.unit,
      String(figure.used),
      String(figure.limit),
      String(figure.needed),
      fits(figure) ? "" : "does not fit",
    ]),
  ]);
}
