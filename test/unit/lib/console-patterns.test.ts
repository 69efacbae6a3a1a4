import { describe, expect, test } from "@jest/globals";
import { findInConsole } from "../../../lib/console-patterns";

describe("the kernel's own words on the console", () => {
  test.each([
    ["panic", "fatal", "[   12.345678] Kernel panic - not syncing: sysrq triggered crash"],
    ["panic", "fatal", "[    1.902134] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009"],
    ["panic", "fatal", "km-hello login: [   99.000001] Kernel panic - not syncing: Fatal exception in interrupt"],
    ["panic", "fatal", "[   12.345678][  T123] Kernel panic - not syncing: hung_task: blocked tasks"],
    ["oops", "fatal", "[   40.118823] BUG: kernel NULL pointer dereference, address: 0000000000000000"],
    ["oops", "fatal", "[   40.118823] BUG: unable to handle page fault for address: ffffa1b2c3d4e5f6"],
    ["oops", "fatal", "[   40.121500] Oops: 0002 [#1] PREEMPT SMP NOPTI"],
    [
      "oops",
      "fatal",
      "[   40.121500] general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP",
    ],
    ["oops", "fatal", "[   40.121500] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI"],
    ["bug", "fatal", "[   41.000000] kernel BUG at mm/slub.c:379!"],
    ["bug", "fatal", "[   41.000000] BUG: KASAN: use-after-free in kkm_run+0x12/0x40 [kkm]"],
    ["bug", "fatal", "[   41.000000] BUG: scheduling while atomic: km/812/0x00000002"],
    ["hard-lockup", "fatal", "[   70.500000] watchdog: Watchdog detected hard LOCKUP on cpu 1"],
    ["hard-lockup", "fatal", "[   70.500000] NMI watchdog: Watchdog detected hard LOCKUP on cpu 0"],
    ["soft-lockup", "warning", "[   64.012345] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [km:812]"],
    [
      "soft-lockup",
      "warning",
      "[   64.012345] BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 33s!",
    ],
    ["rcu-stall", "warning", "[   81.700000] rcu: INFO: rcu_preempt self-detected stall on CPU"],
    ["rcu-stall", "warning", "[   81.700000] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:"],
    ["hung-task", "warning", "[  242.800000] INFO: task kworker/u4:2:58 blocked for more than 120 seconds."],
    [
      "oom",
      "warning",
      "[  150.000000] Out of memory: Killed process 922 (stress) total-vm:2097152kB, anon-rss:1048576kB",
    ],
    ["mount", "fatal", "[    2.000000] VFS: Unable to mount root fs on unknown-block(0,0)"],
  ])("%s, %s: %s", (kind, severity, line) => {
    expect(findInConsole(line)).toEqual({ kind, severity, line });
  });

  test.each([
    ["the kernel's command line", "[    0.000000] Kernel command line: root=/dev/nvme0n1p2 panic=-1 oops=panic"],
    ["a watchdog that starts", "[    0.400000] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter."],
    ["settings of RCU", "[    0.030000] rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies."],
    ["a container at its own limit", "[  150.0] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=docker-1"],
    ["a container at its own limit", "[  150.000000] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=stress"],
    ["a container's process", "[  150.000000] Memory cgroup out of memory: Killed process 922 (stress)"],
    ["a test that prints such words", "Kernel panic - not syncing: printed by a test"],
    ["a unit's name", "[   10.000000] systemd[1]: Starting kerneloops.service - Kernel panic - not syncing test..."],
    ["debug information", "[    5.000000] DEBUG: kernel NULL pointer tests are off"],
    ["a crash of a program", "[   33.000000] km[812]: segfault at 0 ip 0000000000401136 sp 00007ffd error 4 in km"],
    ["an empty line", ""],
  ])("no alarm: %s", (_what, line) => {
    expect(findInConsole(line)).toBeUndefined();
  });
});
