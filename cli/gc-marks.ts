import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Finding } from "./gc-plan";

/** Key of a finding -> when it was first seen, milliseconds. */
export type Marks = Readonly<Record<string, number>>;

/** What was marked less than this ago may be something that has just begun. */
const ripeMs = 60_000;

/**
 * Pure: which findings may be removed at this pass: those that an earlier pass saw already. What is no longer found is
 * forgotten.
 */
export function sortByMark(
  findings: readonly Finding[],
  marks: Marks,
  now: number,
): { due: Finding[]; marked: Finding[]; marks: Marks } {
  const kept = Object.fromEntries(findings.map(({ key }) => [key, marks[key] ?? now]));
  const isDue = ({ key }: Finding) => now - (kept[key] ?? now) >= ripeMs;
  return { due: findings.filter(isDue), marked: findings.filter((one) => !isDue(one)), marks: kept };
}

const fileOf = (root: string) => join(root, ".kmvm", "gc-marks.json");

/** Nothing is marked where the file is missing or was not written whole. */
export function readMarks(root: string): Marks {
  try {
    return z.record(z.string(), z.number()).parse(JSON.parse(readFileSync(fileOf(root), "utf8")));
  } catch {
    return {};
  }
}

export function writeMarks(root: string, marks: Marks): void {
  const file = fileOf(root);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(marks));
  renameSync(`${file}.${process.pid}`, file);
}
