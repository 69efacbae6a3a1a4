#!/bin/bash
# The guest's own hypervisor device.
set -euo pipefail

# On Hyper-V, so in Azure, KVM would take a shortcut with which KM's guests fail; KM's tests refuse to run with it.
# https://github.com/kontainapp/km/issues/1600
echo 'options kvm_intel enlightened_vmcs=N' >/etc/modprobe.d/kmvm-kvm.conf

# An emulated guest can hang when a test makes its first virtual machine or ends its last one.
#
# The kernel then patches its scheduler (the static key preempt_notifier_key). QEMU before 8.1 translates code without
# locking its page: what one emulated processor translates while another patches it keeps the old instruction for ever,
# here the breakpoint that patching puts in for a moment. A thousand machines made and ended, one after the other, hung
# such a guest in two of three tries. While one machine is in being, nothing is patched; and while that one is made, no
# other processor translates anything.
mkdir -p /usr/lib/kmvm
cat >/tmp/hold-kvm.c <<'END'
// Keeps one empty virtual machine of KVM in being, where processors are emulated. It is made, and ended, while every other
// processor spins in a program of its own, ahead of all others: none of them is in the scheduler, which is being patched.
// Usage: hold-kvm [TIMES] makes and ends it so often before it is kept, and says then that it is.
#define _GNU_SOURCE
#include <cpuid.h>
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static atomic_int spinning, over;

// QEMU's emulator names itself in the processor; what the firmware says, systemd-detect-virt(1), is what the machine plays.
static int emulated(void) {
  uint32_t most, name[3];
  __cpuid(0x40000000, most, name[0], name[1], name[2]);
  return !memcmp(name, "TCGTCGTCGTCG", sizeof name);
}

static void run_on(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  if (sched_setaffinity(0, sizeof set, &set)) err(1, "processor %d", processor);
}

static void *spin(void *processor) {
  run_on((intptr_t)processor);
  spinning++;
  while (!over) continue;
  return NULL;
}

static void set_policy(int policy, int priority) {
  if (sched_setscheduler(0, policy, &(struct sched_param){.sched_priority = priority})) err(1, "scheduling policy");
}

static int make_machine(int kvm) {
  int machine = ioctl(kvm, KVM_CREATE_VM, 0);
  if (machine < 0) err(1, "KVM_CREATE_VM");
  return machine;
}

// On the first processor: making a machine waits for work of the kernel there. Where a program spins on that one, ahead of
// the kernel, it would be let in only for the rest of each second, and all others with it: just when the patching begins.
static int alone(int (*act)(int), int file) {
  cpu_set_t all;
  pthread_t spinners[CPU_SETSIZE];
  int count = 0, here = 0;
  if (sched_getaffinity(0, sizeof all, &all)) err(1, "processors");
  spinning = over = 0;
  run_on(here);
  set_policy(SCHED_FIFO, 50);
  for (int processor = 0; processor < CPU_SETSIZE; processor++)
    if (processor != here && CPU_ISSET(processor, &all) &&
        pthread_create(&spinners[count++], NULL, spin, (void *)(intptr_t)processor))
      errx(1, "no thread for processor %d", processor);
  while (spinning < count) usleep(1000);
  int result = act(file);
  over = 1;
  while (count > 0) pthread_join(spinners[--count], NULL);
  set_policy(SCHED_OTHER, 0);
  sched_setaffinity(0, sizeof all, &all);
  return result;
}

int main(int count, char **arguments) {
  if (!emulated()) {
    puts("not emulated: nothing to do");
    return 0;
  }
  sigset_t end;
  int signal, kvm = open("/dev/kvm", O_RDWR);
  if (kvm < 0) err(1, "/dev/kvm");
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, NULL);
  for (int left = count > 1 ? atoi(arguments[1]) : 0; left > 0; left--) alone(close, alone(make_machine, kvm));
  int machine = alone(make_machine, kvm);
  puts("held");
  fflush(stdout);
  sigwait(&end, &signal);
  return alone(close, machine);
}
END
gcc -O2 -static -pthread -Wall -Werror -o /usr/lib/kmvm/hold-kvm /tmp/hold-kvm.c
rm /tmp/hold-kvm.c

cat >/etc/systemd/system/kmvm-hold-kvm.service <<'END'
[Unit]
Description=One Virtual Machine, so that the Scheduler of an Emulated Guest is not Patched

[Service]
# Beside scripts/guest/warm/door, which stops all other groups: KVM's own thread joins the group of who made the machine,
# and is not one that can be stopped.
Slice=kmvmdoor.slice
ExecStart=/usr/lib/kmvm/hold-kvm
END
echo 'SUBSYSTEM=="misc", KERNEL=="kvm", TAG+="systemd", ENV{SYSTEMD_WANTS}+="kmvm-hold-kvm.service"' \
  >/etc/udev/rules.d/80-kmvm-hold-kvm.rules
