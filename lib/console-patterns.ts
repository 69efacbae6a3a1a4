/** What the kernel of a guest can say about its own state. */
export interface ConsolePattern {
  /** One word, also the reason in a verdict. */
  readonly kind: "panic" | "oops" | "bug" | "hard-lockup" | "soft-lockup" | "oom" | "hung-task" | "rcu-stall" | "mount";
  /** fatal: nothing that the guest does after it can be trusted. warning: worth knowing, explains a hang. */
  readonly severity: "fatal" | "warning";
  /** Looked for in the message, behind the kernel's time stamp. */
  readonly pattern: RegExp;
  /** Messages that look alike and mean nothing bad. */
  readonly falseAlarms?: readonly RegExp[];
}

/**
 * In this order; the first that matches is meant. Texts as of Linux 6.1: kernel/panic.c, arch/x86/kernel/dumpstack.c,
 * arch/x86/mm/fault.c, kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/hung_task.c, mm/oom_kill.c, lib/bug.c.
 */
export const consolePatterns: readonly ConsolePattern[] = [
  { kind: "panic", severity: "fatal", pattern: /^Kernel panic - not syncing/ },
  { kind: "hard-lockup", severity: "fatal", pattern: /Watchdog detected hard LOCKUP on cpu/ },
  // A guest whose processors are emulated, or that shares a busy host, is often late without being stuck.
  { kind: "soft-lockup", severity: "warning", pattern: /BUG: (?:soft lockup - CPU#|workqueue lockup)/ },
  { kind: "oops", severity: "fatal", pattern: /^(?:.*: )?Oops: [0-9a-f]{4} \[#\d+\]/ },
  { kind: "oops", severity: "fatal", pattern: /^BUG: (?:kernel NULL pointer dereference|unable to handle)/ },
  {
    kind: "oops",
    severity: "fatal",
    pattern: /^(?:general protection fault|double fault|invalid opcode|divide error|stack segment|int3).*\[#\d+\]/,
  },
  { kind: "bug", severity: "fatal", pattern: /^kernel BUG at / },
  {
    kind: "bug",
    severity: "fatal",
    pattern: /^BUG: (?:KASAN|KFENCE|KCSAN|KMSAN|Bad page|stack guard page|sleeping function|scheduling while atomic)/,
  },
  {
    kind: "mount",
    severity: "fatal",
    pattern: /^VFS: Unable to mount root fs|^EXT4-fs error .*: Remounting filesystem read-only/,
  },
  {
    kind: "rcu-stall",
    severity: "warning",
    pattern: /^rcu: INFO: .*(?:self-detected stall|detected stalls|detected expedited stalls)/,
  },
  { kind: "hung-task", severity: "warning", pattern: /^INFO: task .+ blocked for more than \d+ seconds/ },
  {
    kind: "oom",
    severity: "warning",
    pattern: /^(?:Out of memory: Killed process|Out of memory and no killable|oom-kill:)/,
    // A container that reaches its own limit says nothing about the guest.
    falseAlarms: [/constraint=CONSTRAINT_MEMCG/],
  },
];

export interface ConsoleFinding {
  readonly kind: ConsolePattern["kind"];
  readonly severity: ConsolePattern["severity"];
  /** The line, as it came. */
  readonly line: string;
}

/** printk's time stamp and, where configured, its caller; another program's text may stand before it in the line. */
const kernelMessage = /\[ *\d+\.\d{6}\](?:\[ *[CT]\d+\])? (.*)$/;

/** What a line of the console says about the kernel, if anything. Only messages of the kernel itself count. */
export function findInConsole(line: string): ConsoleFinding | undefined {
  const message = kernelMessage.exec(line)?.[1];
  if (message === undefined) return undefined;
  const hit = consolePatterns.find(
    ({ pattern, falseAlarms = [] }) => pattern.test(message) && !falseAlarms.some((alarm) => alarm.test(message)),
  );
  return hit && { kind: hit.kind, severity: hit.severity, line };
}
