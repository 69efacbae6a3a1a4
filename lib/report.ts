import type { RunResult, Step, TestCase } from "./run-result";
import { escapeXml } from "./xml-text";

export interface ReportParts {
  readonly result: RunResult;
  /** End of the log, made safe to show. */
  readonly logTail: readonly string[];
  /** Files of the evidence, relative to the report. */
  readonly files: readonly string[];
}

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
pre{background:#8881;padding:.8rem;overflow:auto;font-size:13px}table{border-collapse:collapse}td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}
.pass{color:#080}.fail,.timeout{color:#c00}.infra,.cancelled{color:#a50}:root{color-scheme:light dark}`;

const section = (title: string, body: string) => (body ? `<h2>${title}</h2>\n${body}\n` : "");
const block = (lines: readonly string[]) => (lines.length > 0 ? `<pre>${escapeXml(lines.join("\n"))}</pre>` : "");
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const row = (...cells: readonly string[]) => `<tr>${cells.map((cell) => `<td>${escapeXml(cell)}</td>`).join("")}</tr>`;
const table = (rows: readonly string[]) => (rows.length > 0 ? `<table>${rows.join("\n")}</table>` : "");

function stepRow({ name, directory = "", startedAt, endedAt, exitCode, skipped }: Step): string {
  const outcome = skipped ? `skipped: ${skipped}` : exitCode === undefined ? "did not end" : `exit code ${exitCode}`;
  return row(name, directory, outcome, endedAt === undefined ? "" : seconds(endedAt - startedAt));
}

const failedCase = ({ suite, name, message = "" }: TestCase) =>
  `<h3>${escapeXml(`${suite}: ${name}`)}</h3>\n${block(message.split("\n"))}`;

const link = (file: string) =>
  `<li><a href="${escapeXml(file.split("/").map(encodeURIComponent).join("/"))}">${escapeXml(file)}</a></li>`;

const shownFailures = 100;

/** One page about a run that needs nothing else: no script, no font, no style from elsewhere. All text is escaped. */
export function reportHtml({ result, logTail, files }: ReportParts): string {
  const { stack, runId, attempt, machine, verdict, reason, message, startedAt, finishedAt } = result;
  const where = machine ? `machine ${machine.id}, image ${machine.imageVersion}, ${machine.accelerator}` : "";
  const failures = result.cases.filter((one) => one.outcome === "failed");
  const count = (outcome: TestCase["outcome"]) => result.cases.filter((one) => one.outcome === outcome).length;
  const origin = Math.min(...result.spans.map((span) => span.startMs));
  const spans = result.spans.map(({ name, startMs, endMs }) =>
    row(name, `from ${seconds(startMs - origin)}`, seconds(endMs - startMs)),
  );
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(`${stack}: ${verdict}`)}</title><style>${style}</style></head><body>
<h1>${escapeXml(stack)}: <span class="${verdict}">${verdict}</span></h1>
<p><strong>${escapeXml(message)}</strong></p>
<p>${escapeXml(`reason ${reason}, run ${runId}.${attempt}, ${startedAt} to ${finishedAt}`)}<br>
${escapeXml(where)}<br>
${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped</p>
${section("Warnings", block(result.warnings))}
${section("Failed tests", failures.slice(0, shownFailures).map(failedCase).join("\n"))}
${failures.length > shownFailures ? `<p>${failures.length - shownFailures} more in junit.xml</p>` : ""}
${section("Steps", table(result.steps.map(stepRow)))}
${section("Console", block(result.consoleExcerpt))}
${section("End of the log", block(logTail))}
${section("Where the time went", table(spans))}
${section("Files", files.length > 0 ? `<ul>${files.map(link).join("\n")}</ul>` : "")}
</body></html>
`;
}
